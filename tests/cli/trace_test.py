"""`lustrum trace`: totals equal to an independent count of the recorded traces, conversion, splitting, bad input.

Independent counts are pipes of zcat and jq, printed as they run. Recorded traces are in LUSTRUM_REFERENCE_DIR; without it
(or without jq) those cases are skipped."""
import gzip
import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from binary import FINE, HOME, Case, lustrum

REFERENCE = Path(os.environ.get("LUSTRUM_REFERENCE_DIR", "")) / "traces"
STORMER, RUBY = "stormer_era5_polaris_eagle", "dlio_unet3d_npz_lustre_ruby"
DARSHAN = "darshan_dlio_unet3d_a100_corona/unet3d_a100.darshan-"
SAMPLES = HOME / "traces/samples"

# An event of DFTracer a line; lines that are cut in two by a line break in a name, on /dev/mqueue, drop out of the count.
EVENTS = "sed 's/^ *//; s/,$//' | grep '^{.*}$'"
STORAGE = 'select(.cat == "POSIX" and (.args.fname // "" | test("^/(dev|proc|sys|run)(/|$)") | not) and .args.fname)'


def count(command, folder):
    """The last line of a shell pipe, as JSON; the command is shown."""
    print(f"    {command}", file=sys.stderr)
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, capture_output=True, check=True)
    return json.loads(done.stdout.decode().splitlines()[-1])


def info(*arguments, cwd=HOME):
    outcome = lustrum("trace", "info", "--json", *arguments, cwd=cwd)
    assert outcome.code == FINE, outcome.err
    return json.loads(outcome.out)


@unittest.skipUnless(os.environ.get("LUSTRUM_REFERENCE_DIR") and REFERENCE.is_dir() and shutil.which("jq"),
                     "needs LUSTRUM_REFERENCE_DIR with the recorded traces, and jq")
