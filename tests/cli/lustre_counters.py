"""Reads Lustre's counter files the way monitoring scripts do: by the layouts of the Lustre manual, not by our code."""
import re
from collections import namedtuple

Sample = namedtuple("Sample", "samples unit min max sum sumsq")
Histogram = namedtuple("Histogram", "unit read write")  # bucket -> count

STATS_LINE = re.compile(r"^(?P<name>\w+)\s+(?P<samples>\d+) samples \[(?P<unit>\w+)\]"
                        r"(?: (?P<min>\d+) (?P<max>\d+) (?P<sum>\d+)(?: (?P<sumsq>\d+))?)?$")
TIME_LINE = re.compile(r"^(?:  )?(snapshot_time|start_time|elapsed_time):?\s+(\d+)\.(\d{9}) secs\.nsecs$")
BLOCK_TITLE = re.compile(r"^(?P<name>\S.*?)\s+(?P<unit>rpcs|ios|count)\s+% cum % \|\s+(?P=unit)\s+% cum %$")
BUCKET = re.compile(r"^(?P<bucket>\d+)(?P<scale>[KMG]?):\s+(\d+)\s+(\d+)\s+(\d+)\s+\|\s+(\d+)\s+(\d+)\s+(\d+)$")
SCALAR = re.compile(r"^(?P<name>[\w /()]+):\s+(?P<value>\d+)$")
JOB_LINE = re.compile(r"^  (?P<name>\w+):\s+\{ samples:\s+(?P<samples>\d+), unit:\s+(?P<unit>\w+), min:\s+(?P<min>\d+), "
                      r"max:\s+(?P<max>\d+), sum:\s+(?P<sum>\d+), sumsq:\s+(?P<sumsq>\d+) \}$")
JOB_ID = re.compile(r'^- job_id:\s+(?P<quote>"?)(?P<id>[^"]+)(?P=quote)$')
SCALES = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}


def sample_of(match):
    return Sample(*(int(value) if value and value.isdigit() else value or 0
                    for value in map(match.group, Sample._fields)))


def read_stats(text):
    """A `stats` or `md_stats` file: name -> Sample."""
    times, counters = {}, {}
    for line in text.splitlines():
        time = TIME_LINE.match(line)
        if time:
            times[time.group(1)] = int(time.group(2)) + int(time.group(3)) / 1e9
            continue
        found = STATS_LINE.match(line)
        assert found, f"no line of a stats file: {line!r}"
        assert found["name"] not in counters, line
        counters[found["name"]] = sample_of(found)
    assert set(times) == {"snapshot_time", "start_time", "elapsed_time"}, times
    return counters


def read_histograms(text):
    """`rpc_stats` or `brw_stats`: (scalars, title -> Histogram). Checks the shares as it goes."""
    scalars, blocks, block, cumulated = {}, {}, None, None
    for line in text.splitlines():
        title, bucket = BLOCK_TITLE.match(line), BUCKET.match(line)
        if title:
            block = blocks.setdefault(title["name"], Histogram(title["unit"], {}, {}))
            cumulated = []
        elif bucket:
            value = int(bucket["bucket"]) * SCALES[bucket["scale"]]
            numbers = [int(bucket.group(n)) for n in range(3, 9)]
            assert value not in block.read, line
            block.read[value], block.write[value] = numbers[0], numbers[3]
            cumulated.append((numbers[2], numbers[5]))
            assert cumulated == sorted(cumulated), text
        elif TIME_LINE.match(line) or re.fullmatch(r"\s*read\s+(\|\s+)?write", line) or not line:
            continue
        else:
            scalar = SCALAR.match(line)
            assert scalar, f"no line of a histogram file: {line!r}"
            scalars[scalar["name"]] = int(scalar["value"])
    return scalars, blocks


