"""`workload.training` from outside: what its keys do to a run."""
import json
import unittest

from binary import FINE, HOME, Case


def scenario(training, nodes=1):
    return (f"schema_version: 1\nworkload:\n  training: {{{training}}}\n"
            f"  step_overhead: {{fixed: 0 s, per_rank: 0 s, stdev: 0 s}}\n  worker_startup: 0 s\n"
            f"cluster: {{instance: p4d.24xlarge, nodes: {nodes}}}\n"
            f"storage: {{system: fsx_persistent_2_1000, capacity: 9.6 TiB}}\nnetwork: {{lnd: tcp}}\n")


class Training(Case):
    def result_of(self, training, nodes=1):
        outcome = self.run_here("run", self.write("t.yaml", scenario(training, nodes)), "--json")
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        return json.loads(outcome.out)

    def test_gradients_use_the_cards_of_the_storage(self):
        """16 ranks on 2 hosts: 2 x 15/16 x 10 GB over 12.5 GB/s is 1.5 s beside 0.1 s of computing. LNet has none of it."""
        result = self.result_of("dataset: {files: 160, sample_size: 1 MiB}, loader: {pipeline: synthetic, handover: 0 s}, "
                                "step: {compute: 100 ms, gradient: 10 GB}", nodes=2)
        self.assertAlmostEqual(result["metrics"]["step_time_p50_s"], 1.6, places=3)
        cards = [row for row in result["station_classes"] if row["class"] == "client_nic"]
        self.assertAlmostEqual(cards[0]["utilization_max_pct"], 100 * 1.5 / 1.6, places=1)
        self.assertEqual([row["read_bytes"] for row in result["networks"]], [0])

    def test_checkpoints_and_failures(self):
        result = self.result_of("dataset: {files: 800, sample_size: 1 MiB}, loader: {workers: 1}, step: {compute: 1 s}, "
                                "checkpoint: {every_steps: 10, parameters: 1e9, write_call: 64 MiB}, "
                                "failures: {mtbf: 1 min, restart: 5 s}")
        self.assertEqual(len(result["checkpoints"]), 1)
        row = result["checkpoints"][0]
        self.assertEqual(row["bytes"], 14_000_000_000)
        self.assertGreater(row["failures"], 0)
        self.assertEqual(row["restart_s"], 5 * row["failures"])
        self.assertAlmostEqual(row["goodput_pct"], 100 * 100 / result["metrics"]["makespan_s"], delta=1)
        stall = row["stall_s"] / round(row["stall_s"] / row["stall_max_s"])  # all checkpoints alike
        self.assertAlmostEqual(row["young_interval_s"], (2 * stall * 60) ** 0.5, delta=2)
        shown = self.run_here("run", "t.yaml").out
        self.assertRegex(shown, r"Interval: +[\d.]+ s between checkpoints; best by Young")

    def dlio(self, workload, changes):
        self.write("d.yaml", f"schema_version: 1\nworkload:\n  dlio: {HOME}/configs/workloads/{workload}.yaml\n"
                             f"  set: {{{changes}}}\ncluster: {{instance: p5.48xlarge, nodes: 1}}\nnetwork: {{lnd: efa}}\n"
                             "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB}\n")
        outcome = self.run_here("run", "d.yaml", "--json")
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        return json.loads(outcome.out)

    def test_dlio_checkpoints_alone(self):
        """MLPerf's Llama 3 8B, 104.7 GiB: two written and read back, 5 s before each; and two that are only read, which lie
        in no cache and so are fetched whole."""
        size = 104.7045 * 2**30
        for writes in (2, 0):
            result = self.dlio("llama3_8b", f"checkpoint.num_checkpoints_write: {writes}, "
                                            "checkpoint.num_checkpoints_read: 2")
            row = result["checkpoints"][0]
            self.assertAlmostEqual(row["bytes"] / size, 1, places=5)
            self.assertEqual((row["written"], row["restores"]), (writes, 2))
            self.assertAlmostEqual(result["metrics"]["makespan_s"], row["stall_s"] + row["restore_s"] + 5 * (writes + 2),
                                   places=3)
            self.assertEqual(result["metrics"]["files_opened"], 16 * (writes + 2))
            self.assertEqual(result["metrics"]["write_bytes"], row["bytes"] * writes)
            self.assertIsNone(result["metrics"]["au_mean_pct"])
            rates = [note for note in result["notes"] if "GiB/s, by the slowest rank" in note]
            self.assertEqual(len(rates), 2 if writes else 1)
        self.assertAlmostEqual(sum(row["read_bytes"] for row in result["networks"]), 2 * row["bytes"], delta=2**20)

    def test_dlio_evaluates_after_the_epochs_it_names(self):
        """4 epochs of 2 steps; after the second and fourth 3 steps of 50 ms on each of 8 ranks. Compute is theirs too."""
        common = "dataset.num_files_train: 112, train.epochs: 4, workflow.checkpoint: false"
        without = self.dlio("unet3d_h100", common)
        result = self.dlio("unet3d_h100", common + ", workflow.evaluation: true, dataset.num_files_eval: 24, "
                                                   "evaluation: {eval_time: 0.05, eval_after_epoch: 2, "
                                                   "epochs_between_evals: 2}")
        def computed(document):
            return document["stalls"]["compute_pct"] / 100 * document["metrics"]["makespan_s"]
        self.assertAlmostEqual(computed(result) - computed(without), 2 * 3 * 0.05, places=6)
        opened = result["metrics"]["files_opened"] - without["metrics"]["files_opened"]
        self.assertEqual(opened, 2 * 24)

    def test_without_checkpoints_there_is_no_row(self):
        result = self.result_of("dataset: {files: 80, sample_size: 1 MiB}, step: {compute: 10 ms}")
        self.assertEqual(result["checkpoints"], [])
        self.assertEqual(result["jobs"][0]["kind"], "training")

    def test_python_start(self):
        """So many calls of each node; an open counts with its close."""
        calls = 9_000
        plain = self.result_of("dataset: {files: 80, sample_size: 1 MiB}, loader: {pipeline: synthetic}")
        started = self.result_of("dataset: {files: 80, sample_size: 1 MiB}, loader: {pipeline: synthetic}, "
                                 f"interpreter: {{calls_per_node: {calls}}}")
        opens = started["metrics"]["files_opened"] - plain["metrics"]["files_opened"]
        self.assertAlmostEqual(opens, calls * 1097 / (2 * 1097 + 7969), delta=10)
        self.assertGreater(started["stalls"]["metadata_pct"], 50)