class Recorded(Case):
    def test_stormer(self):
        told = info(REFERENCE / STORMER)
        for rank, name in ((0, "1"), (1, "3"), (2, "5"), (3, "7")):  # POSIX files of the first four ranks
            counted = count(f"zcat test-trace-dist-{name}.pfw.gz | {EVENTS} | jq -c '{STORAGE}' | jq -s -c '{{"
                            'bytes: (map(select(.name == "pread").args.ret | tonumber) | add), '
                            'large: map(select(.name == "pread" and (.args.ret | tonumber) > 1048576)) | length, '
                            'small: map(select(.name == "pread" and (.args.ret | tonumber) <= 1048576)) | length, '
                            'opens: map(select(.name == "open" or .name == "open64")) | length, '
                            'h5: map(select((.name == "open" or .name == "open64") and (.args.fname | endswith(".h5")))'
                            '.args.fname) | unique | length}\'', REFERENCE / STORMER)
            process = told["processes"][rank]
            self.assertEqual(process["rank"], rank)
            self.assertEqual(process["calls"]["pread"]["bytes"], counted["bytes"])
            self.assertEqual(process["calls"]["pread"]["calls"], counted["large"] + counted["small"])
            self.assertEqual(process["large_reads"], counted["large"])
            self.assertEqual(process["opens"], counted["opens"])
        first = told["processes"][0]  # SOURCES.md; opens and files there, the 3 of .npz included here
        self.assertEqual((counted["bytes"], counted["large"], counted["small"]), (115226870010, 27738, 61908))
        self.assertEqual(first["opens"], 405)
        self.assertEqual(first["files_opened"], 370 + 3)
        self.assertEqual((first["wait"]["count"], first["step"]["count"]), (186, 186))
        self.assertAlmostEqual(first["wait_s"], 54.9, 1)
        self.assertAlmostEqual(first["step_s"], 288.6, 1)
        self.assertAlmostEqual(first["utilization"], 0.84, 3)
        spans = count(f"zcat test-trace-dist-0.pfw.gz | {EVENTS} | jq -s -c '{{"
                      'wait: (map(select(.name == "real_IO.iter").dur | tonumber) | add), '
                      "step: (map(select(.name == \"real_IO.yield\").dur | tonumber) | add)}'", REFERENCE / STORMER)
        self.assertAlmostEqual(first["wait_s"], spans["wait"] / 1e6, 6)
        self.assertAlmostEqual(first["step_s"], spans["step"] / 1e6, 6)
        self.assertEqual(told["reading"]["damaged_lines"], 0)

    def test_ruby(self):
        told = info(REFERENCE / RUBY)
        counted = count(f"zcat test-trace.pfw.gz | {EVENTS} | awk '!seen[$0]++' | jq -c '{STORAGE}' | jq -s -c '{{"
                        'bytes: (map(select(.name == "read").args.ret | tonumber) | add), '
                        'large: map(select(.name == "read" and (.args.ret | tonumber) > 1048576)) | length, '
                        'seeks: map(select(.name == "lseek64")) | length, '
                        'opens: map(select(.name == "open64")) | length, '
                        'closes: map(select(.name == "close")) | length, '
                        'files: map(select(.name == "open64").args.fname) | unique | length}\'', REFERENCE / RUBY)
        job = told["job"]
        self.assertEqual(job["bytes_read"], counted["bytes"])
        self.assertEqual(job["large_reads"], counted["large"])
        self.assertEqual(job["calls"]["lseek64"]["calls"], counted["seeks"])
        self.assertEqual(job["opens"], counted["opens"])
        self.assertEqual(job["closes"], counted["closes"])
        self.assertEqual(job["files_opened"], counted["files"])
        # SOURCES.md counts the opens of samples that were read to their end.
        self.assertEqual((job["bytes_read"], job["files_opened"], job["closes"], job["large_reads"]),
                         (21455286649, 99, 119, 5142))
        self.assertEqual(job["calls"]["lseek64"]["calls"], 81736)
        self.assertAlmostEqual(job["utilization"], 0.07, 2)
        distinct = count(f"zcat test-trace.pfw.gz | {EVENTS} | sort -u | wc -l", REFERENCE / RUBY)
        self.assertEqual((told["reading"]["events"], told["reading"]["duplicate_lines"]), (89054, 93894 - 89054))
        self.assertEqual(distinct, 89054)

    def test_darshan(self):
        text = f"zcat {DARSHAN}parser-base.txt.gz | grep -P '^POSIX\\t'"
        job = info(REFERENCE / (DARSHAN + "parser-base.txt.gz"))["job"]
        for name, counter in (("read", "READS"), ("stat", "STATS")):
            counted = count(f"{text} | awk -F'\\t' '$4 == \"POSIX_{counter}\" && $6 !~ /^\\/(dev|proc|sys|run)\\// "
                            "{n += $5} END {print n}'", REFERENCE)
            self.assertEqual(job["calls"][name]["calls"], counted)
        rows = f"zcat {DARSHAN}dxt-parser.txt.gz | awk '$1 == \"X_POSIX\""
        job = info(REFERENCE / (DARSHAN + "dxt-parser.txt.gz"))["job"]
        self.assertEqual(job["calls"]["pread"]["calls"], count(rows + ' && $3 == "read" {n++} END {print n}\'', REFERENCE))
        self.assertEqual(job["bytes_read"], count(rows + ' && $3 == "read" {n += $6} END {print n}\'', REFERENCE))
        self.assertEqual((job["calls"]["pread"]["calls"], job["bytes_read"]), (1952, 14007376))

    def test_microread(self):
        counted = count(f"zcat test.pfw.gz | {EVENTS} | awk '!seen[$0]++' | jq -c '{STORAGE}' | jq -s -c '{{"
                        'reads: map(select(.name == "read")) | length, '
                        'read: (map(select(.name == "read").args.ret | tonumber) | add), '
                        'writes: map(select(.name == "write")) | length, '
                        'written: (map(select(.name == "write").args.ret | tonumber) | add), '
                        'opens: map(select(.name | startswith("open"))) | length}\'',
                        REFERENCE / "microread_lustre_corona")
        job = info(REFERENCE / "microread_lustre_corona")["job"]
        self.assertEqual((job["calls"]["read"]["calls"], job["bytes_read"]), (counted["reads"], counted["read"]))
        self.assertEqual((job["calls"]["write"]["calls"], job["bytes_written"]), (counted["writes"], counted["written"]))
        self.assertEqual(job["opens"], counted["opens"])
        self.assertGreaterEqual(job["bytes_read"], 1000 * (128 << 10))  # SOURCES.md

    def test_kineto(self):
        counted = count("zcat hta_trace_diff_control.json.gz | jq -c '[.traceEvents[] | select(.cat == \"user_annotation\")"
                        " | select(.name | test(\"DataLoader|ProfilerStep\"))] | {steps: map(select(.name | "
                        "startswith(\"ProfilerStep\"))) | length, waits: map(select(.name | test(\"DataLoader\"))) | "
                        "length, waited: (map(select(.name | test(\"DataLoader\")).dur) | add)}'", REFERENCE / "kineto")
        told = info(REFERENCE / "kineto")
        self.assertEqual(told["processes"][0]["rank"], 3)
        self.assertEqual(told["job"]["step"]["count"], counted["steps"])
        self.assertEqual(told["job"]["wait"]["count"], counted["waits"])
        self.assertAlmostEqual(told["job"]["wait_s"], counted["waited"] / 1e6)

    def test_pipelines_on_calibrated_designs(self):
        """The loop of a recording, as a pipeline on a design made of its own calls, is as busy within 3 points."""
        for name, nodes, measured in ((STORMER, 2, 83.5), (RUBY, 1, 7.1)):
            done = self.run_here("trace", "calibrate", REFERENCE / name, "--salvage", "--mode", "pipeline", "--json",
                                 "--design", f"{name}.yaml")
            self.assertEqual(done.code, FINE, done.err)
            told = json.loads(done.out)
            self.assertAlmostEqual(told["recorded"]["utilization_pct"], measured, 1)
            self.assertAlmostEqual(told["replayed"]["utilization_pct"], measured, delta=3)
            self.write("s.yaml", "schema_version: 1\n"
                                 f"workload: {{trace: {REFERENCE / name}, replay: {{mode: pipeline}}}}\n"
                                 f"cluster: {{instance: p4d.24xlarge, nodes: {nodes}}}\n"
                                 "storage: {system: fsx_scratch_2, capacity: 1.2 TiB}\n")
            run = self.run_here("run", "s.yaml", "--design", f"{name}.yaml", "--json")
            self.assertEqual(run.code, FINE, run.err)
            rows = {row["name"]: row["value"] for row in json.loads(run.out)["replay_check"]}
            self.assertAlmostEqual(rows["measured utilization of the loop"], measured, 1)
            self.assertAlmostEqual(rows["simulated utilization of the loop"], measured, delta=3)

    def test_replays(self):
        """Every recording, in every mode: a finite answer with its notes, or the reason why there is none."""
        no_loop = "no training loop with loader workers"
        traces = {STORMER: {}, RUBY: {},
                  "microread_lustre_corona": {"pipeline": no_loop},
                  DARSHAN + "dxt-parser.txt.gz": {"pipeline": no_loop},
                  DARSHAN + "parser-base.txt.gz": {"pipeline": no_loop},
                  "kineto": {"pipeline": no_loop, "timed": "it names no file on a storage"}}
        for name, refused in traces.items():
            for mode in ("ops", "timed", "pipeline"):
                with self.subTest(name, mode=mode):
                    self.write("s.yaml", f"schema_version: 1\nworkload: {{trace: {REFERENCE}/{name}, "
                                         f"replay: {{mode: {mode}}}}}\ncluster: {{instance: p5.48xlarge, nodes: 2}}\n"
                                         "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB}\n"
                                         "network: {lnd: tcp}\n")
                    outcome = self.run_here("run", "s.yaml", "--json")
                    if mode in refused:
                        self.assert_rejected(outcome, refused[mode])
                        continue
                    self.assertEqual(outcome.code, FINE, outcome.err)
                    result = json.loads(outcome.out, parse_constant=self.fail)  # NaN, Infinity
                    self.assertGreater(result["metrics"]["makespan_s"], 0)
                    self.assertTrue(result["replay_check"])
                    self.assertTrue(result["notes"])
                    if mode == "timed" or name not in (STORMER, RUBY, "kineto"):
                        self.assertIn("GPU utilization cannot be told", "".join(result["warnings"]))
                    else:
                        rows = {row["name"]: row["value"] for row in result["replay_check"]}
                        self.assertTrue(0 < rows["simulated utilization of the loop"] <= 100)
                    if name == "kineto":
                        self.assertIn("the trace names no file on a storage", "".join(result["warnings"]))

    def test_converting_changes_no_total(self):
        for name in (STORMER, RUBY):
            out = self.folder / f"{name}.lustrum.gz"
            outcome = lustrum("trace", "convert", REFERENCE / name, "-o", out)
            self.assertEqual(outcome.code, FINE, outcome.err)
            before, after = info(REFERENCE / name), info(out)
            before.pop("reading"), after.pop("reading")
            self.assertEqual(before, after)


