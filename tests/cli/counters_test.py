"""`lustrum run --counters`: Lustre's counter files agree with one another and with the result."""
import json
import math
import re
import unittest
from collections import Counter

from binary import FINE, Case
from lustre_counters import (read_agents, read_histograms, read_interfaces, read_jobs, read_latencies, read_peers,
                             read_stats, read_stripes, read_values)

SCENARIO = """schema_version: 1
cluster: {{instance: p5.48xlarge, nodes: {nodes}}}
storage: {{system: fsx_persistent_2_1000, capacity: {capacity}}}
network: {{lnd: tcp}}
{jobs}
"""
# Writes 96 MiB and reads them back from the servers: all caches are emptied in between.
IOR = ("ior: {ranks_per_client: 2, block_size: 8 MiB, transfer_size: 256 KiB, segments: 3, file_per_process: true, "
       "fsync: true, drop_caches: true, keep_file: true}")
IOR_BYTES = 2 * 2 * 3 * 8 * 2**20
MDTEST = "mdtest: {ranks_per_client: 2, items: 20, unique_dir_per_task: true}"
MDTEST_FILES = 2 * 20


class Counters(Case):
    def run_with_counters(self, text):
        self.write("s.yaml", text)
        outcome = self.run_here("run", "s.yaml", "--json", "--counters", "counters")
        self.assertEqual((outcome.code, outcome.err), (FINE, ""))
        self.tree = self.folder / "counters"
        return json.loads(outcome.out)

    def files(self, pattern):
        found = sorted(self.tree.glob(pattern))
        self.assertTrue(found, pattern)
        return {path: path.read_text() for path in found}

    def stats(self, pattern):
        """Samples and sums of all these files together."""
        samples, sums = Counter(), Counter()
        for text in self.files(pattern).values():
            for name, sample in read_stats(text).items():
                samples[name] += sample.samples
                sums[name] += sample.sum
                self.assertLessEqual(sample.min * sample.samples, sample.sum)
                self.assertGreaterEqual(sample.max * sample.samples, sample.sum)
        return samples, sums

    def rpcs(self, pattern, block):
        """Reads and writes that these histograms count."""
        reads = writes = 0
        for text in self.files(pattern).values():
            histogram = read_histograms(text)[1][block]
            reads += sum(histogram.read.values())
            writes += sum(histogram.write.values())
        return reads, writes


