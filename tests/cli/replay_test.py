"""Replays of the traces that are shipped, scaled too, and `lustrum trace calibrate`."""
import json
import unittest

from binary import FINE, HOME, Case, lustrum, scenario

SAMPLES = HOME / "traces/samples"


class Replays(Case):
    def test_a_replay_takes_them(self):
        for name in ("loader.strace.gz", "checkpoint.strace.gz"):
            self.write("s.yaml", f"schema_version: 1\nworkload: {{trace: {SAMPLES}/{name}, "
                                 "replay: {path_prefix: /data/}}\ncluster: {instance: p5.48xlarge, nodes: 1}\n"
                                 "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB}\n"
                                 "network: {lnd: tcp}\n")
            outcome = self.run_here("run", "s.yaml", "--json")
            self.assertEqual(outcome.code, FINE, outcome.err)
            self.assertGreater(json.loads(outcome.out)["metrics"]["makespan_s"], 0)

    def test_scale(self):
        """Three copies of the one rank, each with twice its files: three times the calls, and the rule is said."""
        def run(scale, *options):
            self.write("s.yaml", f"schema_version: 1\nworkload: {{trace: {SAMPLES}/microloader.pfw{scale}}}\n"
                                 "cluster: {instance: p5.48xlarge, nodes: 1}\nnetwork: {lnd: tcp}\n"
                                 "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB}\n")
            outcome = self.run_here("run", "s.yaml", "--json", *options)
            self.assertEqual(outcome.code, FINE, outcome.err)
            return json.loads(outcome.out)

        plain, option = run(""), run("", "--scale", "ranks=3", "files=2x")
        written = run(", replay: {scale: {ranks: 3, files: 2x}}")
        self.assertEqual(run(", replay: {scale: {ranks: 3, files: 2}}")["metrics"], written["metrics"])
        self.assertEqual(option["metrics"], written["metrics"])
        self.assertEqual(option["metrics"]["files_opened"], 3 * plain["metrics"]["files_opened"])
        rule = [note for note in option["notes"] if "scaled to 3 ranks" in note]
        self.assertEqual(len(rule), 1)
        self.assertIn("rank r is copy r / R of rank r mod R", rule[0])
        self.assertIn("2 files for each recorded one", rule[0])
        self.assertTrue(option["provenance"]["command"].endswith("--scale ranks=3 files=2x"))
        self.assertFalse(any("scaled" in note for note in plain["notes"]))
        for words, problem in ((("ranks=9",), "9 ranks need as many GPUs, and 1 x `p5.48xlarge` have 8: 2 nodes would do"),
                               (("ranks=0",), "`ranks=0`: a whole number from 1 to"),
                               (("files=10y",), "`files=10y`: a whole number"),
                               (("nodes=3",), "neither `ranks=N` nor `files=Nx`"),
                               (("ranks=3", "ranks=4"), "`ranks` is given twice")):
            self.assert_rejected(self.run_here("run", "s.yaml", "--scale", *words), "--scale: ", problem)
        self.assert_rejected(lustrum("run", "configs/lab_tcp.yaml", "--scale", "files=2x", cwd=HOME), "no job of the scenario")
        self.write("s.yaml", (self.folder / "s.yaml").read_text().replace("files: 2", "files: 2.5x"))
        self.assert_rejected(self.run_here("run", "s.yaml"), "`2.5x` is no factor", "such as 10x")

    def test_a_converted_trace_replays_the_same(self):
        self.assertEqual(lustrum("trace", "convert", SAMPLES / "microloader.pfw", "-o", self.folder / "m.lustrum").code, FINE)
        results = []
        for trace in (SAMPLES / "microloader.pfw", "m.lustrum"):
            self.write("s.yaml", f"schema_version: 1\nworkload: {{trace: {trace}}}\nnetwork: {{lnd: tcp}}\n"
                                 "cluster: {instance: p5.48xlarge, nodes: 1}\n"
                                 "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB}\n")
            results.append(json.loads(self.run_here("run", "s.yaml", "--json").out))
        for key in ("metrics", "stalls", "replay_check", "operations"):
            self.assertEqual(results[0].get(key), results[1].get(key), key)


