"""Scenario + seed + version give the same bytes, whatever the optimizer did.

    determinism_test.py Repeat          the same binary twice; other seeds
    determinism_test.py OtherBuild      against LUSTRUM_DEV_BINARY (-O1); exit 77 (skipped) when it is not set
"""
import os
import sys
import unittest

from binary import BINARY, FINE, HOME, Case, lustrum, scenario

SKIPPED = 77
RANDOM_SIZES = scenario("dlio: {home}/configs/workloads/unet3d_h100.yaml, set: {{dataset.num_files_train: 280}}")
REPLAY = scenario("trace: {home}/traces/samples/microloader.pfw")


class Deterministic(Case):
    def json_of(self, *arguments, **options):
        outcome = lustrum("run", *arguments, "--json", **options)
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        return outcome.out

    def scenarios(self):
        yield HOME / "configs/quickstart.yaml"
        for name, text in (("random_sizes.yaml", RANDOM_SIZES), ("replay.yaml", REPLAY)):
            yield self.folder / self.write(name, text)


class Repeat(Deterministic):
    def test_same_seed_same_bytes(self):
        for path in self.scenarios():
            with self.subTest(scenario=path.name):
                # Also not of the environment, the working directory or whether addresses are shuffled.
                self.assertEqual(self.json_of(path), self.json_of(path, LC_ALL="C", cwd=self.folder, EXTRA="x" * 5000))

    def test_another_seed_another_run(self):
        self.write("s.yaml", RANDOM_SIZES)
        path = self.folder / "s.yaml"
        metrics = {self.json_of(path, "--seed", seed).split('"stalls"')[0] for seed in (1, 2, 3)}
        self.assertEqual(len(metrics), 3)

    def test_seed_of_the_command_line_is_that_of_the_file(self):
        self.write("s.yaml", RANDOM_SIZES.replace("run: {", "run: {seed: 5, "))
        path = self.folder / "s.yaml"
        self.assertEqual(self.json_of(path), self.json_of(path, "--seed", "5"))
        self.assertNotEqual(self.json_of(path), self.json_of(path, "--seed", "6"))


class OtherBuild(Deterministic):
    def test_same_bytes_from_both(self):
        other = os.environ["LUSTRUM_DEV_BINARY"]
        self.assertNotEqual(os.path.realpath(other), os.path.realpath(BINARY))
        for path in self.scenarios():
            with self.subTest(scenario=path.name):
                self.assertEqual(self.json_of(path), self.json_of(path, binary=other))


if __name__ == "__main__":
    if sys.argv[1:] == ["OtherBuild"] and not os.environ.get("LUSTRUM_DEV_BINARY"):
        print("skipped: LUSTRUM_DEV_BINARY is not set")
        sys.exit(SKIPPED)
    unittest.main()
