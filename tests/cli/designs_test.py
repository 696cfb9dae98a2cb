"""Designs: `run --design` and `compare --designs`."""
import json
import unittest

from binary import BAD_INPUT, FINE, HOME, Case, scenario

DESIGNS = sorted(file.stem for file in (HOME / "configs/designs").glob("*.yaml"))


class Designs(Case):
    def setUp(self):
        super().setUp()
        self.write("s.yaml", scenario())

    def rows(self, out):
        """The table by design: its columns, or the reason why there are none."""
        lines = out.split("\n\n")[0].splitlines()[1:]
        return {line.split()[0]: line.split(maxsplit=1)[1] for line in lines}

    def test_every_design_runs_under_a_small_training_job(self):
        outcome = self.run_here("compare", "s.yaml", "--designs", ",".join(DESIGNS))
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        rows = self.rows(outcome.out)
        self.assertEqual(sorted(rows), DESIGNS)
        for design, row in rows.items():
            with self.subTest(design=design):
                self.assertRegex(row, r"^\d+\.\d %  +\d+\.\d+  +\d+\.\d+  +>?\d+\.\d+  +\d+\.\d+  \S")

    def test_a_design_that_does_not_fit_is_a_row_with_the_reason(self):
        self.write("p4d.yaml", scenario(instance="p4d.24xlarge"))
        outcome = self.run_here("compare", "p4d.yaml", "--designs", "fsx_scratch,fsx_p2_1000_efa")
        self.assertEqual(outcome.code, FINE)
        self.assertIn("instance `p4d.24xlarge` cannot be an EFA client", self.rows(outcome.out)["fsx_p2_1000_efa"])
        alone = self.run_here("compare", "p4d.yaml", "--designs", "fsx_p2_1000_efa")
        self.assertEqual(alone.code, BAD_INPUT)

    def test_run_on_a_design_is_the_same_run_again(self):
        first = self.run_here("run", "s.yaml", "--design", "s3_crt", "--json")
        self.assertEqual((first.code, first.err), (FINE, ""))
        document = json.loads(first.out)
        self.assertEqual(document["name"], "s on s3_crt")
        self.assertIn("--design s3_crt", document["provenance"]["command"])
        self.assertEqual([row["name"] for row in document["networks"]], ["https"])
        usage = [line for line in document["cost"]["lines"] if line["basis"] == "usage"]
        self.assertTrue(usage)
        self.assertAlmostEqual(document["cost"]["usage_usd"], sum(line["cost_usd"] for line in usage), places=12)
        self.assertTrue(document["cost"]["complete"])
        again = self.run_here("run", "s.yaml", "--design", str(HOME / "configs/designs/s3_crt.yaml"), "--json")
        self.assertEqual(json.loads(again.out)["metrics"], document["metrics"])

    def test_counters_are_lustres_alone(self):
        self.assert_rejected(self.run_here("run", "s.yaml", "--design", "s3_crt", "--counters", "c"),
                             "--counters: an object store has none of Lustre's counters")

    def test_older_prices_and_ones_own(self):
        def node_price(prices):
            text = scenario() + prices
            self.write("p.yaml", text)
            return json.loads(self.run_here("run", "p.yaml", "--json").out)["cost"]["lines"][0]["unit_price_usd"]
        self.assertEqual(node_price(""), 55.04)
        self.assertEqual(node_price("prices: {date: 2025-05-01}\n"), 98.32)
        self.assertEqual(node_price("prices: {set: {p5.48xlarge: {node: 40 USD/h}}}\n"), 40)

    def test_a_design_that_is_not_there(self):
        self.assert_rejected(self.run_here("run", "s.yaml", "--design", "nowhere"), "error[E110]: cannot read", "nowhere.yaml")


if __name__ == "__main__":
    unittest.main()