class Calibrate(Case):
    SAMPLE = SAMPLES / "microloader.pfw"

    def calibrate(self, *arguments):
        return self.run_here("trace", "calibrate", self.SAMPLE, *arguments)

    def test_times_and_their_errors(self):
        told = self.calibrate()
        self.assertEqual(told.code, FINE, told.err)
        # 16 files of 5 reads, 8 of them cached: SAMPLES/README says epoch 1 was.
        self.assertIn("8 of 16 opened files were in the page cache: their 40 reads", told.out)
        self.assertRegex(told.out, r"\n  utilization +60\.528 +\d+\.\d+ % +[-+]\d\.\d points\n")
        as_json = json.loads(self.calibrate("--json").out)
        self.assertEqual(as_json["cached"]["cached_opens"], 8)
        self.assertEqual(as_json["device"]["read"]["calls"], 40)
        recorded, replayed = as_json["recorded"], as_json["replayed"]
        self.assertAlmostEqual(replayed["calls_s"], recorded["calls_s"], delta=0.01 * recorded["calls_s"])
        self.assertAlmostEqual(replayed["utilization_pct"], recorded["utilization_pct"], delta=1)
        # A pipeline makes calls of its own; its waits are told start by start.
        pipeline = json.loads(self.calibrate("--json", "--mode", "pipeline").out)
        self.assertNotIn("calls_s", pipeline["recorded"])
        self.assertEqual(len(pipeline["recorded"]["wait_at_start_s"]), 2)
        for before, after in zip(pipeline["recorded"]["wait_at_start_s"], pipeline["replayed"]["wait_at_start_s"],
                                 strict=True):
            self.assertAlmostEqual(after, before, delta=0.03 * before)
        self.assertAlmostEqual(pipeline["replayed"]["utilization_pct"], recorded["utilization_pct"], delta=1)

    def test_a_design_to_run_on(self):
        done = self.calibrate("--design", "site.yaml")
        self.assertEqual(done.code, FINE, done.err)
        self.assertEqual([file.name for file in self.folder.iterdir()], ["site.yaml"])
        run = lustrum("run", HOME / "configs/replay_sample.yaml", "--design", self.folder / "site.yaml", "--json")
        self.assertEqual(run.code, FINE, run.err)
        result = json.loads(run.out)
        self.assertEqual(result["storage_kind"], "recorded")
        rows = {row["name"]: row["value"] for row in result["replay_check"]}
        self.assertAlmostEqual(rows["simulated utilization of the loop"], 60.5, delta=1)
        # Any other workload too.
        self.write("s.yaml", scenario())
        self.assertEqual(self.run_here("run", "s.yaml", "--design", "site.yaml").code, FINE)

    def test_what_is_there_stays(self):
        self.write("site.yaml", "mine\n")
        self.assert_rejected(self.calibrate("--design", "site.yaml"), "there is a file `site.yaml` already: --force")
        self.assertEqual((self.folder / "site.yaml").read_text(), "mine\n")
        self.assertEqual(self.calibrate("--design", "site.yaml", "--force").code, FINE)
        self.assertIn("system: recorded", (self.folder / "site.yaml").read_text())
        self.assert_rejected(self.calibrate("--design", "none/site.yaml"), "--design: there is no folder `")
        self.assert_rejected(self.calibrate("--design", "."), "--design: `.` is a folder")
        self.assert_rejected(self.calibrate("--force"), "--force: there is nothing to write without --design")
        self.write("empty.pfw", "nothing\n")
        self.assert_rejected(self.run_here("trace", "calibrate", "empty.pfw", "--design", "other.yaml"), "error: ")
        self.assertFalse((self.folder / "other.yaml").exists())

    def test_a_recorded_system_needs_figures(self):
        self.write("s.yaml", scenario())
        self.write("d.yaml", "schema_version: 1\nstorage: {system: recorded}\n")
        self.assert_rejected(self.run_here("run", "s.yaml", "--design", "d.yaml"),
                             "missing key `set` in `storage`: `recorded` has no figures of its own",
                             "lustrum trace calibrate FILE --design")
        self.write("d.yaml", "schema_version: 1\nstorage: {system: recorded, capacity: 1 TiB, set: {read_rat: 1 GB/s}}\n")
        self.assert_rejected(self.run_here("run", "s.yaml", "--design", "d.yaml"),
                             "`storage.capacity` has no meaning for `recorded`, a device fitted to a recording",
                             "did you mean `read_rate`?")


if __name__ == "__main__":
    unittest.main()
