"""configs/questions: each scenario runs, prints what its header names, and gives the answer that the header claims."""
import concurrent.futures
import json
import re
import time
import unittest

from binary import FINE, HOME, lustrum

FOLDER = HOME / "configs/questions"
QUESTIONS = 25
MOST_S = 30  # seconds of wall clock for one of them on a busy machine; they are meant to take less than 5
MEBI = 1 << 20


def run(path):
    begin = time.monotonic()
    outcome = lustrum("run", path, "--json")
    return path.stem, outcome, time.monotonic() - begin


def named_values(document, path):
    """All values at a path such as phases[].rate."""
    values = [document]
    for key in path.split("."):
        name, listed = key.removesuffix("[]"), key.endswith("[]")
        values = [value[name] for value in values if value is not None]
        if listed:
            values = [item for value in values for item in value]
    return values


def rate(document, name, job=None):
    rows = [row for row in document["phases"] if row["name"] == name and job in (None, row["job"])]
    assert len(rows) == 1, (name, job, document["phases"])
    return rows[0]["rate"]


class Questions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.yaml"))}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(run, sorted(FOLDER.glob("*.yaml"))))
        cls.outcomes = {name: outcome for name, outcome, _ in runs}
        cls.seconds = {name: taken for name, _, taken in runs}
        cls.results = {name: json.loads(outcome.out) for name, outcome, _ in runs if outcome.code == FINE}

    def result(self, prefix):
        """The result of the one scenario that begins so, `04b`."""
        found = [name for name in self.texts if name.startswith(prefix + "_")]
        self.assertEqual(len(found), 1, prefix)
        return self.results[found[0]]

    def test_every_question_has_a_scenario(self):
        numbers = {int(re.match(r"\d+", name).group()) for name in self.texts}
        self.assertEqual(numbers, set(range(1, QUESTIONS + 1)))

    def test_every_scenario_runs_without_a_word_of_warning_about_its_input(self):
        for name, outcome in self.outcomes.items():
            with self.subTest(scenario=name):
                self.assertEqual((outcome.code, outcome.err), (FINE, ""))
                self.assertLess(self.seconds[name], MOST_S)
                self.assertEqual(self.results[name]["name"], name)

    def test_headers_name_what_to_look_at(self):
        for name, text in self.texts.items():
            with self.subTest(scenario=name):
                header = text.split("schema_version")[0]
                self.assertRegex(header, rf"^# Question {int(re.match(r'[0-9]+', name).group())}[:, ]")
                named = re.search(r"^# answer: (.+)$", header, re.MULTILINE)
                self.assertIsNotNone(named, "no line `# answer: ...`")
                for path in named.group(1).split(", "):
                    values = named_values(self.results[name], path)
                    self.assertTrue(any(value is not None for value in values), path)

    # --- what the headers claim, as relations ------------------------------------------------------------------------

    def test_01_the_causes_of_idle_gpus_are_told_apart(self):
        for prefix, cause in (("01", "disk_pct"), ("01b", "decode_pct"), ("01c", "step_overhead_pct")):
            stalls = self.result(prefix)["stalls"]
            self.assertEqual(max((key for key in stalls if key != "compute_pct"), key=stalls.get), cause, prefix)
            self.assertFalse(self.result(prefix)["metrics"]["au_pass"])

    def test_02_stripes_speed_up_one_large_file(self):
        one, eight, progressive = (self.result(prefix) for prefix in ("02", "02b", "02c"))
        self.assertGreater(rate(eight, "read", "one_file"), 4 * rate(one, "read", "one_file"))
        self.assertGreater(rate(progressive, "read", "one_file"), 4 * rate(one, "read", "one_file"))
        self.assertLess(rate(eight, "read", "many_files"), 4 * rate(one, "read", "many_files"))

    def test_03_enough_storage_is_cheaper_per_epoch(self):
        small, enough, other = (self.result(prefix) for prefix in ("03", "03b", "03c"))
        for more in (enough, other):
            self.assertGreater(more["metrics"]["au_mean_pct"], small["metrics"]["au_mean_pct"])
            self.assertLess(more["cost"]["per_epoch_usd"], small["cost"]["per_epoch_usd"])

    def test_04_efa_feeds_what_tcp_cannot(self):
        tcp, efa, gds = (self.result(prefix)["metrics"]["au_mean_pct"] for prefix in ("04", "04b", "04c"))
        self.assertGreater(efa, 3 * tcp)
        self.assertGreater(gds, 3 * tcp)
        self.assertIn("flow", self.result("04")["bottleneck"]["name"])

    def test_05_data_on_efa_metadata_on_tcp(self):
        document = self.result("05")
        efa, tcp = document["networks"]
        self.assertEqual((efa["name"], efa["metadata_rpcs"], tcp["name"], tcp["data_rpcs"]), ("efa", 0, "tcp", 0))
        self.assertEqual(efa["data_rpcs"] + tcp["metadata_rpcs"], document["metrics"]["rpcs"])
        self.assertEqual(tcp["metadata_rpcs"], document["metrics"]["metadata_rpcs"])
        # 16 files of a GiB are written, and read by others.
        self.assertEqual((efa["read_bytes"], efa["written_bytes"]), (16384 * MEBI, 16384 * MEBI))
        self.assertLess(tcp["read_bytes"] + tcp["written_bytes"], MEBI)

    def test_06_what_moves_at_a_time_decides_the_preload(self):
        fsx, lustre = self.result("06")["hsm"], self.result("06b")["hsm"]
        self.assertEqual(fsx["restored_bytes"], 37000 * 9_320_000)
        self.assertGreater(fsx["preload_s"], 250)
        self.assertLess(fsx["preload_s"], 500)  # 300 to 360 s were measured
        self.assertGreater(lustre["preload_s"], 5 * fsx["preload_s"])

    def test_07_only_the_first_epoch_loads(self):
        lazy, preloaded = self.result("07")["metrics"]["epoch_time_s"], self.result("07b")["metrics"]["epoch_time_s"]
        self.assertGreater(lazy[0], 5 * lazy[1])
        self.assertLess(preloaded[0], 1.2 * preloaded[1])

    def test_08_files_in_s3_make_a_start_slow(self):
        self.assertGreater(self.result("08")["phases"][0]["time_s"], 10 * self.result("08b")["phases"][0]["time_s"])

    def test_09_what_lasts_on_hard_disks_is_their_baseline(self):
        spent, burst, faster = (self.result(prefix)["metrics"] for prefix in ("09", "09b", "09c"))
        self.assertLessEqual(spent["throughput_mib_per_s"], 36 * 12)
        self.assertGreater(spent["throughput_mib_per_s"], 0.9 * 36 * 12)
        self.assertGreater(burst["au_mean_pct"], 2 * spent["au_mean_pct"])
        self.assertGreater(faster["au_mean_pct"], 2 * spent["au_mean_pct"])
        first, second = self.result("09d")["metrics"]["au_per_epoch_pct"]
        self.assertAlmostEqual(first, spent["au_mean_pct"], delta=2)
        self.assertGreater(second, 90)

    def test_10_one_writer_is_slower_than_sixteen(self):
        document = self.result("10")
        stall_s = document["metrics"]["makespan_s"] * document["stalls"]["checkpoint_pct"] / 100
        self.assertEqual(document["metrics"]["write_bytes"], 2 * 20_000_000_000)
        self.assertGreater(stall_s / 2, 3 * self.result("10b")["phases"][0]["time_s"])

    def test_11_a_file_per_rank_beats_a_shared_one(self):
        document = self.result("11")
        own, blocks, strided = (rate(document, "write", job) for job in ("per_rank", "shared_blocks", "shared_strided"))
        self.assertGreater(own, blocks)
        self.assertGreater(blocks, 2 * strided)

    def test_12_shards_save_metadata(self):
        small, shards = self.result("12"), self.result("12b")
        self.assertGreater(shards["metrics"]["samples_per_s"], 1.5 * small["metrics"]["samples_per_s"])
        self.assertGreater(small["metrics"]["metadata_rpcs"], 500 * shards["metrics"]["metadata_rpcs"])
        self.assertEqual(small["bottleneck"]["class"], "mdt_iops")

    def test_13_twice_the_metadata_iops_halve_the_storm(self):
        for row, other in zip(self.result("13")["phases"], self.result("13b")["phases"]):
            self.assertAlmostEqual(row["time_s"] / other["time_s"], 2, delta=0.1)

    def test_14_statahead_hides_round_trips_and_saves_none(self):
        ahead, without = self.result("14"), self.result("14b")
        self.assertGreater(without["phases"][0]["time_s"], 5 * ahead["phases"][0]["time_s"])
        self.assertEqual(without["metrics"]["rpcs"], ahead["metrics"]["rpcs"])
        self.assertEqual(ahead["bottleneck"]["class"], "mdt_iops")  # and not the glimpses that follow

    def test_15_slots_are_for_small_rpcs_and_read_ahead_for_large_reads(self):
        default, slots, no_read_ahead = (self.result(prefix) for prefix in ("15", "15b", "15c"))
        self.assertGreater(rate(slots, "read", "small_random"), 1.5 * rate(default, "read", "small_random"))
        self.assertAlmostEqual(rate(slots, "read", "large") / rate(default, "read", "large"), 1, delta=0.05)
        self.assertLess(rate(no_read_ahead, "read", "large"), 0.7 * rate(default, "read", "large"))

    def test_16_one_server_is_one_flow_of_5_gbit_per_s(self):
        document = self.result("16")
        for phase in ("write", "read"):
            self.assertLessEqual(rate(document, phase), 5e9 / 8 / MEBI)
            self.assertGreater(rate(document, phase), 0.95 * 5e9 / 8 / MEBI)

    def test_17_random_faults_are_slow(self):
        document = self.result("17")
        for job in ("mmap_in_order", "read", "direct"):
            self.assertGreater(rate(document, "read", job), 20 * rate(document, "read", "mmap_random"))

    def test_18_one_stripe_is_full_when_its_ost_is(self):
        one, striped = self.result("18")["metrics"], self.result("18b")["metrics"]
        self.assertEqual(one["errors"], 1)  # IOR aborts
        said = " ".join(self.result("18")["warnings"])
        self.assertRegex(said, r"IOR aborted after \d+\.?\d* s, .*: ENOSPC in phase `write`")
        self.assertRegex(said, r"1 of 4 OSTs is full, the first OST000[0-3]; the emptiest has \d+\.?\d* GiB free")
        free = 4.8 * 2**40 / 4 * 0.02  # of one of four OSTs
        self.assertAlmostEqual(one["write_bytes"] / free, 1, delta=0.05)
        self.assertEqual((striped["errors"], striped["write_bytes"]), (0, 53_000_000_000))

    def test_19_a_small_file_costs_four_rpcs(self):
        metrics = self.result("19")["metrics"]
        self.assertEqual(metrics["rpcs"] - metrics["metadata_rpcs"], 2 * metrics["files_opened"])
        self.assertAlmostEqual(metrics["metadata_rpcs"] / metrics["files_opened"], 2, delta=0.01)

    def test_20_an_epoch_is_cached_when_it_fits(self):
        cached, large, shuffled = (self.result(prefix)["metrics"] for prefix in ("20", "20b", "20c"))
        self.assertAlmostEqual(cached["fetched_bytes"] / cached["read_bytes"], 1 / 3, delta=0.01)
        self.assertGreater(large["fetched_bytes"], 0.95 * large["read_bytes"])
        self.assertGreater(large["epoch_time_s"][1], 2 * cached["epoch_time_s"][1])
        self.assertGreater(shuffled["fetched_bytes"], 1.5 * cached["fetched_bytes"])

    def test_21_after_the_burst_comes_the_baseline(self):
        row = self.result("21")["phases"][0]
        self.assertAlmostEqual(row["rate_min"], 4.8 * 125, delta=3)
        self.assertGreater(row["rate_max"], 3 * row["rate_min"])
        self.assertTrue(any("burst credit of the disks" in note and "last 1.2 min" in note
                            for note in self.result("21")["notes"]))

    def test_22_a_server_that_fails_costs_time_and_nothing_else(self):
        for name, takeover_s in (("22", 180), ("22b", 30)):
            result = self.result(name)
            self.assertEqual(result["metrics"]["errors"], 0)
            self.assertEqual(len(result["faults"]), 1)
            fault = result["faults"][0]
            self.assertAlmostEqual(fault["recovered_s"] - fault["at_s"], takeover_s, delta=1)
            stalls = result["stalls"]
            self.assertEqual(max((key for key in stalls if key != "compute_pct"), key=stalls.get), "failure_pct")
        self.assertGreater(self.result("22")["metrics"]["makespan_s"] - self.result("22b")["metrics"]["makespan_s"], 140)

    def test_23_a_token_bucket_filter_shields_the_training(self):
        noisy, shielded = self.result("23"), self.result("23b")
        self.assertGreater(shielded["metrics"]["au_mean_pct"], noisy["metrics"]["au_mean_pct"] + 20)
        # One server with two partitions, RPCs of 4 MiB; writes and reads are classes of one job.
        self.assertLess(rate(shielded, "write", "neighbour"), 0.5 * rate(noisy, "write", "neighbour"))

    def test_24_idle_gpus_cost_more_than_storage(self):
        self.assertLess(self.result("24b")["cost"]["per_epoch_usd"], self.result("24")["cost"]["per_epoch_usd"])
        self.assertGreater(self.result("24b")["cost"]["per_hour_usd"], self.result("24")["cost"]["per_hour_usd"])
        copies = self.result("24c")["metrics"]["epoch_time_s"]
        self.assertLess(copies[1], self.result("24")["metrics"]["epoch_time_s"][1])

    def test_25_too_small_a_file_system_restores_every_epoch(self):
        small, enough = self.result("25"), self.result("25b")
        self.assertGreater(small["metrics"]["epoch_time_s"][1], 3 * enough["metrics"]["epoch_time_s"][1])
        self.assertEqual(enough["hsm"]["releases"], 0)
        self.assertLessEqual(enough["hsm"]["restores"], 1680)
        self.assertGreater(small["hsm"]["restores"], 1.5 * 1680)

    def test_readme_lists_every_scenario(self):
        readme = (FOLDER / "README.md").read_text()
        for name in self.texts:
            self.assertIn(f"({name}.yaml)", readme)


if __name__ == "__main__":
    unittest.main()