def read_jobs(text):
    """`job_stats`: job id -> name -> Sample."""
    lines = text.splitlines()
    assert lines[0] == "job_stats:", lines[0]
    jobs, job = {}, None
    for line in lines[1:]:
        new = JOB_ID.match(line)
        if new:
            job = jobs.setdefault(new["id"], {})
        elif not TIME_LINE.match(line):
            found = JOB_LINE.match(line)
            assert found, f"no line of a job_stats file: {line!r}"
            job[found["name"]] = sample_of(found)
    return jobs


def read_latencies(text):
    """`io_latency_stats`: "rd" and "wr" -> size in KiB -> microseconds -> count."""
    lines = text.splitlines()
    assert lines[0] == "io_latency_by_size:", lines[0]
    rows = {"rd": {}, "wr": {}}
    for line in lines[1:]:
        if TIME_LINE.match(line):
            continue
        found = re.fullmatch(r"(rd|wr)_(\d+)K: \{ ((?:\d+us: \d+, )+)\}", line)
        assert found, f"no line of io_latency_stats: {line!r}"
        row = rows[found[1]].setdefault(int(found[2]), {})
        assert not row, line
        row.update((int(us), int(count)) for us, count in re.findall(r"(\d+)us: (\d+)", found[3]))
    return rows


def read_stripes(text):
    """`lfs getstripe` of files with several components: name -> [flags, begin, end, count, offset, osts of each]."""
    files, component = {}, None
    for line in text.splitlines():
        name, _, value = line.strip().partition(":")
        value = value.strip()
        if line.startswith("/"):
            components = files.setdefault(line, [])
        elif name == "lcme_id":
            component = {"osts": []}
            components.append(component)
            assert int(value) == len(components), line
        elif name == "lcme_flags":
            component["flags"] = value
        elif name == "lcme_extent.e_start":
            component["begin"] = int(value)
        elif name == "lcme_extent.e_end":
            component["end"] = int(value) if value != "EOF" else value
        elif name == "lmm_stripe_count":
            component["count"] = int(value)
        elif name == "lmm_stripe_offset":
            component["offset"] = int(value)
        elif name.startswith("- "):
            assert int(name[2:]) == len(component["osts"]), line
            component["osts"].append(int(re.search(r"l_ost_idx: (\d+)", line)[1]))
    return files


def read_values(text):
    """`max_cached_mb`, `statahead_stats` and the like: name -> number."""
    return {name.strip(): int(value) for name, value in (line.split(":") for line in text.splitlines())}


def read_peers(text):
    """`lnetctl peer show -v`, which is YAML: nid -> its numbers."""
    assert text.startswith("peer:\n"), text
    peers, peer = {}, None
    for line in text.splitlines()[1:]:
        name, _, value = line.strip().lstrip("- ").partition(": ")
        if name == "primary nid":
            assert value not in peers, line
            peer = peers.setdefault(value, {})
        elif name in ("max_ni_tx_credits", "available_tx_credits", "min_tx_credits"):
            peer[name] = int(value)
        else:
            assert name in ("Multi-Rail", "peer ni:", "nid", "state"), line
    return peers


def read_interfaces(text):
    """`lnetctl net show -v`: (type, nid -> its tunables)."""
    lines = text.splitlines()
    assert lines[0] == "net:" and lines[2].strip() == "local NI(s):", text
    net, nids = lines[1].partition("net type: ")[2], {}
    for line in lines[3:]:
        name, _, value = line.strip().lstrip("- ").partition(": ")
        if name == "nid":
            tunables = nids.setdefault(value, {})
        elif name.endswith("credits"):
            tunables[name] = int(value)
        else:
            assert name in ("status", "tunables:"), line
    return net, nids


def read_agents(text):
    """`hsm/agents`: [(current, ok, errors)]."""
    row = r"uuid=[0-9a-f-]{36} archive_id=ANY requests=\[current:(\d+) ok:(\d+) errors:(\d+)\]"
    return [tuple(map(int, re.fullmatch(row, line).groups())) for line in text.splitlines()]
