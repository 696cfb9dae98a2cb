"""How the tests of the command line start the binary: LUSTRUM_BINARY (a build) with LUSTRUM_HOME (the repository)."""
import os
import subprocess
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path

HOME = Path(os.environ.get("LUSTRUM_HOME") or Path(__file__).resolve().parents[2])
BINARY = os.environ.get("LUSTRUM_BINARY") or str(HOME / "build/release/cli/lustrum")
GOLDEN = Path(__file__).resolve().parent / "golden"
LIMIT_S = 120  # far more than any case takes: a run that hangs must not stop the tests for ever

FINE, BAD_INPUT, UNFINISHED = 0, 2, 3


@dataclass
class Outcome:
    code: int
    out: str
    err: str


def environment(**changes):
    """The environment of a run: nobody's locale or colours. A change to None takes a variable away."""
    variables = {**os.environ, "LUSTRUM_HOME": str(HOME), "LC_ALL": "C.UTF-8", "TERM": "xterm", **changes}
    if "NO_COLOR" not in changes:
        variables.pop("NO_COLOR", None)
    return {name: value for name, value in variables.items() if value is not None}


def lustrum(*arguments, cwd=HOME, binary=BINARY, **changes):
    done = subprocess.run([binary, *map(str, arguments)], cwd=cwd, env=environment(**changes), timeout=LIMIT_S,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def scenario(workload="dlio: {home}/configs/workloads/resnet50_h100.yaml, set: {{dataset.num_files_train: 32}}",
             instance="p5.48xlarge", capacity="9.6 TiB", network="{lnd: tcp}", run="{epochs: 1}"):
    """The text of a small scenario: one node on FSx."""
    return (f"schema_version: 1\n"
            f"workload: {{{workload.format(home=HOME)}}}\n"
            f"cluster: {{instance: {instance}, nodes: 1}}\n"
            f"storage: {{system: fsx_persistent_2_1000, capacity: {capacity}}}\n"
            f"network: {network}\n"
            f"run: {run}\n")


class Case(unittest.TestCase):
    """A test with an empty folder of its own, self.folder."""
    maxDiff = None

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="lustrum_cli_")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return name

    def run_here(self, *arguments, **changes):
        return lustrum(*arguments, cwd=self.folder, **changes)

    def assert_rejected(self, outcome, *fragments, code=BAD_INPUT):
        """Exit code, nothing on stdout, each fragment in the message."""
        self.assertEqual(outcome.code, code, outcome.err)
        self.assertEqual(outcome.out, "")
        for fragment in fragments:
            self.assertIn(fragment, outcome.err)

    def assert_golden(self, text, name):
        self.assertEqual(text, (GOLDEN / name).read_text(), f"tests/cli/golden/{name} is what was expected")
