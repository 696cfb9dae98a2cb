"""Designs: `run --design` and `compare --designs`."""
import json
import unittest

from binary import BAD_INPUT, FINE, HOME, Case, scenario

DESIGNS = sorted(file.stem for file in (HOME / "configs/designs").glob("*.yaml"))


# Small ones of one node; each is run on every design.
WORKLOADS = {
    "resnet50": "dlio: {home}/configs/workloads/resnet50_h100.yaml, set: {{dataset.num_files_train: 16}}",
    "unet3d": "dlio: {home}/configs/workloads/unet3d_h100.yaml, set: {{dataset.num_files_train: 56}}",
    "cosmoflow": "dlio: {home}/configs/workloads/cosmoflow_h100.yaml, set: {{dataset.num_files_train: 128}}",
    "llama3_8b": "training: {{epochs: 1, dataset: {{files: 8, samples_per_file: 16, sample_size: 64 KiB}}, "
                 "loader: {{batch_size: 2, workers: 1}}, step: {{compute: 50 ms}}, "
                 "checkpoint: {{every_steps: 4, model: llama3_8b}}}}",
}
# Pairs that cannot be, and why.
IMPOSSIBLE = {(workload, "hyperdisk_ml"): "nothing can write to `hyperdisk_ml`, which all nodes attach read-only"
              for workload in ("unet3d", "llama3_8b")}  # both write checkpoints
