"""scripts/demo from its beginning to its end, with the programs of the build as they are."""
import os
import re
import subprocess
import unittest

import support

DEMO = os.path.join(os.path.dirname(os.path.dirname(support.HERE)), "scripts", "demo")
BUILD = os.environ["ENGINE_BUILD_ROOT"]
FORTUNE = """    Hello, %s. Here is your fortune message:
    Behold the warranty -- the bold print giveth and the fine print taketh away.
"""
SAID = """
name server (SQLite): URI = {names}
C++ server: Ready. Object uri = {object}

C++ client:
""" + FORTUNE % "Ann" + """
Python client, Pyro4 as Debian ships it:
""" + FORTUNE % "Bob" + """
engine-nsc list:
    --------START LIST\x20
    Pyro.NameServer --> {names}
        metadata: ['class:Pyro4.naming.NameServer']
    example.greeting --> {object}
    --------END LIST\x20

Calls a second over TCP, one after another and pipelined; the raw echo is the floor, Pyro4 the competitor:
"""


class Demonstration(unittest.TestCase):
    maxDiff = None

    def test_both_clients_are_greeted_by_name_and_calls_are_measured(self):
        done = subprocess.run([DEMO, "--built", BUILD, "0.01"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=support.environment())
        self.assertEqual((0, ""), (done.returncode, done.stderr), done.stdout)
        told, header, table = done.stdout.partition("system ")
        found = {key: re.search(pattern, told) for key, pattern in (("names", r"PYRO:Pyro.NameServer@localhost:\d+"), ("object", r"PYRO:obj_\w+@localhost:\d+"))}
        self.assertNotIn(None, found.values(), told)
        self.assertEqual(SAID.format(**{key: match.group() for key, match in found.items()}), told)
        rows = [re.match(r"(\S+) +(\w+)(?: w\d+)? +([\d,.]+) calls/s ", row).groups() for row in table.splitlines()[1:]]
        self.assertEqual({(system, workload) for system in ("engine-tcp-spin", "tcp-epoll-spin", "pyro4") for workload in ("sync_call", "pipelined_call")},
                         {(system, workload) for system, workload, _ in rows})
        self.assertEqual([], [row for row in rows if float(row[2].replace(",", "")) <= 0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
