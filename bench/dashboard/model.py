"""What the page shows, as data: lines of scripts/bench and files of Google Benchmark, read, checked and grouped.

Ratios are made within one run only: the same minutes on the same machine. A ratio above one always means that ours is ahead.
"""
import glob
import json
import os
import statistics
from dataclasses import dataclass, field

FILE_MAX = 64 << 20     # bytes of one file; a history of years is a tenth of it
LARGEST = 1e30          # what is larger (or is not a number) nobody has measured
LOWER_IS_BETTER = ("instructions", "us", "ns")


class Unreadable(Exception):
    """A file that is neither lines of scripts/bench nor of Google Benchmark; the text says which and why."""


@dataclass
class Data:
    rows: list = field(default_factory=list)      # dictionaries with system, workload, value and what else was recorded
    micro: list = field(default_factory=list)     # (file name, context, benchmarks)
    left_out: int = 0                             # lines without what a row needs


def kept():
    """The files of what has been recorded."""
    bench = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    history = os.path.join(bench, "history.jsonl")
    return [f for f in [history] if os.path.exists(f)] + sorted(glob.glob(os.path.join(bench, "micro", "results", "*.json")))


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST


def is_row(row):
    return (isinstance(row, dict) and isinstance(row.get("system"), str) and isinstance(row.get("workload"), str)
            and is_number(row.get("value")) and row["value"] >= 0 and isinstance(row.get("unit", ""), str))


def read_into(data, path):
    """Adds what a file holds. Throws Unreadable."""
    try:
        if os.path.getsize(path) > FILE_MAX:
            raise Unreadable("%s is larger than %d MB" % (path, FILE_MAX >> 20))
        with open(path, encoding="utf-8", errors="replace") as opened:
            text = opened.read()
    except OSError as error:
        raise Unreadable("%s: %s" % (path, error.strerror))
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = None
    if isinstance(whole, dict) and isinstance(whole.get("benchmarks"), list):
        context = whole.get("context")
        data.micro.append((os.path.basename(path), context if isinstance(context, dict) else {}, [b for b in whole["benchmarks"] if is_micro(b)]))
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            add_line(data, path, number, line)


def is_micro(each):
    return isinstance(each, dict) and isinstance(each.get("name"), str) and is_number(each.get("real_time")) and each.get("run_type") != "aggregate"


def micro_time(benchmark):
    """Of the processor, where it is told."""
    return benchmark["cpu_time"] if is_number(benchmark.get("cpu_time")) else benchmark["real_time"]


def add_line(data, path, number, line):
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unreadable("%s, line %d is no JSON: %s" % (path, number, error))
    if is_row(row):
        data.rows.append(row)
    else:
        data.left_out += 1


def is_single(row):
    """It is the workload's only figure of its system: neither one of several sizes nor one of several that are told by name."""
    return "kb" not in row and "figure" not in row


def kind(system):
    """ours, floor or peer."""
    if system.startswith("engine-"):
        return "ours"
    return "floor" if system.startswith(("tcp-", "unix-")) else "peer"


def lower_is_better(row):
    return row.get("unit", "").split("/")[0] in LOWER_IS_BETTER


def ahead(mine, theirs):
    """How far the first row is ahead of the second; None where one of them is zero."""
    if mine["value"] <= 0 or theirs["value"] <= 0:
        return None
    return theirs["value"] / mine["value"] if lower_is_better(mine) else mine["value"] / theirs["value"]


def spread(row):
    """The least and the greatest of the repetitions, or the figure twice where they were not recorded."""
    low, high = row.get("min"), row.get("max")
    return (low, high) if is_number(low) and is_number(high) else (row["value"], row["value"])


def overlap(one, other):
    """The repetitions of both met: more of them would be needed to say which is ahead."""
    return spread(one)[0] <= spread(other)[1] and spread(other)[0] <= spread(one)[1]


def best(rows):
    """The best of the rows, None of none."""
    rows = list(rows)
    if not rows:
        return None
    return min(rows, key=lambda r: r["value"]) if lower_is_better(rows[0]) else max(rows, key=lambda r: r["value"])


def alike(one, other):
    """Both on the same transport, both spinning or neither."""
    return ("unix" in one) == ("unix" in other) and one.endswith("-spin") == other.endswith("-spin")


def stores_alike(one, other):
    return ("-sql" in one) == ("-sql" in other)


