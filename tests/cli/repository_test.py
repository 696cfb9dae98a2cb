"""A bucket linked to a file system that is smaller than the data set: what a whole run makes of it."""
import json
import unittest

from binary import FINE, HOME, Case

# 112 files of 140 MiB where about half of them fit; a tenth of a real file system, ten times as fast for its size.
SCENARIO = """schema_version: 1
workload:
  dlio: {home}/configs/workloads/unet3d_h100.yaml
  set: {{dataset.num_files_train: 112, reader.batch_size: 1, checkpoint.checkpoint_after_epoch: 1,
        checkpoint.epochs_between_checkpoints: 1}}
cluster: {{instance: p5.48xlarge, nodes: 1}}
storage:
  system: fsx_persistent_2_1000
  capacity: {capacity} TiB
  set: {{capacity.min: 0.01 TiB, capacity.step: 0.01 TiB, disk.read_per_tib: 99000 MiB/s,
        disk.read_burst_per_tib: 99000 MiB/s, disk.write_per_tib: 99000 MiB/s,
        disk.write_burst_per_tib: 99000 MiB/s, network.per_tib: 99000 MiB/s, network.burst_per_tib: 99000 MiB/s,
        lnet.tcp.flow_ceiling: 100 Gbit/s}}
  layout: "-c -1"
  hsm: {{state: released, release: {{high_watermark: 90 %, low_watermark: 75 %}}, export: {{automatic: true, delay: 1 s}}{more}}}
network: {{lnd: tcp}}
lustre: {{llite: {{max_cached_mb: 1024}}}}
run: {{epochs: 3}}
"""


class Repository(Case):
    def run_with(self, capacity, more=""):
        self.write("r.yaml", SCENARIO.format(home=HOME, capacity=capacity, more=more))
        outcome = self.run_here("run", "r.yaml", "--json")
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        return json.loads(outcome.out)

    def test_later_epochs_restore_again_what_was_released(self):
        small, large = self.run_with("0.01"), self.run_with("0.05")
        # With room for all only the first epoch restores; without it most of every epoch.
        self.assertEqual(large["hsm"]["restores"], 112)
        self.assertGreater(small["hsm"]["restores"], 2 * 112)
        self.assertGreater(small["hsm"]["releases"], 112)
        self.assertEqual((small["hsm"]["no_space"], small["metrics"]["errors"]), (0, 0))
        last_over_first = [run["metrics"]["epoch_time_s"][2] / run["metrics"]["epoch_time_s"][0] for run in (small, large)]
        self.assertGreater(last_over_first[0], 0.8)
        self.assertLess(last_over_first[1], 0.5)

    def test_checkpoints_are_exported_and_requests_are_paid_for(self):
        run = self.run_with("0.05")
        hsm = run["hsm"]
        self.assertGreater(hsm["repository"]["exports"] + hsm["repository"]["exports_left"], 0)
        self.assertEqual(hsm["repository"]["exports"], hsm["archives"])
        lines = {line["component"]: line for line in run["cost"]["lines"]}
        self.assertAlmostEqual(lines["s3_standard, GET and HEAD"]["quantity"] * 1000, hsm["archive_gets"], places=6)
        # Ranges of 8 MiB of files of about 140 MiB.
        self.assertGreater(hsm["archive_gets"], 112 * 10)
        self.assertIn("s3_standard, capacity", lines)

    def test_objects_that_others_delete_are_samples_that_never_arrive(self):
        run = self.run_with("0.05", ", import: {removed: 2 /s, delay: 1 s}")
        self.assertGreater(run["hsm"]["repository"]["imports"], 0)
        self.assertGreater(run["metrics"]["failed_samples"], 0)
        self.assertGreater(run["metrics"]["errors"], 0)
        whole = sum(run["metrics"]["epoch_time_s"]) * run["metrics"]["samples_per_s"]
        self.assertAlmostEqual(whole, 3 * 112 - run["metrics"]["failed_samples"], places=3)


if __name__ == "__main__":
    unittest.main()
