"""`lustrum catalog`: what the catalog holds, with sources, and what is weak in it."""
import shutil
import unittest

from binary import BAD_INPUT, FINE, HOME, Case, lustrum

CHECK_FAILED = 1


class Catalog(Case):
    def test_list_names_every_entry_of_every_file(self):
        listed = lustrum("catalog", "list")
        self.assertEqual((listed.code, listed.err), (FINE, ""))
        for file in (HOME / "models/catalog").glob("*.yaml"):
            self.assertIn(f"({file.name})", listed.out)
            for line in file.read_text().splitlines():
                if line and line[0].isalnum():
                    self.assertIn(f"\n  {line.split(':')[0]} ", listed.out)
        self.assertIn("  us-east-1, 2025-05 ", listed.out)

    def test_show_prints_each_figure_with_its_source(self):
        shown = lustrum("catalog", "show", "fsx_scratch_2")
        self.assertEqual((shown.code, shown.err), (FINE, ""))
        self.assertIn("  network.per_tib = 200 MiB/s\n"
                      "      vendor, 2026-08: FSx for Lustre guide, performance of SSD storage\n", shown.out)
        self.assertIn("  us-east-1, 2026-07-28: fsx_scratch_2, capacity = 0.14 USD/GB-month\n", shown.out)
        # What the product does not have is no figure of it.
        self.assertNotIn("lnet.efa.latency", shown.out)

    def test_show_prints_old_prices_too(self):
        shown = lustrum("catalog", "show", "p4d.24xlarge").out
        self.assertLess(shown.index("21.957642 USD/h"), shown.index("32.7726 USD/h"))

    def test_show_of_nothing(self):
        self.assert_rejected(lustrum("catalog", "show", "fsx_scratch_3"),
                             "error: the catalog has no entry `fsx_scratch_3`: did you mean `fsx_scratch_2`?", "known: ")

    def test_check_finds_what_is_old(self):
        young = lustrum("catalog", "check", "--older-than", "36500", "--today", "2026-11-21")
        self.assertEqual((young.code, young.err), (FINE, ""))
        self.assertIn("figures from before 1926-12-16: 0\n", young.out)
        old = lustrum("catalog", "check", "--older-than", "365", "--today", "2026-11-21")
        self.assertEqual(old.code, CHECK_FAILED)
        self.assertIn("figures from before 2025-11-21: ", old.out)
        self.assertIn("  us-east-1, 2025-05: p4d.24xlarge, node = 32.7726 USD/h\n      vendor, 2025-05: ", old.out)

    def test_check_finds_what_is_assumed_or_weak(self):
        found = lustrum("catalog", "check")
        self.assertEqual(found.code, FINE)
        weak = found.out.split("figures that are assumed")[0]
        self.assertIn("fsx_persistent_2_500, capacity = 0.34 USD/GB-month", weak)
        self.assertIn("fsx_scratch_2, oss.cores = 16\n      assumed, ", found.out)
        self.assertEqual(lustrum("catalog", "check", "--strict").code, CHECK_FAILED)

    def test_wrong_values(self):
        self.assert_rejected(lustrum("catalog", "check", "--older-than", "-1"), "--older-than", "-1")
        self.assert_rejected(lustrum("catalog", "check", "--older-than", "9", "--today", "2026-13-01"), "--today")
        self.assert_rejected(lustrum("catalog", "check", "--older-than", "9", "--today", "2026-02"), "--today")

    def test_a_figure_without_source_is_rejected(self):
        shutil.copytree(HOME / "models/catalog", self.folder / "models/catalog")
        prices = self.folder / "models/catalog/prices/on_premises.yaml"
        prices.write_text(prices.read_text().replace("hgx_a100: {node:", "new: {node: 3 USD/h}\n  hgx_a100: {node:"))
        outcome = lustrum("catalog", "list", LUSTRUM_HOME=str(self.folder))
        self.assert_rejected(outcome, "error[E112]: figure `products.new.node` has no `source`", code=BAD_INPUT)


if __name__ == "__main__":
    unittest.main()
