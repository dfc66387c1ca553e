#!/usr/bin/env python3
"""Pyro4's own example clients, unmodified, against Pyro4's server and against ours, in turns: what a Python user gains by the server alone.

  bench/python_clients.py [--programs build-release/examples] [--repeat 3]

Prints each figure the examples print of themselves: the medians, and their ratio (above 1: faster with ours)."""
import argparse
import collections
import glob
import gzip
import os
import re
import statistics
import subprocess
import sys
import tempfile

EXAMPLES = "/usr/share/doc/pyro4/examples"
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = "/usr/bin/python3"

# Of each example: what it prints of itself, and whether more is better.
FIGURES = {
    "benchmark": [(r"call #(?P<name>\d+), 1000 times\.\.\. (?P<figure>[\d.]+)", False), (r"\((?P<figure>\d+)/sec\) \((?P<name>serializer): marshal\)", True)],
    "batchedcalls": [(r"(?P<name>Normal remote calls)\.\.\.\n.*?\((?P<figure>\d+) calls/sec\)", True),
                     (r"\n(?P<name>Batched remote calls)\.\.\.\n.*?\((?P<figure>\d+) calls/sec\)", True),
                     (r"\n(?P<name>Oneway batched remote calls)\.\.\.\n.*?\((?P<figure>\d+) calls/sec\)", True)],
    "hugetransfer": [(r"-+test (?P<name>[a-z ]+?)-+\n.*?= (?P<figure>[\d.]+) mb/sec", True)],
}


def unpack(example, folder):
    for path in glob.glob(os.path.join(EXAMPLES, example, "*")):
        opened = gzip.open if path.endswith(".gz") else open
        with opened(path, "rb") as packed, open(os.path.join(folder, os.path.basename(path).removesuffix(".gz")), "wb") as plain:
            plain.write(packed.read())


def run(example, server, folder):
    """name -> figure of one run of the client."""
    environment = dict(os.environ, PYRO_LOGLEVEL="ERROR")
    with subprocess.Popen(server, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as serving:
        try:
            uri = None
            while not uri:
                line = serving.stdout.readline()
                if not line:
                    sys.exit("%s ended before it said where it is" % server)
                uri = re.search(r"PYRO:\S+", line)
            client = subprocess.run([PYTHON, "-u", "client.py"], cwd=folder, env=environment, input=uri.group() + "\n", capture_output=True, text=True, timeout=300)
            if client.returncode:
                sys.exit("the client of %s failed:\n%s" % (example, client.stderr))
        finally:
            serving.kill()
    said = {}
    for pattern, more_is_better in FIGURES[example]:
        for found in re.finditer(pattern, client.stdout, re.S):
            said[found["name"].strip()] = float(found["figure"]) if more_is_better else 1 / max(float(found["figure"]), 1e-3)
    return said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", help="where our example programs are (default: the newest build*/examples)")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    built = glob.glob(os.path.join(TOP, "build*", "examples", "benchmark_server"))
    if not given.programs and not built:
        sys.exit("nothing is built")
    programs = given.programs or os.path.dirname(max(built, key=os.path.getmtime))
    slower = 0
    for example in FIGURES:
        seen = {"theirs": collections.defaultdict(list), "ours": collections.defaultdict(list)}
        with tempfile.TemporaryDirectory() as folder:
            unpack(example, folder)
            servers = {"theirs": [PYTHON, "-u", "server.py"], "ours": [os.path.join(os.path.abspath(programs), example + "_server")]}
            for _ in range(given.repeat):
                for whose, server in servers.items():
                    for name, figure in run(example, server, folder).items():
                        seen[whose][name].append(figure)
        for name, theirs in seen["theirs"].items():
            before, after = statistics.median(theirs), statistics.median(seen["ours"][name])
            slower += after < before
            print("%-13s %-28s %10.5g /s %10.5g /s  %5.2f x" % (example, name, before, after, after / before), flush=True)
    sys.exit("%d figures are lower with our server" % slower if slower else 0)


if __name__ == "__main__":
    main()
