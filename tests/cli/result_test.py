"""What a run gives: the document, the report, the files; for every scenario and workload that ships."""
import json
import os
import pty
import re
import subprocess
import unittest

from binary import BINARY, FINE, HOME, LIMIT_S, Case, environment, lustrum, scenario

ESCAPE = "\x1b"
# Enough files for a few steps of eight GPUs. DLIO's batch: 7 of one sample, 400 of 1,251, 1 of one.
FILES = {"unet3d": 7 * 8 * 10, "resnet50": 32, "cosmoflow": 64 * 8}
INSTANCE = {"a100": "p4d.24xlarge", "h100": "p5.48xlarge"}
# Bytes are counted where they arrive, the bound holds over the whole run: nothing but rounding may lie between.
ROUNDING = 1 + 1e-9


class Result(Case):
    def document(self, *arguments):
        outcome = self.run_here("run", *arguments, "--json")
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        document = json.loads(outcome.out)
        self.check(document)
        return document

    def check(self, document):
        """What holds for every result."""
        def number(value):
            return isinstance(value, (int, float)) and not isinstance(value, bool)

        metrics = document["metrics"]
        for key in ("gpu_utilization_pct", "makespan_s", "throughput_mib_per_s"):
            self.assertTrue(number(metrics[key]), key)
        for key in ("au_mean_pct", "samples_per_s"):  # a replayed trace has none
            self.assertTrue(metrics[key] is None or number(metrics[key]), key)
        self.assertIsInstance(metrics["epoch_time_s"], list)
        self.assertGreater(metrics["makespan_s"], 0)

        self.assertTrue(all(key.endswith("_pct") and share >= 0 for key, share in document["stalls"].items()))
        self.assertAlmostEqual(sum(document["stalls"].values()), 100, places=6)
        self.assertEqual(document["stalls"]["compute_pct"], metrics["gpu_utilization_pct"])

        self.assertGreater(len(document["stations"]), 0)
        for station in document["stations"]:
            self.assertTrue(station["name"] and station["class"])
            self.assertTrue(0 <= station["utilization_pct"] <= 100 * ROUNDING, station)
            self.assertGreaterEqual(station["queue_mean"], 0)

        if document["bottleneck"] is not None:
            self.assertTrue(document["bottleneck"]["name"] and document["bottleneck"]["class"])
        bound = document["bound"]
        self.assertTrue(bound["name"])
        self.assertLessEqual(metrics["throughput_mib_per_s"], bound["throughput_mib_per_s"] * ROUNDING)

        cost = document["cost"]
        for key in ("total_usd", "per_epoch_usd", "idle_gpu_usd", "lines"):
            self.assertIn(key, cost)
        self.assertGreater(cost["total_usd"], 0)
        self.assertAlmostEqual(cost["total_usd"], sum(line["cost_usd"] or 0 for line in cost["lines"]), places=9)
        for line in cost["lines"]:
            if line["cost_usd"] is not None:
                self.assertAlmostEqual(line["cost_usd"], line["quantity"] * line["unit_price_usd"], places=9)

        self.assertGreater(len(document["assumed"]), 0)
        for row in document["assumed"]:
            self.assertIn(row["kind"], ("assumed", "fitted"))
        self.assertTrue({"version", "seed", "inputs", "simgrid", "command"} <= document["provenance"].keys())

    def check_training(self, document, epochs):
        metrics = document["metrics"]
        self.assertTrue(0 < metrics["au_mean_pct"] <= 100 * ROUNDING)
        self.assertGreater(metrics["samples_per_s"], 0)
        self.assertEqual(len(metrics["epoch_time_s"]), epochs)
        self.assertLessEqual(sum(metrics["epoch_time_s"]), metrics["makespan_s"] * ROUNDING)
        self.assertIsNotNone(document["bottleneck"])
        self.assertAlmostEqual(document["cost"]["per_epoch_usd"], document["cost"]["total_usd"] / epochs, places=9)

    def test_every_scenario_of_configs_runs(self):
        scenarios = sorted((HOME / "configs").glob("*.yaml"))
        self.assertGreater(len(scenarios), 3)
        for path in scenarios:
            with self.subTest(scenario=path.name):
                document = self.document(path)
                if document["replay_check"]:
                    self.assertIsNone(document["metrics"]["au_mean_pct"])
                else:
                    self.check_training(document, len(document["metrics"]["epoch_time_s"]))

    def test_every_workload_on_its_gpu(self):
        for workload, files in FILES.items():
            for gpu, instance in INSTANCE.items():
                with self.subTest(workload=workload, gpu=gpu):
                    self.write("s.yaml", scenario(
                        f"dlio: {{home}}/configs/workloads/{workload}_{gpu}.yaml, "
                        f"set: {{{{dataset.num_files_train: {files}}}}}", instance))
                    document = self.document("s.yaml")
                    self.check_training(document, 1)
                    self.assertEqual(document["metrics"]["ranks"], 8)

    def test_trace_replay(self):
        self.write("s.yaml", scenario("trace: {home}/traces/samples/microloader.pfw"))
        document = self.document("s.yaml")
        self.assertIsNone(document["metrics"]["au_mean_pct"])
        self.assertEqual(document["metrics"]["ranks"], 1)
        self.assertEqual(document["metrics"]["files_opened"], 16)  # two epochs of four batches of two samples
        self.assertGreater(len(document["replay_check"]), 0)

    def test_out_writes_both_files_whole(self):
        self.write("s.yaml", scenario())
        printed = self.run_here("run", "s.yaml", "--out", "a/b")
        self.assertEqual((printed.code, printed.err), (FINE, ""))
        self.assertEqual(sorted(os.listdir(self.folder / "a/b")), ["report.txt", "result.json"])
        self.assertEqual((self.folder / "a/b/result.json").read_text(), self.run_here("run", "s.yaml", "--json").out)
        report = (self.folder / "a/b/report.txt").read_text()
        self.assertNotIn(ESCAPE, report)
        self.assertTrue(report.startswith("s\n"))
        self.assertTrue(report.endswith("(version " + lustrum("--version").out.strip() + ")\n"))
        # Again over what is there, and with --json: the same files.
        again = self.run_here("run", "s.yaml", "--out", "a/b", "--json")
        self.assertEqual(again.out, (self.folder / "a/b/result.json").read_text())
        self.assertEqual((self.folder / "a/b/report.txt").read_text(), report)

    def test_stdout_is_the_result_and_pipes_get_no_escapes(self):
        self.write("s.yaml", scenario())
        for changes in ({}, {"NO_COLOR": "1"}):
            outcome = self.run_here("run", "s.yaml", **changes)
            self.assertEqual((outcome.code, outcome.err), (FINE, ""))
            self.assertNotIn(ESCAPE, outcome.out)

    def test_without_utf8_the_report_is_ascii(self):
        self.write("s.yaml", scenario())
        ascii_only = self.run_here("run", "s.yaml", LC_ALL="C").out
        self.assertTrue(ascii_only.isascii(), "\n".join(line for line in ascii_only.split("\n") if not line.isascii()))

    def test_colours_only_on_a_terminal_that_wants_them(self):
        self.write("s.yaml", scenario())
        self.assertIn(ESCAPE, self.on_terminal())
        self.assertNotIn(ESCAPE, self.on_terminal(NO_COLOR="1"))
        self.assertNotIn(ESCAPE, self.on_terminal(TERM="dumb"))

    def on_terminal(self, **changes):
        try:
            ours, theirs = pty.openpty()
        except OSError as problem:  # a container without pseudo-terminals
            self.skipTest(str(problem))
        with subprocess.Popen([BINARY, "run", "s.yaml"], cwd=self.folder, env=environment(**changes), stdout=theirs,
                              stderr=theirs, stdin=subprocess.DEVNULL) as process:
            os.close(theirs)
            text = b""
            while True:
                try:
                    block = os.read(ours, 65536)
                except OSError:  # Linux's end of a terminal
                    break
                if not block:
                    break
                text += block
            self.assertEqual(process.wait(LIMIT_S), FINE)
        os.close(ours)
        return text.decode()

    def test_the_replay_line_gives_the_same_result(self):
        self.write("my run.yaml", scenario())
        document = self.document("my run.yaml", "--seed", "7")
        command = document["provenance"]["command"]
        self.assertEqual(command, "lustrum run 'my run.yaml' --seed 7")
        done = subprocess.run(re.sub(r"^lustrum", f"'{BINARY}'", command) + " --json", shell=True, cwd=self.folder,
                              env=environment(), capture_output=True, timeout=LIMIT_S, check=False)
        self.assertEqual(json.loads(done.stdout), document)

    def test_no_absolute_path_in_a_result(self):
        self.write("s.yaml", scenario())
        for row in self.document("s.yaml")["provenance"]["inputs"]:
            self.assertFalse(os.path.isabs(row["path"]), row)


if __name__ == "__main__":
    unittest.main()