def floor_of(mine, rows):
    """The best raw floor on the same transport that spins if we do."""
    return best(r for r in rows if kind(r["system"]) == "floor" and alike(mine["system"], r["system"]))


def counterpart(theirs, rows):
    """The row of ours to hold beside another one: for a floor the one that does the same, for a peer the one over TCP that never spins."""
    mine = [r for r in rows if kind(r["system"]) == "ours"]
    if kind(theirs["system"]) == "floor":
        return best(r for r in mine if alike(r["system"], theirs["system"]))
    mine = [r for r in mine if stores_alike(r["system"], theirs["system"])]
    plain = [r for r in mine if not r["system"].endswith("-spin") and "unix" not in r["system"]]
    return best(plain or mine)


def run_of(row):
    return str(row.get("date", ""))


def latest(rows):
    """The rows of the newest run among these, one per system and settings. Of narrow runs there is little to see: a comparison of revisions, or one
    with less than half of the systems that another had, comes after any other."""
    rows = list(rows)
    comparisons = {run_of(r) for r in rows if r.get("compared")}
    own = [r for r in rows if run_of(r) not in comparisons] or [r for r in rows if not r.get("compared")]
    by_run = {}
    for row in own:
        by_run.setdefault(run_of(row), {})[row["system"], row.get("kb"), row.get("figure")] = row
    systems = {run: len({system for system, *_ in found}) for run, found in by_run.items()}
    wide = [run for run in by_run if 2 * systems[run] >= max(systems.values())]
    return list(by_run[max(wide)].values()) if wide else []


def workloads(rows, order=()):
    """Names of the workloads, those of `order` first."""
    names = list(dict.fromkeys(r["workload"] for r in rows))
    return sorted(names, key=lambda n: (order.index(n) if n in order else len(order), names.index(n)))


# What is drawn over the commits where that is not the figure itself: on a machine whose cores servers and clients share, calls per second are its scheduler's.
HISTORIC = {"one_core": ("calls_per_core_s", "calls/s of a server core"), "two_cores": ("calls_per_core_s", "calls/s of a server core")}
TORN = 2    # repetitions that differ by more than this were disturbed
BUSY = 2.5  # … and so was a run that began with more than so many busy processes per core


def historic(row):
    """The row as the history has it; without a spread where its figure is another."""
    key, unit = HISTORIC.get(row["workload"], ("value", ""))
    return {**row, "value": row[key], "unit": unit, "min": None, "max": None} if unit and is_number(row.get(key)) else row


def is_steady(row):
    """It tells of the commit, and not of what else the machine did. Instructions are counted alike whatever it does."""
    if row.get("unit") == "instructions":
        return True
    low, high = spread(row)
    cores, load = row.get("cores"), row.get("load")
    return high <= TORN * low and not (is_number(load) and is_number(cores) and load > BUSY * cores)


@dataclass
class Point:
    commit: str
    value: float     # the median of the commit's runs
    low: float
    high: float
    runs: int


@dataclass
class Commit:
    commit: str      # with a + where files differed from it
    moment: tuple    # what they are ordered by
    day: str


def commit_of(row):
    return str(row.get("commit", "?")) + ("+" if row.get("dirty") else "")


def commits(rows):
    """Those of the rows, oldest first."""
    found = {}
    for row in rows:
        moment = (str(row.get("committed") or run_of(row)), run_of(row))
        known = found.setdefault(commit_of(row), Commit(commit_of(row), moment, moment[0][:10]))
        known.moment = min(known.moment, moment)
    return sorted(found.values(), key=lambda c: c.moment)


def same_machine(row, other):
    return all(row.get(k) == other.get(k) for k in ("cpu", "cores"))


def newest_machine(rows):
    """The rows of the machine on which the newest run was: figures of different machines are not compared."""
    newest = max(rows, key=run_of, default=None)
    return [r for r in rows if same_machine(r, newest)]


def history(rows, system, as_ratio):
    """One Point per commit, oldest commit first: figures, or ratios to the floor of the same run."""
    mine = [r for r in rows if r["system"] == system and is_single(r)]
    found = {}
    for row in mine:
        value = row["value"]
        if as_ratio:
            floor = floor_of(row, [r for r in rows if run_of(r) == run_of(row)])
            value = ahead(row, floor) if floor else None
        if value is not None:
            found.setdefault(commit_of(row), []).append(value)
    return [Point(c.commit, statistics.median(found[c.commit]), min(found[c.commit]), max(found[c.commit]), len(found[c.commit])) for c in commits(mine) if c.commit in found]
