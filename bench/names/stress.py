#!/usr/bin/env python3
"""Pyro's own example nameserverstress, unmodified, against engine-ns and pyro4-ns: five Python threads that register, remove, look up and list.

The example is busier than either server, so the rates say how long its threads wait; the processor's time is what the server saves.

  bench/names/stress.py [--programs build/tools] [--requests 3000] [--repeat 3] [--processes 1]

Prints requests per second of each, interleaved, what a request costs the server's processor, and the ratio of the medians. The rates
compare on an otherwise idle machine only: among other jobs pyro4-ns, with a thread for each client, gets more of a core that it shares than engine-ns with one, and
where the server needs little of its core the jobs move to the example's. What is timed begins with the first request that the example
says it has made and ends with the last one; both servers have the same number to answer, on a core of their own.
"""
import argparse
import math
import os
import re
import select
import signal
import statistics
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLE = "/usr/share/doc/pyro4/examples/nameserverstress/stress.py"
PYTHON = "/usr/bin/python3"
LIMIT = 120  # seconds: nothing takes so long


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYRO_")}
    return {**kept, "PYTHONWARNINGS": "ignore", **more}


def on_core(number):
    cores = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {cores[min(number, len(cores) - 1)]})


class Server:
    def __init__(self, command):
        self.process = subprocess.Popen(command + ["-n", "127.0.0.1", "-p", "0", "-x"], stdout=subprocess.PIPE, text=True,
                                        env=environment(PYTHONUNBUFFERED="1"), preexec_fn=on_core(0))
        for line in self.process.stdout:
            if found := re.search(r"URI = PYRO:Pyro.NameServer@127.0.0.1:(\d+)", line):
                self.port = found.group(1)
                return
        raise SystemExit("%s did not start" % command)

    def processor_seconds(self):
        with open("/proc/%d/stat" % self.process.pid) as stat:
            user, system = stat.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def requests_per_second(port, requests, processes):
    """How fast the example makes them, all of its processes together."""
    stressing = [subprocess.Popen([PYTHON, "-u", EXAMPLE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=on_core(1),
                                  env=environment(PYRO_NS_HOST="127.0.0.1", PYRO_NS_PORT=port)) for _ in range(processes)]
    made, first, end = 0, None, time.monotonic() + LIMIT
    try:
        while made < requests:
            if time.monotonic() > end:
                raise SystemExit("only %d requests were made" % made)
            ready, _, _ = select.select([p.stdout for p in stressing], [], [], 1)
            for out in ready:
                made += len(re.findall(rb"\d ", os.read(out.fileno(), 1 << 16)))
            for p in stressing:
                if p.poll() is not None:
                    raise SystemExit("the example failed: " + p.stderr.read().decode())
            if made and first is None:
                first, before = time.monotonic(), made
        return (made - before) / (time.monotonic() - first)
    finally:
        for p in stressing:
            p.send_signal(signal.SIGKILL)
            p.wait()
            p.stdout.close()
            p.stderr.close()


def ratio(of):
    """Of ours to theirs; nan where theirs took less than the clock of processor time can tell, as a few requests may."""
    ours, theirs = statistics.median(of["engine-ns"]), statistics.median(of["pyro4-ns"])
    return ours / theirs if theirs else math.nan


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default=os.path.join(TOP, "build", "tools"), metavar="DIR", help="where engine-ns is")
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--processes", type=int, default=1, help="of the example, each with its five threads")
    given = parser.parse_args()
    systems = {"engine-ns": [os.path.join(given.programs, "engine-ns")], "pyro4-ns": [PYTHON, "-m", "Pyro4.naming"]}
    rates, costs = {name: [] for name in systems}, {name: [] for name in systems}
    for _ in range(given.repeat):
        for name, command in systems.items():
            with Server(command) as server:
                before = server.processor_seconds()
                rates[name].append(requests_per_second(server.port, given.requests, given.processes))
                costs[name].append((server.processor_seconds() - before) / given.requests)
    for name, all_rates in rates.items():
        print("%-10s %8.0f requests/s  (%s)  %4.0f us of the server's processor each" %
              (name, statistics.median(all_rates), ", ".join("%.0f" % rate for rate in all_rates), statistics.median(costs[name]) * 1e6))
    print("ratio      %8.2f of the rates, %.2f of the costs" % (ratio(rates), ratio(costs)))


if __name__ == "__main__":
    sys.exit(main())
