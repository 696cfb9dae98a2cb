"""The command line itself: version, help, mistakes in what was typed."""
import json
import subprocess
import unittest

from binary import BINARY, FINE, UNFINISHED, Case, environment, lustrum, scenario

VERBS = ("run", "validate", "bench", "schema", "metrics", "trace", "catalog", "compare")


class Usage(Case):
    def test_version(self):
        outcome = lustrum("--version")
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        self.assertRegex(outcome.out, r"\A\d+\.\d+\.\d+\n\Z")

    def test_help_is_the_result_of_asking_for_it(self):
        outcome = lustrum("--help")
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        for verb in VERBS:
            self.assertIn(f"\n  {verb} ", outcome.out)
        for word in ("lustrum run configs/quickstart.yaml", "9.6 TiB", "Exit codes"):
            self.assertIn(word, outcome.out)

    def test_help_of_each_verb_has_an_example_and_names_units(self):
        deeper = (("bench", "kernel"), *(("trace", word) for word in ("info", "convert", "generate", "split")),
                  *(("catalog", word) for word in ("list", "show", "check")))
        for words in (*((verb,) for verb in VERBS), *deeper):
            with self.subTest(words=words):
                outcome = lustrum(*words, "--help")
                self.assertEqual((outcome.code, outcome.err), (FINE, ""))
                self.assertRegex(outcome.out, r"Examples?:\s+lustrum " + " ".join(words))
                self.assertRegex(outcome.out, r"TiB|MiB")
                self.assertEqual(lustrum(*words, "-h").out, outcome.out)

    def test_unknown_verb(self):
        self.assert_rejected(lustrum("rnu", "x.yaml"), "error: unknown command `rnu`: did you mean `run`?\n",
                             "known: run, validate, bench, schema, metrics, trace, catalog, compare\n")
        self.assert_rejected(lustrum("rnu", "--help"), "did you mean `run`?")
        self.assert_rejected(lustrum("zzzzzz"), "error: unknown command `zzzzzz`\nknown: ")
        self.assert_rejected(lustrum("bench", "kernl"), "error: unknown command `kernl`: did you mean `kernel`?")

    def test_unknown_option(self):
        self.assert_rejected(lustrum("run", "configs/quickstart.yaml", "--jsn"),
                             "error: unknown option `--jsn`: did you mean `--json`?", "see: lustrum run --help")
        self.assert_rejected(lustrum("--verison"), "unknown option `--verison`: did you mean `--version`?")

    def test_something_missing_or_too_much(self):
        self.assert_rejected(lustrum(), "error: `lustrum` needs a command", "known: run")
        self.assert_rejected(lustrum("bench"), "error: `lustrum bench` needs a command", "known: kernel")
        self.assert_rejected(lustrum("run"), "error: scenario is required", "see: lustrum run --help")
        self.assert_rejected(lustrum("run", "a.yaml", "b.yaml"), "error: unexpected argument `b.yaml`")

    def test_wrong_values_of_options(self):
        for seed in ("abc", "-1", "1.5", "", "99999999999999999999999"):
            with self.subTest(seed=seed):
                self.assert_rejected(lustrum("run", "configs/quickstart.yaml", f"--seed={seed}"), "--seed", seed)
        self.assert_rejected(lustrum("run", "configs/quickstart.yaml", "--data-path", "magic"),
                             "--data-path", "magic", "stations", "simgrid")

    def test_schema_lists_keys_with_unit_range_default_source(self):
        outcome = lustrum("schema")
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        for text in ("storage: ", "\n  capacity\n", "size, at least 1 B; required\n", "time, between 0 s and 277.8 h; default 190 ms\n", "source: "):
            self.assertIn(text, outcome.out)

    def test_schema_of_one_version_of_lustre(self):
        self.assertIn("default 2.10: 3900 s; 2.16: 600 s\n", lustrum("schema").out)
        newest = lustrum("schema", "--lustre-version", "2.17").out
        self.assertIn("\n  ldlm.namespaces.lru_max_age\n", newest)
        self.assertIn("time, at least 1 ms; default 600 s\n", newest)
        self.assert_rejected(lustrum("schema", "--lustre-version", "2.14"), "--lustre-version", "2.14", "2.15")

    def test_metrics_defines_the_numbers_of_a_result(self):
        listed = lustrum("metrics").out
        metrics = json.loads(self.run_here("run", self.write("s.yaml", scenario()), "--json").out)["metrics"]
        for key in metrics:
            self.assertIn(f"metrics.{key}", listed)

    def test_output_that_does_not_arrive_is_no_success(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BINARY, "schema"], stdout=full, stderr=subprocess.PIPE, env=environment(),
                                  check=False)
        self.assertEqual(done.returncode, UNFINISHED)
        self.assertIn(b"error: cannot write to", done.stderr)

    def test_without_catalog_it_says_what_to_set(self):
        name = self.write("s.yaml", scenario())
        self.assert_rejected(self.run_here("run", name, LUSTRUM_HOME=str(self.folder)),
                             "error: the catalog is not at", "LUSTRUM_HOME")
        self.assert_rejected(self.run_here("run", name, LUSTRUM_HOME=None), "LUSTRUM_HOME")


if __name__ == "__main__":
    unittest.main()