class Samples(Case):
    def test_recorded_here(self):
        """What the recipes do: 48 MiB in each of 2 epochs; 3 checkpoints of 32 MiB, the last two kept; 8 x 40 files."""
        loader = info(SAMPLES / "loader.strace.gz")
        data = [file for file in loader["files"] if file["path"].startswith("/data/train/")]
        self.assertEqual(len(data), 48)
        self.assertEqual({(file["opens"], file["bytes_read"]) for file in data}, {(2, 2 << 20)})
        self.assertEqual(len(loader["processes"]), 1 + 2 * 4)
        checkpoint = info(SAMPLES / "checkpoint.strace.gz")
        self.assertEqual(checkpoint["job"]["bytes_written"], 3 * (32 << 20))
        self.assertEqual(checkpoint["job"]["calls"]["fsync"]["calls"], 12)
        self.assertEqual(checkpoint["job"]["calls"]["unlink"]["calls"], 4)
        listing = info(SAMPLES / "ls_lR.strace.gz")
        stats = sum(file["path"].startswith("/data/tree/folder_") and "/file_" in file["path"]
                    for file in listing["files"])
        self.assertEqual(stats, 8 * 40)
        for name in ("loader", "checkpoint", "ls_lR"):
            text = gzip.open(SAMPLES / f"{name}.strace.gz", "rt").read()
            for word in ("/tmp", "/home", "/root", str(HOME)):
                self.assertNotIn(word, text)

    def test_steps(self):
        told = info("--steps", SAMPLES / "microloader.pfw")
        self.assertEqual(len(told["steps"]), 8)
        self.assertAlmostEqual(sum(step["wait_s"] for step in told["steps"]), told["job"]["wait_s"])
        text = lustrum("trace", "info", "--steps", SAMPLES / "microloader.pfw").out
        self.assertIn("utilization", text)
        self.assertIn("wait before", text)