class DlioReaders(Case):
    def result_of(self, changes):
        text = (f"schema_version: 1\nworkload: {{dlio: {HOME}/configs/workloads/unet3d_a100.yaml, "
                f"set: {{dataset.num_files_train: 56, {changes}}}}}\n"
                "cluster: {instance: p4d.24xlarge, nodes: 1}\n"
                "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB}\nnetwork: {lnd: tcp}\nrun: {epochs: 1}\n")
        outcome = self.run_here("run", self.write("t.yaml", text), "--json")
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        return json.loads(outcome.out)

    def test_npz_and_direct(self):
        """numpy.load reads the first 4 MiB twice and 188 bytes at the end; O_DIRECT reads the file. Which one is said."""
        numpy = self.result_of("train.epochs: 1")
        direct = self.result_of("reader.odirect: true")
        self.assertEqual(numpy["metrics"]["read_bytes"] - direct["metrics"]["read_bytes"], 56 * (4 * 2**20 + 188))
        self.assertTrue(any("numpy.load" in note for note in numpy["notes"]))
        self.assertTrue(any("O_DIRECT" in note for note in direct["notes"]))

    def test_synthetic_reads_nothing(self):
        result = self.result_of("reader.data_loader: synthetic")
        self.assertEqual((result["metrics"]["read_bytes"], result["metrics"]["files_opened"]), (0, 0))


if __name__ == "__main__":
    unittest.main()
