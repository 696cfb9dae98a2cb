"""Bad input: exit 2, nothing on stdout, nothing written, and a message that says where and what to do."""
import os
import re
import unittest

from binary import BAD_INPUT, HOME, UNFINISHED, Case, lustrum, scenario

FIVE_ERRORS = """schema_version: 1
workload:
  dlio: {home}/configs/workloads/resnet50_h100.yaml
cluster:
  instance: p5.48xlage
  nodes: 0
storage:
  system: fsx_persistent_2_1000
  capacity: 9.6 TiB/s
  capcity: 9.6 TiB
run:
  seed: 1
  seed: 2
"""


class BadInput(Case):
    def test_missing_file(self):
        self.assert_rejected(lustrum("run", "nope.yaml"), "error[E110]: cannot read `nope.yaml`: there is no such file")
        self.assert_rejected(lustrum("run", "configs"), "cannot read `configs`: it is a folder")

    def test_five_errors_in_one_go(self):
        self.write("five.yaml", FIVE_ERRORS.format(home=HOME))
        outcome = self.run_here("run", "five.yaml", "--out", "out")
        self.assert_rejected(outcome)
        # The catalog may grow.
        self.assert_golden(re.sub(r"there are `.*`", "there are `...`", outcome.err), "five_errors.txt")
        self.assertEqual(os.listdir(self.folder), ["five.yaml"])

    def test_no_colour_in_messages_of_a_pipe(self):
        self.write("bad.yaml", "schema_version: 1\nx: 1\n")
        self.assertNotIn("\x1b", self.run_here("run", "bad.yaml").err)

    def test_empty_and_broken_files(self):
        for text, message in (("", "the file is empty"), ("a: [1", "not valid YAML"), ("- 1\n", "E105")):
            with self.subTest(text=text):
                self.write("bad.yaml", text)
                self.assert_rejected(self.run_here("run", "bad.yaml"), message, "bad.yaml")

    def test_missing_workload_file(self):
        self.write("s.yaml", scenario(workload="dlio: nowhere.yaml"))
        self.assert_rejected(self.run_here("run", "s.yaml"), "nowhere.yaml", "s.yaml:2:", "^")

    def test_out_that_cannot_be_a_folder(self):
        self.write("s.yaml", scenario())
        self.write("taken", "mine")
        for place in ("taken", "taken/deeper"):
            self.assert_rejected(self.run_here("run", "s.yaml", "--out", place), "error: --out", "is not a folder")
        self.assertEqual((self.folder / "taken").read_text(), "mine")
        self.assert_rejected(self.run_here("run", "s.yaml", "--out", "/proc/lustrum"), "error: --out: cannot write to")

    def test_one_mistake_is_one_error(self):
        for capacity in ("5 GB/s", "999999999 TiB"):
            self.write("s.yaml", scenario(capacity=capacity))
            outcome = self.run_here("run", "s.yaml")
            self.assertEqual((outcome.code, outcome.err.count("error[")), (BAD_INPUT, 1), outcome.err)
        self.write("s.yaml", scenario().replace("fsx_persistent_2_1000, capacity: 9.6 TiB", "nosuch"))
        outcome = self.run_here("run", "s.yaml")
        self.assertEqual((outcome.code, outcome.err.count("error[")), (BAD_INPUT, 1), outcome.err)
        self.write("s.yaml", scenario(workload="mdtest: {{items_per_rank: 200}}"))
        self.assert_rejected(self.run_here("run", "s.yaml"), "did you mean `items`?")


class BadTrace(Case):
    """An unreadable trace is the user's input, not a run that failed. Those marked end with exit 3 today."""

    def rejected(self, trace, *fragments):
        self.write("s.yaml", scenario(workload=f"trace: {trace}"))
        outcome = self.run_here("run", "s.yaml", "--out", "out")
        self.assertFalse((self.folder / "out").exists())
        self.assert_rejected(outcome, *fragments)

    def test_no_such_file(self):
        self.rejected("missing.pfw", "error[E110]", "missing.pfw", "s.yaml:2:19", "^^^^^^^^^^^")

    def test_second_of_a_list_is_missing(self):
        self.write("a.pfw", "[\n")
        self.rejected("[a.pfw, missing.pfw]", "missing.pfw")

    def test_folder_without_traces(self):
        (self.folder / "nothing").mkdir()
        self.rejected("nothing", "nothing")

    def test_file_that_is_no_trace(self):
        self.write("bad.pfw", "this is no trace\n")
        self.rejected("bad.pfw", "bad.pfw")

    def test_empty_file(self):
        self.write("empty.pfw", "")
        self.rejected("empty.pfw", "empty.pfw")


class Unfinished(Case):
    def test_event_limit_names_what_waits(self):
        self.write("s.yaml", scenario(run="{epochs: 1, event_limit: 2000}"))
        outcome = self.run_here("run", "s.yaml", "--out", "out")
        self.assert_rejected(outcome, "error: the event limit of 2000 was reached at t = ", "with these waiting:",
                             "`client fetching`", "rpc_slots", code=UNFINISHED)
        self.assertFalse(outcome.err.endswith("\n\n"))
        self.assertFalse((self.folder / "out").exists())


if __name__ == "__main__":
    unittest.main()
