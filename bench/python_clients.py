#!/usr/bin/env python3
"""Pyro4's own example clients, unmodified, against Pyro4's server and against ours, in turns: what a Python user gains by the server alone.

  bench/python_clients.py [--programs build-release/examples] [--repeat 3]
  bench/python_clients.py --record       adds a line per server and figure to bench/history.jsonl
  bench/python_clients.py --tiny         does it still work? Copies of the clients that ask for little; no figures

Prints each figure that the examples print of themselves, as calls or megabytes in a second: the mean of the middle half of the
repetitions, and the ratio (above 1: faster with ours).
"""
import argparse
import collections
import glob
import gzip
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "bench"))
from harness import facts, history
from harness.programs import START_SECONDS, Failure, start, two_cores
from systems import PYTHON

EXAMPLES = "/usr/share/doc/pyro4/examples"
THEIRS, OURS = "pyro4-python", "engine-python"  # whose server; the client is Python's either way
CLIENT_SECONDS = 300
CALLS, MEGABYTES = "calls/s", "MB/s"

# Of each example: what it prints of itself (so many calls and their seconds, or what it does in a second), and the unit.
Figure = collections.namedtuple("Figure", "pattern unit")
FIGURES = {
    "benchmark": [Figure(r"(?P<name>call #\d+), (?P<times>\d+) times\.\.\. (?P<figure>[\d.]+)", CALLS),
                  Figure(r"\((?P<figure>\d+)/sec\) \((?P<name>serializer: marshal)\)", CALLS)],
    "batchedcalls": [Figure(r"(?P<name>Normal remote calls)\.\.\.\n.*?\((?P<figure>\d+) calls/sec\)", CALLS),
                     Figure(r"\n(?P<name>Batched remote calls)\.\.\.\n.*?\((?P<figure>\d+) calls/sec\)", CALLS),
                     Figure(r"\n(?P<name>Oneway batched remote calls)\.\.\.\n.*?\((?P<figure>\d+) calls/sec\)", CALLS)],
    "hugetransfer": [Figure(r"-+test (?P<name>[a-z ]+?)-+\n.*?= (?P<figure>[\d.]+) mb/sec", MEGABYTES)],
}
TINY = ((r"^iters = 1000$", "iters = 10"), (r"^NUMBER_OF_LOOPS = 20000$", "NUMBER_OF_LOOPS = 100"), (r"^datasize = 5 \* 1024 \* 1024", "datasize = 500 * 1024"))


def unpack(example, folder, tiny):
    for path in glob.glob(os.path.join(EXAMPLES, example, "*.py*")):
        opened = gzip.open if path.endswith(".gz") else open
        with opened(path, "rt") as packed, open(os.path.join(folder, os.path.basename(path).removesuffix(".gz")), "w") as plain:
            text = packed.read()
            for usual, little in TINY if tiny else ():
                text = re.sub(usual, little, text, flags=re.MULTILINE)
            plain.write(text)


def uri_of(serving):
    """What the server prints of itself; None when it ends before, or says nothing for too long."""
    patience = threading.Timer(START_SECONDS, serving.kill)
    patience.start()
    try:
        for line in serving.stdout:
            found = re.search(r"PYRO:\S+", line)
            if found:
                return found.group()
        return None
    finally:
        patience.cancel()


def output_of(example, server, folder):
    """What the client prints, with a fresh server on a core of its own."""
    server_core, client_core = two_cores()
    serving = start(server, server_core, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        uri = uri_of(serving)
        if not uri:
            raise Failure("%s did not say where it is" % server)
        client = start([PYTHON, "-u", "client.py"], client_core, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said, error = client.communicate(uri + "\n", timeout=CLIENT_SECONDS)
        if client.returncode:
            raise Failure("the client of %s failed:\n%s" % (example, error[-1000:]))
        return said
    except subprocess.TimeoutExpired:
        client.kill()
        client.communicate()
        raise Failure("the client of %s did not end" % example)
    finally:
        serving.kill()
        serving.wait()
        serving.stdout.close()


def figures_in(example, said):
    """(name, unit) -> what one run did in a second. Throws Failure where one is missing: then the patterns need a look."""
    found = {}
    for kind in FIGURES[example]:
        all_of_kind = list(re.finditer(kind.pattern, said, re.DOTALL))
        if not all_of_kind:
            raise Failure("the client of %s said nothing like %s" % (example, kind.pattern))
        for one in all_of_kind:
            figure = float(one["figure"])
            times = one.groupdict().get("times")
            # Clocks of three digits: what takes no time took less than one.
            found["%s: %s" % (example, one["name"].strip()), kind.unit] = int(times) / max(figure, 1e-3) if times else figure
    return found


def middle(values):
    """The mean of the middle half: as untouched by what scatters as the median, but it tells apart what clocks of three digits count in steps."""
    off = (len(values) + 1) // 4
    return statistics.mean(sorted(values)[off:len(values) - off])


def measured(programs, repetitions, tiny):
    """A row for each server and figure, Python's server and ours in turns."""
    for example in FIGURES:
        seen = collections.defaultdict(list)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            unpack(example, folder, tiny)
            servers = {THEIRS: [PYTHON, "-u", "server.py"], OURS: [os.path.join(programs, example + "_server")]}
            for _ in range(repetitions):
                for system, server in servers.items():
                    for (name, unit), figure in figures_in(example, output_of(example, server, folder)).items():
                        seen[name, unit, system].append(figure)
        for (name, unit, system), values in seen.items():
            yield {"system": system, "workload": "python_clients", "figure": name, "value": round(middle(values), 2), "unit": unit,
                   "min": round(min(values), 2), "max": round(max(values), 2), "reps": [round(v, 2) for v in values]}


def print_table(rows):
    ours = {row["figure"]: row for row in rows if row["system"] == OURS}
    print("%-40s %12s %12s  %s" % ("", "pyro4", "ours", "ratio"))
    for theirs in (row for row in rows if row["system"] == THEIRS):
        mine, before = ours[theirs["figure"]]["value"], theirs["value"]
        print("%-40s %12.5g %12.5g  %5.2f %s %s" % (theirs["figure"], before, mine, mine / before if before else float("inf"), theirs["unit"], "" if mine > before else "slower"))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", metavar="DIR", help="where our example programs are (default: the newest build*/examples)")
    parser.add_argument("--repeat", type=int, default=3, metavar="N")
    parser.add_argument("--json", metavar="FILE", help="write one JSON line per server and figure")
    parser.add_argument("--record", action="store_true", help="add the lines to bench/history.jsonl")
    parser.add_argument("--tiny", action="store_true", help="once, and asked for little: no figures")
    given = parser.parse_args()
    if given.tiny and (given.record or given.json):
        parser.error("--tiny has no figures to record")
    return given


def main():
    given = parse_arguments()
    built = glob.glob(os.path.join(TOP, "build*", "examples", "benchmark_server"))
    if not given.programs and not built:
        raise Failure("nothing is built")
    programs = os.path.abspath(given.programs or os.path.dirname(max(built, key=os.path.getmtime)))
    about = {**facts.of(TOP, programs), "compiler": facts.compiler(os.path.join(programs, "benchmark_server"))}
    rows = [{**row, **about} for row in measured(programs, 1 if given.tiny else given.repeat, given.tiny)]
    if given.tiny:
        print("%d figures of %d examples" % (len(rows), len(FIGURES)))
        return
    print_table(rows)
    if given.json:
        with open(given.json, "w") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)
    if given.record:
        history.append(os.path.join(TOP, "bench", "history.jsonl"), rows)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit("bench/python_clients.py: %s" % failure)