class Verbs(Case):
    def test_generate_is_deterministic_and_fits_its_settings(self):
        options = ("--ranks", 2, "--files", 32, "--file-size", "10 MiB", "--batch", 2, "--compute", "50 ms")
        for name, seed in (("a", 1), ("b", 1), ("c", 2)):
            outcome = self.run_here("trace", "generate", *options, "--seed", seed, "-o", f"{name}.lustrum")
            self.assertEqual(outcome.code, FINE, outcome.err)
        texts = {name: (self.folder / f"{name}.lustrum").read_bytes() for name in "abc"}
        self.assertEqual(texts["a"], texts["b"])
        self.assertNotEqual(texts["a"], texts["c"])
        job = info("a.lustrum", cwd=self.folder)["job"]
        self.assertEqual((job["opens"], job["bytes_read"], job["step"]["count"]), (32, 32 * (10 << 20), 16))
        self.assert_rejected(self.run_here("trace", "generate", "--ranks", 100, "--file-size", "10", "-o", "x/y"),
                             "--file-size: 10 has no unit", "-o: there is no folder")
        self.assert_rejected(self.run_here("trace", "generate", "--ranks", 100, "-o", "x"), "there is no full batch")
        self.assertFalse((self.folder / "x").exists())

    def test_split(self):
        self.run_here("trace", "generate", "--ranks", 3, "--files", 36, "-o", "a.lustrum.gz")
        outcome = self.run_here("trace", "split", "a.lustrum.gz", "-o", "ranks")
        self.assertEqual(outcome.code, FINE, outcome.err)
        self.assertEqual(sorted(path.name for path in (self.folder / "ranks").iterdir()),
                         [f"rank_000{rank}.lustrum.gz" for rank in range(3)])
        part = info("ranks/rank_0002.lustrum.gz", cwd=self.folder)
        self.assertEqual([process["rank"] for process in part["processes"]], [2])
        outcome = self.run_here("trace", "split", "a.lustrum.gz", "--by", "time", "--window", "100 ms", "--json", "-o", "t")
        records = sum(row["records"] for row in json.loads(outcome.out))
        self.assertEqual(records, info("a.lustrum.gz", cwd=self.folder)["records"])
        self.assert_rejected(self.run_here("trace", "split", "a.lustrum.gz", "-o", "ranks"), "is not empty")
        self.assert_rejected(self.run_here("trace", "split", "a.lustrum.gz", "--window", "5", "-o", "n"), "--window")

    def test_damage(self):
        good = (SAMPLES / "microloader.pfw").read_text().splitlines(keepends=True)
        self.write("cut.pfw", "".join(good[:20]) + good[20][:50])
        place = "cut.pfw:21:51: cut off: {"
        self.assert_rejected(self.run_here("trace", "info", "cut.pfw"), place, "whole: ", "--salvage")
        self.assert_rejected(self.run_here("trace", "convert", "cut.pfw", "-o", "o.lustrum"), place)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["cut.pfw"])
        saved = self.run_here("trace", "info", "--json", "--salvage", "cut.pfw")
        self.assertEqual(saved.code, FINE, saved.err)
        self.assertEqual(json.loads(saved.out)["reading"]["damage"],
                         [{"file": "cut.pfw", "line": 21, "column": 51, "reason": "cut off"}])
        self.assertIn(place, self.run_here("trace", "info", "--salvage", "cut.pfw").err)

    def test_cut_gzip(self):
        whole = gzip.compress((SAMPLES / "microloader.pfw").read_bytes())
        (self.folder / "cut.pfw.gz").write_bytes(whole[:len(whole) // 2])
        self.assert_rejected(self.run_here("trace", "info", "cut.pfw.gz"), "unexpected end of gzip data in cut.pfw.gz")
        self.assertEqual(self.run_here("trace", "info", "--salvage", "cut.pfw.gz").code, FINE)

    def test_bad_input(self):
        self.write("notes.txt", "this is no trace\n")
        self.assert_rejected(self.run_here("trace"), "`lustrum trace` needs a command", "info, convert, generate, split")
        self.assert_rejected(self.run_here("trace", "inof", "x"), "did you mean `info`?")
        self.assert_rejected(self.run_here("trace", "info"), "trace is required")
        self.assert_rejected(self.run_here("trace", "info", "none.pfw"), "no such file: `none.pfw`")
        self.assert_rejected(self.run_here("trace", "info", "notes.txt"), "`notes.txt` is no trace that Lustrum knows")
        self.assert_rejected(self.run_here("trace", "info", "."), "no trace in folder `.`")
        self.assert_rejected(self.run_here("trace", "info", "--large-read", "4", "x"), "--large-read")
        sample = SAMPLES / "microloader.pfw"
        self.assert_rejected(self.run_here("trace", "convert", sample), "--out is required")
        self.assert_rejected(self.run_here("trace", "convert", sample, "-o", "none/a"), "there is no folder")
        self.assert_rejected(self.run_here("trace", "convert", sample, "-o", sample), "is also an input")
        self.assert_rejected(self.run_here("trace", "split", sample, "--by", "colour", "-o", "o"), "colour")


if __name__ == "__main__":
    unittest.main()