IMPOSSIBLE |= {(workload, design): f"cannot read through a pipe of client `{client}`"
               for workload in ("unet3d", "llama3_8b")  # both take samples by their index
               for design, client in (("sagemaker_pipe", "pipe"), ("webdataset", "webdataset"))}


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

    def test_every_design_under_every_workload(self):
        for workload, text in WORKLOADS.items():
            self.write("w.yaml", scenario(workload=text))
            outcome = self.run_here("compare", "w.yaml", "--designs", ",".join(DESIGNS))
            self.assertEqual(outcome.code, FINE, outcome.err)
            rows = self.rows(outcome.out)
            self.assertEqual(sorted(rows), DESIGNS)
            for design, row in rows.items():
                with self.subTest(workload=workload, design=design):
                    if (workload, design) in IMPOSSIBLE:
                        self.assertIn(IMPOSSIBLE[workload, design], row)
                    else:
                        self.assertRegex(row, r"^\d+\.\d %  +\d+\.\d+  +\d+\.\d+  +>?\d+\.\d+  +\d+\.\d+  \S")

    def test_intelligent_tiering_cannot_be_linked_to_s3(self):
        self.write("it.yaml", "schema_version: 1\nstorage: {system: fsx_intelligent_tiering, capacity: 10 TiB, "
                              "throughput: 4000 MB/s, hsm: {state: released}}\n")
        self.assert_rejected(self.run_here("run", "s.yaml", "--design", "it.yaml"), "`storage.hsm` has no meaning",
                             "FSx for Lustre links no file system with Intelligent-Tiering to S3")

    def test_efa_needs_hosts_and_a_file_system_that_have_it(self):
        self.write("p4d.yaml", scenario(instance="p4d.24xlarge"))
        for network in ("{lnd: efa}", "{lnd: efa, gds: true}"):
            self.write("d.yaml", "schema_version: 1\nstorage: {system: fsx_scratch_2, capacity: 9.6 TiB}\n"
                                 f"network: {network}\n")
            for host in ("p4d.yaml", "s.yaml"):
                outcome = self.run_here("run", host, "--design", "d.yaml")
                self.assert_rejected(outcome, "EFA" if host == "p4d.yaml" else "fsx_scratch_2")

    def test_a_job_waits_for_its_data_set_to_be_copied(self):
        def run(storage):
            self.write("d.yaml", f"schema_version: 1\nstorage: {{system: nvme_p5{storage}}}\n")
            outcome = self.run_here("run", "s.yaml", "--design", "d.yaml", "--json")
            self.assertEqual((outcome.code, outcome.err), (FINE, ""))
            return json.loads(outcome.out)
        there = run("")
        copied = run(", copy_in: {from: s3_standard}")
        phase = copied["phases"][0]
        self.assertEqual((phase["name"], phase["errors"]), ("copy in", 0))
        self.assertEqual(phase["operations"], 32)
        # It is before the epochs, which are as they were; money runs all the time, and requests are paid for.
        self.assertGreater(phase["time_s"], 0.1)
        self.assertAlmostEqual(copied["metrics"]["makespan_s"],
                               there["metrics"]["makespan_s"] + phase["time_s"], delta=1e-3 * phase["time_s"])
        self.assertAlmostEqual(copied["metrics"]["epoch_time_s"][0], there["metrics"]["epoch_time_s"][0], delta=1e-6)
        usage = {line["component"]: line for line in copied["cost"]["lines"] if line["basis"] == "usage"}
        self.assertEqual(list(usage), ["s3_standard, GET and HEAD"])
        self.assertAlmostEqual(usage["s3_standard, GET and HEAD"]["quantity"] * 1000, copied["networks"][0]["data_rpcs"])
        self.assertEqual(copied["networks"][0]["read_bytes"], phase["bytes"])

    def test_nodes_with_a_part_of_the_data_set_train_on_it_alone(self):
        def run(workload, shards):
            self.write("w.yaml", scenario(workload=WORKLOADS[workload]).replace("nodes: 1", "nodes: 2")
                       .replace("num_files_train: 56", "num_files_train: 112"))
            self.write("d.yaml", "schema_version: 1\nstorage: {system: nvme_p5, copy_in: {from: s3_standard, "
                                 f"shards: {shards}}}}}\n")
            outcome = self.run_here("run", "w.yaml", "--design", "d.yaml", "--json")
            self.assertEqual((outcome.code, outcome.err), (FINE, ""))
            return json.loads(outcome.out)
        for workload in ("resnet50", "cosmoflow", "unet3d"):
            with self.subTest(workload=workload):
                whole, part = run(workload, "false"), run(workload, "true")
                self.assertEqual(part["metrics"]["errors"], 0)
                self.assertEqual(part["phases"][0]["bytes"] * 2, whole["phases"][0]["bytes"])
                self.assertEqual(part["metrics"]["steps_per_epoch"], whole["metrics"]["steps_per_epoch"])

    def test_what_a_volume_does_not_include_is_charged(self):
        def lines(storage):
            self.write("d.yaml", f"schema_version: 1\nstorage: {{{storage}}}\n")
            document = json.loads(self.run_here("run", "s.yaml", "--design", "d.yaml", "--json").out)
            hours = document["metrics"]["makespan_s"] / 3600
            return {line["component"]: line["quantity"] / hours * 730 for line in document["cost"]["lines"]}
        self.assertEqual(set(lines("system: ebs_gp3")), {"p5.48xlarge", "ebs_gp3, capacity"})
        more = lines("system: ebs_gp3, volumes: 2, iops: 5000 IOPS, throughput: 500 MiB/s")
        self.assertAlmostEqual(more["ebs_gp3, iops"], 2 * 2000, places=6)
        self.assertAlmostEqual(more["ebs_gp3, throughput"], 2 * 375, places=6)
        self.assertAlmostEqual(lines("system: ebs_io2")["ebs_io2, iops"], 16000, places=6)

    def test_a_report_describes_the_design_it_ran(self):
        self.write("s.yaml", "description: FSx over TCP\n" + scenario())
        out = self.run_here("run", "s.yaml", "--design", "s3_crt").out
        self.assertNotIn("FSx over TCP", out)
        self.assertNotIn("MDT", out)
        self.assertIn("S3", out.splitlines()[1])

    def test_an_unknown_design_gets_the_names_there_are(self):
        outcome = self.run_here("run", "s.yaml", "--design", "s3_crtt")
        self.assert_rejected(outcome, "error: --design: no design `s3_crtt`", "did you mean `s3_crt`?", "`nvme`")
        outcome = self.run_here("compare", "s.yaml", "--designs", "nosuch,nvme,other")
        self.assertEqual((outcome.code, outcome.out), (2, ""))
        self.assertIn("no design `nosuch`", outcome.err)
        self.assertIn("no design `other`", outcome.err)
        outcome = self.run_here("compare", "none.yaml", "--designs", "nvme")
        self.assertEqual((outcome.code, outcome.out), (2, ""))
        self.assertIn("no scenario file `none.yaml`", outcome.err)

    def test_load_generators_are_compared_by_run_time_and_rate(self):
        self.write("w.yaml", scenario(workload="ior: {{block_size: 16 MiB, transfer_size: 1 MiB, read: true}}"))
        outcome = self.run_here("compare", "w.yaml", "--designs", "nvme,fsx_scratch")
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        head = outcome.out.splitlines()[0]
        self.assertNotIn("epoch", outcome.out)
        self.assertRegex(head, r"run \[s\] +write MiB/s +read MiB/s +USD +relative")
        for row in self.rows(outcome.out).values():
            self.assertRegex(row, r"^\d+\.\d+  +\d+\.\d  +\d+\.\d  +>?\d+\.\d+  +\d+\.\d+  \S")

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
        self.assert_rejected(self.run_here("run", "s.yaml", "--design", "nowhere"), "no design `nowhere`", "`s3_crt`")


if __name__ == "__main__":
    unittest.main()
