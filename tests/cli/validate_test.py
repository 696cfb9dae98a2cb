"""`lustrum validate`: measured beside predicted; and that every scenario of configs/field is well formed."""
import json
import shutil
import unittest

from binary import FINE, HOME, Case, lustrum

CHECK_FAILED = 1
CHEAPEST = "fsx_dd"


class Validate(Case):
    def home_with(self, **files):
        """A folder like the repository with these scenarios in configs/field."""
        shutil.copytree(HOME / "models/catalog", self.folder / "models/catalog")
        field = self.folder / "configs/field"
        field.mkdir(parents=True)
        for name, text in files.items():
            (field / f"{name}.yaml").write_text(text)
        return str(self.folder)

    def changed(self, old, new):
        text = (HOME / f"configs/field/{CHEAPEST}.yaml").read_text()
        self.assertIn(old, text)
        return text.replace(old, new)

    def test_table(self):
        outcome = lustrum("validate", "--set", "field", "--only", CHEAPEST)
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        self.assertRegex(outcome.out, r"measured +predicted +difference +verdict\n")
        self.assertRegex(outcome.out, r"\n  write +[\d.]+ MiB/s +[\d.]+ MiB/s +[+-]?[\d.]+ % +\w")
        self.assertRegex(outcome.out, r"\n2 rows: \d ok, \d fitted, misses: \d explained, \d not\n")

    def test_json(self):
        outcome = lustrum("validate", "--set", "field", "--only", CHEAPEST, "--json")
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        document = json.loads(outcome.out)
        self.assertEqual([row["row"] for row in document["rows"]], ["write", "read"])
        for row in document["rows"]:
            self.assertEqual((row["scenario"], row["unit"]), (CHEAPEST, "MiB/s"))
            self.assertAlmostEqual(row["difference_pct"], 100 * (row["predicted"] / row["measured"] - 1), places=9)
        self.assertEqual(document["summary"]["rows"], 2)
        self.assertEqual(document["failures"], [])

    def test_a_run_takes_no_notice_of_the_section(self):
        path = HOME / f"configs/field/{CHEAPEST}.yaml"
        outcome = lustrum("run", path, "--json")
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        self.assertNotIn("validate", outcome.out)
        predicted = json.loads(outcome.out)["phases"][0]["rate"]
        rows = json.loads(lustrum("validate", "--set", "field", "--only", CHEAPEST, "--json").out)["rows"]
        self.assertEqual(rows[0]["predicted"], predicted)

    def test_unknown_names(self):
        self.assert_rejected(lustrum("validate", "--set", "field", "--only", "fsx_d"), "has no scenario `fsx_d`: did you "
                             f"mean `{CHEAPEST}`?", "known: ")
        self.assert_rejected(lustrum("validate", "--set", "lab"), "--set", "field")
        self.assert_rejected(lustrum("validate"), "--set is required")
        self.assert_rejected(self.run_here("validate", "--set", "field", LUSTRUM_HOME=str(self.folder)), "LUSTRUM_HOME")

    def test_unknown_metric(self):
        home = self.home_with(a=self.changed("phases[0].rate", "phases[0].rat"))
        self.assert_rejected(lustrum("validate", "--set", "field", LUSTRUM_HOME=home), "a.yaml:",
                             "no number `phases[0].rat`", "did you mean `phases[].rate`?")

    def test_scenario_without_section(self):
        text = self.changed("validate:", "validate:").split("validate:")[0]
        home = self.home_with(a=text)
        self.assert_rejected(lustrum("validate", "--set", "field", LUSTRUM_HOME=home), "has no section `validate`")

    def test_strict_fails_on_a_miss_that_nobody_explained(self):
        home = self.home_with(a=self.changed("measured: 613 MB/s", "measured: 99 MB/s"))
        arguments = ("validate", "--set", "field")
        loose = lustrum(*arguments, LUSTRUM_HOME=home)
        self.assertEqual(loose.code, FINE)
        self.assertIn("miss without explanation", loose.out)
        self.assertEqual(lustrum(*arguments, "--strict", LUSTRUM_HOME=home).code, CHECK_FAILED)
        (self.folder / "configs/field/a.yaml").write_text(
            self.changed("measured: 613 MB/s", "note: a slow day, measured: 99 MB/s"))
        self.assertEqual(lustrum(*arguments, "--strict", LUSTRUM_HOME=home).code, FINE)

    def test_a_run_without_the_number_does_not_stop_the_others(self):
        home = self.home_with(a=self.changed("phases[0].rate", "phases[9].rate"), b=self.changed("dd", "dd"))
        outcome = lustrum("validate", "--set", "field", "--json", LUSTRUM_HOME=home)
        self.assertEqual(outcome.code, 3)
        self.assertIn("a: the result of this run has no `phases[9].rate`", outcome.err)
        document = json.loads(outcome.out)
        self.assertEqual([failure["scenario"] for failure in document["failures"]], ["a"])
        self.assertEqual({row["scenario"] for row in document["rows"]}, {"b"})

    def test_every_scenario_of_the_set_says_where_its_numbers_are_from(self):
        files = sorted((HOME / "configs/field").glob("*.yaml"))
        self.assertGreater(len(files), 10)
        for path in files:
            text = path.read_text()
            with self.subTest(scenario=path.name):
                self.assertTrue(text.startswith("# "))
                self.assertIn("\n# Published: ", text)
                self.assertIn("Chosen here: ", text)
                self.assertRegex(text, r"\n  source: \S")


if __name__ == "__main__":
    unittest.main()