class TwoJobs(Counters):
    """An IOR job on two clients and an mdtest job on a third one."""

    def setUp(self):
        super().setUp()
        self.result = self.run_with_counters(SCENARIO.format(
            nodes=3, capacity="2.4 TiB",
            jobs=f"jobs:\n  - {{name: ior, nodes: 2, workload: {{{IOR}}}}}\n"
                 f"  - {{name: small files, nodes: 1, workload: {{{MDTEST}}}}}"))

    def test_bytes_are_the_same_everywhere(self):
        # Transfers are whole pages, every byte is written once and read once after the caches are emptied: clients'
        # calls, their RPCs, what the servers served, and the result count the same bytes.
        metrics = self.result["metrics"]
        self.assertEqual((metrics["read_bytes"], metrics["write_bytes"]), (IOR_BYTES, IOR_BYTES))
        for pattern in ("client*/llite/*/stats", "client*/osc/*/stats", "oss*/obdfilter/*/stats"):
            with self.subTest(files=pattern):
                sums = self.stats(pattern)[1]
                self.assertEqual((sums["read_bytes"], sums["write_bytes"]), (IOR_BYTES, IOR_BYTES))

    def test_rpcs_are_the_same_everywhere(self):
        osc = self.rpcs("client*/osc/*/rpc_stats", "pages per rpc")
        self.assertEqual(min(osc) > 0, True)
        for block in ("rpcs in flight", "offset", "RPC latency (us)"):
            self.assertEqual(self.rpcs("client*/osc/*/rpc_stats", block), osc, block)
        self.assertEqual(self.rpcs("oss*/obdfilter/*/brw_stats", "pages per bulk r/w"), osc)
        for pattern, read, write in (("client*/osc/*/stats", "ost_read", "ost_write"),
                                     ("oss*/obdfilter/*/stats", "read", "write"),
                                     ("oss*/ost/OSS/ost_io/stats", "ost_read", "ost_write")):
            samples = self.stats(pattern)[0]
            self.assertEqual((samples[read], samples[write]), osc, pattern)
        self.assertEqual(self.stats("oss*/ost/OSS/ost_io/stats")[0]["req_waittime"], sum(osc))

    def test_latencies_by_size_count_every_rpc_once(self):
        # The same RPCs as in rpc_stats: by size, and those of each size by time. A size n K holds more than n/2 K.
        counts = Counter()
        least = most = 0
        for path, text in self.files("client*/osc/*/io_latency_stats").items():
            rows = read_latencies(text)
            pages = read_histograms((path.parent / "rpc_stats").read_text())[1]["pages per rpc"]
            for way, histogram in (("rd", pages.read), ("wr", pages.write)):
                for kib, times in rows[way].items():
                    self.assertEqual(sum(times.values()), histogram[kib // 4])
                    self.assertTrue(all(math.log2(us).is_integer() for us in times))
                counts[way] += sum(sum(times.values()) for times in rows[way].values())
            for kib, times in rows["wr"].items():
                most += kib * sum(times.values())
                least += kib // 2 * sum(times.values())
        self.assertEqual((counts["rd"], counts["wr"]), self.rpcs("client*/osc/*/rpc_stats", "pages per rpc"))
        self.assertTrue(least * 1024 < IOR_BYTES <= most * 1024, (least, most))

    def test_servers_have_granted_what_clients_hold(self):
        # Nobody waits any more: what clients hold of a target is what its server has granted.
        for folder, ours, theirs in (("oss*", "osc", "filter"), ("mds*", "mdc", "mdt")):
            for path, text in self.files(f"{folder}/ldlm/namespaces/{theirs}-*/lock_count").items():
                target = path.parent.name.removeprefix(f"{theirs}-").removesuffix("_UUID")
                held = sum(int(file.read_text()) for file in
                           self.tree.glob(f"client*/ldlm/namespaces/{target}-{ours}-*/lock_count"))
                self.assertEqual(int(text), held, path)
                self.assertEqual((path.parent / "pool/granted").read_text(), text)
        # 27.3 GiB of memory per TiB and 50 locks per MiB of it, of an OST with 1.2 TiB of a server with 2.4 or 1.2.
        for text in self.files("*/ldlm/namespaces/*OST*/pool/limit").values():
            self.assertTrue(any(abs(int(text) - tib * 27.3 * 1024 * 50) <= 1 for tib in (1.2, 2.4)), text)

    def test_stripes_of_files(self):
        files = read_stripes(self.files("client0/lfs_getstripe")[self.tree / "client0/lfs_getstripe"])
        self.assertEqual(len(files), 4)  # two clients' ranks, one file each; mdtest's are removed
        objects = Counter()
        for components in files.values():
            self.assertEqual([c["begin"] for c in components], [0] + [c["end"] for c in components[:-1]])
            self.assertEqual(components[-1]["end"], "EOF")
            for component in components:
                there = component["flags"] == "init"
                self.assertEqual(len(component["osts"]), component["count"] if there else 0)
                self.assertEqual(component["offset"], component["osts"][0] if there else -1)
                objects.update(component["osts"])
            # 24 MiB each: the first 100 MiB of FSx's layout lie on one OST.
            self.assertEqual([c["flags"] for c in components], ["init", "0", "0", "0"])
        used = [int(row.split()[2]) for row in (self.tree / "client0/lfs_df").read_text().splitlines()[1:-2]]
        self.assertEqual([24 * 1024 * objects[ost] for ost in range(len(used))], used)

    def test_pages_of_the_histogram_hold_the_bytes(self):
        # A bucket n holds RPCs of more than n/2 and at most n pages.
        for text in self.files("client*/osc/*/rpc_stats").values():
            device = read_histograms(text)[1]["pages per rpc"]
            self.assertTrue(all(math.log2(pages).is_integer() for pages in device.read))
        most = least = 0
        for text in self.files("client*/osc/*/rpc_stats").values():
            for pages, count in read_histograms(text)[1]["pages per rpc"].write.items():
                most += count * pages
                least += count * (pages // 2 + 1)
        self.assertTrue(least * 4096 <= IOR_BYTES <= most * 4096, (least, most))

    def test_no_client_has_more_rpcs_in_flight_than_it_may(self):
        for text in self.files("client*/osc/*/rpc_stats").values():
            scalars, blocks = read_histograms(text)
            for name in ("read RPCs in flight", "write RPCs in flight", "pending write pages"):
                self.assertEqual(scalars[name], 0)
            self.assertLessEqual(max(*blocks["rpcs in flight"].read, *blocks["rpcs in flight"].write), 8)

    def test_disk_io_of_servers(self):
        # Each I/O that reaches a disk is in all three blocks; there are no more of them than RPCs.
        pattern = "oss*/obdfilter/*/brw_stats"
        ios = self.rpcs(pattern, "disk I/O size")
        self.assertEqual(self.rpcs(pattern, "disk I/Os in flight"), ios)
        self.assertEqual(self.rpcs(pattern, "I/O time (1/1000s)"), ios)
        rpcs = self.rpcs(pattern, "pages per bulk r/w")
        self.assertTrue(ios[0] <= rpcs[0] and ios[1] <= rpcs[1], (ios, rpcs))
        self.assertGreater(ios[1], 0)

    def test_jobs_share_out_what_targets_count(self):
        ost = [read_jobs(text) for text in self.files("oss*/obdfilter/*/job_stats").values()]
        of_ior = sum(jobs["ior"]["write_bytes"].sum for jobs in ost if "ior" in jobs)
        self.assertEqual(of_ior, IOR_BYTES)
        samples = self.stats("mds*/mdt/*/md_stats")[0]
        jobs = [read_jobs(text) for text in self.files("mds*/mdt/*/job_stats").values()]
        self.assertEqual(set(jobs[0]), {"ior", "small files"})
        for name in ("open", "close", "unlink", "mkdir", "getattr"):
            self.assertEqual(sum(job[name].samples for mdt in jobs for job in mdt.values()), samples[name], name)
        self.assertEqual(jobs[0]["ior"]["unlink"].samples, 0)  # keep_file

    def test_calls_of_mdtest(self):
        calls = self.stats("client2/llite/*/stats")[0]
        self.assertEqual((calls["create"], calls["unlink"]), (MDTEST_FILES, MDTEST_FILES))
        self.assertEqual(calls["open"], calls["close"])
        self.assertEqual(calls["read_bytes"], 0)
        # Nothing caches a removal: each is an RPC.
        self.assertEqual(self.stats("mds*/mdt/*/md_stats")[0]["unlink"], MDTEST_FILES)

    def test_small_files_of_hosts(self):
        for text in self.files("client*/llite/*/max_cached_mb").values():
            values = read_values(text)
            self.assertEqual(values["used_mb"] + values["unused_mb"], values["max_cached_mb"])
            self.assertEqual(values["used_read_ahead_mb"], 0)
        for text in self.files("client*/llite/*/statahead_stats").values():
            values = read_values(text)
            self.assertLessEqual(values["statahead wrong"], values["statahead total"])
        for text in self.files("client*/ldlm/namespaces/*/lock_count").values():
            self.assertRegex(text, r"\A\d+\n\Z")
        for text in self.files("client*/osc/*/cur_dirty_bytes").values():
            self.assertEqual(text, "0\n")  # all was synced
        for text in self.files("client*/osc/*/cur_grant_bytes").values():
            self.assertRegex(text, r"\A\d+\n\Z")
        for text in self.files("oss*/obdfilter/*/recovery_status").values():
            self.assertEqual(text, "status: INACTIVE\n")

    def test_free_space(self):
        lines = self.files("client0/lfs_df")[self.tree / "client0/lfs_df"].splitlines()
        osts = [line.split() for line in lines[1:-2]]
        self.assertEqual(len(osts), len(self.files("oss*/obdfilter/*/stats")))
        for name, total, used, free, _, where in osts:
            self.assertRegex(name, r"^lustre-OST[0-9a-f]{4}_UUID$")
            self.assertEqual(int(used) + int(free), int(total))
            self.assertRegex(where, r"^/mnt/lustre\[OST:\d+\]$")
        # What the data set occupies lies there, and no more than it.
        self.assertEqual(sum(int(row[2]) for row in osts) * 1024, IOR_BYTES)


class LittlesLaw(Counters):
    def test_mean_in_flight_is_rate_times_latency(self):
        # The result measures how many slots were held on average, the counters how long each RPC was in flight. Times
        # are cut to microseconds: at most one lost with each RPC.
        result = self.run_with_counters(SCENARIO.format(nodes=1, capacity="1.2 TiB", jobs=f"workload: {{{IOR}}}"))
        stations = {row["name"]: row["utilization_pct"] / 100 for row in result["stations"]}
        makespan_s = result["metrics"]["makespan_s"]
        checked = 0
        for path, text in self.files("client0/osc/*/stats").items():
            ost = int(path.parent.name.split("-")[1][3:], 16)
            if f"client0.osc{ost}.rpc_slots" not in stations:
                continue
            sample = read_stats(text)["req_waittime"]
            in_flight = 8 * stations[f"client0.osc{ost}.rpc_slots"]
            self.assertAlmostEqual(sample.sum / 1e6 / makespan_s, in_flight, delta=sample.samples / 1e6 / makespan_s)
            checked += 1
        self.assertGreater(checked, 0)


class Network(Counters):
    def test_credits_of_peers(self):
        # One credit a peer, and RPCs of four messages: those that wait are what the least says.
        self.run_with_counters(SCENARIO.format(nodes=2, capacity="1.2 TiB", jobs=f"workload: {{{IOR}}}\n"
                                               "lustre: {lnet: {peer_credits: 1}}"))
        peers = {path.parent.name: read_peers(text) for path, text in self.files("*/lnetctl_peer_show").items()}
        self.assertEqual(set(peers), {"client0", "client1", "oss0"})
        for host, rows in peers.items():
            self.assertEqual(len(rows), 2 if host == "oss0" else 1)
            for row in rows.values():
                self.assertEqual((row["max_ni_tx_credits"], row["available_tx_credits"]), (1, 1))
                self.assertLess(row["min_tx_credits"], 0)
        nids = {}
        for path, text in self.files("*/lnetctl_net_show").items():
            net, nids[path.parent.name] = read_interfaces(text)
            self.assertEqual(net, "tcp")
            for tunables in nids[path.parent.name].values():
                self.assertEqual(tunables["peer_credits"], 1)
        # A host's peers are others' interfaces.
        self.assertEqual(set(peers["oss0"]), set(nids["client0"]) | set(nids["client1"]))
        self.assertEqual(set(peers["client0"]), set(nids["oss0"]))

    def test_where_credits_cannot_bind_nobody_counts_them(self):
        self.run_with_counters(SCENARIO.format(nodes=1, capacity="1.2 TiB", jobs=f"workload: {{{IOR}}}"))
        self.assertEqual(list(self.tree.glob("*/lnetctl_peer_show")), [])
        self.assertEqual(len(self.files("*/lnetctl_net_show")), 2)


class Archive(Counters):
    def test_agents_and_actions(self):
        # Two clients read two files each that lie in the archive.
        result = self.run_with_counters(SCENARIO.replace("capacity: {capacity}", "capacity: {capacity}, hsm: {{}}").format(
            nodes=2, capacity="1.2 TiB", jobs="workload: {ior: {ranks_per_client: 2, write: false, "
                                              "file_per_process: true, block_size: 1 MiB}}"))
        self.assertEqual(result["hsm"]["restores"], 4)
        agents = [row for text in self.files("mds*/mdt/*/hsm/agents").values() for row in read_agents(text)]
        self.assertEqual((sum(row[0] for row in agents), sum(row[1] for row in agents)), (0, 4))
        actions = "".join(self.files("mds*/mdt/*/hsm/actions").values()).splitlines()
        self.assertEqual(len(actions), 4)
        self.assertTrue(all("action=RESTORE" in line and "status=SUCCEED" in line for line in actions))
        self.assertEqual("".join(self.files("mds*/mdt/*/hsm/active_requests").values()), "")


class LocalDisk(Counters):
    def test_files_on_clients_own_disks(self):
        result = self.run_with_counters(SCENARIO.replace("capacity: {capacity}", "capacity: {capacity}, pcc: {{mode: rw}}")
                                        .format(nodes=2, capacity="1.2 TiB", jobs=f"workload: {{{IOR}}}"))
        # All is read by who wrote it: nothing leaves the clients.
        samples, sums = self.stats("client*/llite/*/stats")
        self.assertEqual((samples["pcc_attach"], samples["pcc_detach"]), (4, 0))
        self.assertEqual(sums["pcc_hit_bytes"], IOR_BYTES)
        self.assertEqual(result["metrics"]["fetched_bytes"], 0)
        self.assertEqual(result["pcc"]["pcc_hit_bytes"], IOR_BYTES)


class Requests(Counters):
    def test_requests_of_the_mds_by_kind(self):
        self.run_with_counters(SCENARIO.format(nodes=1, capacity="1.2 TiB", jobs=f"workload: {{{MDTEST}}}"))
        service = self.stats("mds*/mds/MDS/mdt/stats")[0]
        self.assertEqual(service["ldlm_ibits_enqueue"] + service["mds_reint"], service["req_waittime"])
        self.assertGreaterEqual(service["mds_reint"], MDTEST_FILES // 2)  # one of two clients' ranks


class Folder(Counters):
    TINY = SCENARIO.format(nodes=1, capacity="1.2 TiB",
                           jobs="workload: {ior: {block_size: 3 MiB, transfer_size: 1 MiB, fsync: true, "
                                "drop_caches: true}}")

    def test_golden(self):
        """Every file of the smallest run. What the model may change one day is masked: numbers, blanks between them (unit
        tests fix those), and how many lines of the same form follow one another."""
        self.run_with_counters(self.TINY)
        lines = []
        for path in sorted(self.tree.rglob("*")):
            if not path.is_file():
                continue
            lines.append(f"==> {path.relative_to(self.tree)} <==")
            for line in path.read_text().splitlines():
                masked = re.sub(r"[ \t]+", " ", re.sub(r"(?<![\w.])\d+(\.\d+)?[KM]?(us)?(?!\w)", "N", line)).rstrip()
                if masked != lines[-1]:
                    lines.append(masked)
        self.assert_golden("\n".join(lines) + "\n", "counters.txt")

    def test_the_result_is_the_same_with_counters(self):
        self.write("s.yaml", self.TINY)
        plain = self.run_here("run", "s.yaml", "--json")
        counted = self.run_here("run", "s.yaml", "--json", "--counters", "a/b/c")
        self.assertEqual((plain.code, counted.code), (FINE, FINE))
        self.assertEqual(plain.out, counted.out)
        self.assertEqual([path.name for path in (self.folder / "a/b/c").iterdir() if path.name.startswith("client")],
                         ["client0"])

    def test_a_folder_in_use_is_refused(self):
        self.write("s.yaml", self.TINY)
        (self.folder / "full").mkdir()
        (self.folder / "full" / "mine").write_text("keep")
        self.assert_rejected(self.run_here("run", "s.yaml", "--counters", "full"), "error: --counters: ", "`full`",
                             "not empty")
        self.assertEqual([path.name for path in (self.folder / "full").iterdir()], ["mine"])
        self.assert_rejected(self.run_here("run", "s.yaml", "--counters", "s.yaml"), "--counters", "not a folder")
        (self.folder / "empty").mkdir()
        self.assertEqual(self.run_here("run", "s.yaml", "--counters", "empty").code, FINE)
        self.assertTrue((self.folder / "empty" / "client0").is_dir())

    def test_a_run_that_fails_leaves_no_files(self):
        self.write("s.yaml", self.TINY.replace("schema_version: 1", "schema_version: 1\nrun: {event_limit: 10}"))
        outcome = self.run_here("run", "s.yaml", "--counters", "new")
        self.assertNotEqual(outcome.code, FINE)
        self.assertFalse((self.folder / "new").exists())


if __name__ == "__main__":
    unittest.main()
