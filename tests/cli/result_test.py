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
        for key in ("makespan_s", "throughput_mib_per_s"):
            self.assertTrue(number(metrics[key]), key)
        for key in ("au_mean_pct", "samples_per_s", "gpu_utilization_pct"):  # a load generator has none
            self.assertTrue(metrics[key] is None or number(metrics[key]), key)
        self.assertIsInstance(metrics["epoch_time_s"], list)
        self.assertGreater(metrics["makespan_s"], 0)

        for part in (document, *document["jobs"]):
            self.assertTrue(all(key.endswith("_pct") and share >= 0 for key, share in part["stalls"].items()))
            self.assertAlmostEqual(sum(part["stalls"].values()), 100, places=6)
        for part, stalls in [(metrics, document["stalls"]), *((job, job["stalls"]) for job in document["jobs"])]:
            self.assertEqual(stalls["compute_pct"], part["gpu_utilization_pct"] or 0)
        self.check_jobs(document)

        self.assertGreater(len(document["stations"]), 0)
        for station in document["stations"]:
            self.assertTrue(station["name"] and station["class"])
            self.assertTrue(0 <= station["utilization_pct"] <= 100 * ROUNDING, station)
            self.assertGreaterEqual(station["queue_mean"], 0)

        if document["bottleneck"] is not None:
            self.assertTrue(document["bottleneck"]["name"] and document["bottleneck"]["class"])
        bound = document["bound"]
        reads = metrics["gpu_utilization_pct"] is not None
        self.assertEqual(bound is not None, reads and not self.only_checkpoints(document))
        if bound is not None:
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

    @staticmethod
    def only_checkpoints(document):
        """A job that writes and reads checkpoints and takes no step: nothing bounds its reading."""
        return bool(document["checkpoints"]) and document["metrics"]["steps_per_epoch"] is None

    def check_jobs(self, document):
        jobs, metrics = document["jobs"], document["metrics"]
        self.assertGreater(len(jobs), 0)
        self.assertEqual(len({job["name"] for job in jobs}), len(jobs))
        for job in jobs:
            self.assertLessEqual(job["start_s"] + job["makespan_s"], metrics["makespan_s"] * ROUNDING)
        self.assertTrue(any(not job["background"] for job in jobs))
        for total in ("read_bytes", "write_bytes", "errors"):
            self.assertEqual(sum(job[total] for job in jobs), metrics[total], total)
        for phase in document["phases"]:
            self.assertIn(phase["job"], [job["name"] for job in jobs])
            if phase["time_s"] == 0:
                self.assertEqual(phase["rate"], 0)
                continue
            work = phase["bytes"] / 2**20 if phase["unit"] == "MiB/s" else phase["operations"]
            self.assertAlmostEqual(phase["rate"] * phase["time_s"], work, delta=1e-9 * work)
            self.assertTrue(phase["rate_min"] <= phase["rate"] * ROUNDING <= phase["rate_max"] * ROUNDING**2)

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
                trains = any(job["kind"] in ("dlio", "training") and not job["background"] for job in document["jobs"])
                if trains and not self.only_checkpoints(document):
                    self.check_training(document, len(document["metrics"]["epoch_time_s"]))
                else:
                    self.assertIsNone(document["metrics"]["au_mean_pct"])
                if not document["faults"]:  # calls fail only where something does
                    self.assertEqual(document["metrics"]["errors"], 0)

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

    def test_a_load_generator_alone(self):
        self.write("s.yaml", scenario("mdtest: {{ranks_per_client: 4, items: 25, nstride: 1}}"))
        document = self.document("s.yaml")
        self.assertEqual([row["name"] for row in document["phases"]], ["create", "stat", "read", "remove"])
        self.assertEqual([row["operations"] for row in document["phases"]], [100] * 4)
        self.assertEqual(document["jobs"][0]["kind"], "mdtest")
        self.assertIsNone(document["metrics"]["gpu_utilization_pct"])
        self.assertIsNone(document["cost"]["idle_gpu_usd"])
        self.assertNotIn("GPU time", self.run_here("run", "s.yaml").out)

    def test_two_jobs_beside_each_other(self):
        dlio = "dlio: {home}/configs/workloads/resnet50_h100.yaml, set: {{dataset.num_files_train: 32}}"
        alone = self.write("alone.yaml", scenario(dlio))
        text = scenario(dlio).replace("nodes: 1", "nodes: 2")
        workload = text.split("workload: ")[1].split("\n")[0]
        self.write("both.yaml", text.replace(
            f"workload: {workload}", f"jobs:\n- {{name: training, nodes: 1, workload: {workload}}}\n"
            "- {name: noise, nodes: 1, start: 100 ms, background: true, workload: "
            "{mdtest: {ranks_per_client: 4, items: 25}}}"))
        quiet, noisy = self.document(alone), self.document("both.yaml")
        self.check_training(noisy, 1)
        training, noise = noisy["jobs"]
        self.assertEqual((training["kind"], noise["kind"]), ("dlio", "mdtest"))
        self.assertEqual(training["makespan_s"], noisy["metrics"]["makespan_s"])
        self.assertAlmostEqual(noise["makespan_s"], noisy["metrics"]["makespan_s"] - 0.1, places=9)
        # A neighbour takes something, and what it takes is not the network of another host.
        self.assertGreaterEqual(noisy["metrics"]["makespan_s"], quiet["metrics"]["makespan_s"] / ROUNDING)
        self.assertEqual(training["read_bytes"], quiet["metrics"]["read_bytes"])

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
