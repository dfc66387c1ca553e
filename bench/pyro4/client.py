"""Pyro4's own client: client.py WORKLOAD addr=HOST:PORT serializer=NAME … runs one scenario and prints one line."""
import importlib.util
import os
import sys

import Pyro4

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(BENCH, "common"))
import measure

FOLDERS = {"sync_call": "echo", "pipelined_call": "pipelined", "connect": "connect", "huge": "blob", "blob_up": "blob", "blob_down": "blob",
           "oneway": "oneway", "batched": "batched", "stream": "stream"}
TEXT = "Irmen de Jong"


def check(answer, expected):
    if answer != expected:
        raise SystemExit("the answer does not match the request: %r instead of %r" % (answer, expected))


def main():
    workload, given = sys.argv[1], {"workload": sys.argv[1], **measure.settings()}
    Pyro4.config.SERIALIZER = given["serializer"]
    path = os.path.join(BENCH, FOLDERS[workload], "pyro4.py")
    spec = importlib.util.spec_from_file_location("scenario", path)
    scenario = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scenario)
    scenario.run("PYRO:echo@" + given["addr"], given, check, TEXT)


if __name__ == "__main__":
    main()
