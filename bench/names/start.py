#!/usr/bin/env python3
"""How long engine-ns takes to start on many stored names, and the memory that each costs beside its own text.

  bench/names/start.py [--programs build/tools] [--names 1000000]

The names are put into the two tables of Pyro's `sql:` storage by Python, each with one tag. From an empty server to the same one with all of them is
what they cost; the text is each name, URI and tag as it was written. Prints seconds until the URI is said, and bytes a name.
"""
import argparse
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLES = ("CREATE TABLE pyro_names(id integer PRIMARY KEY, name nvarchar NOT NULL UNIQUE, uri nvarchar NOT NULL)",
          "CREATE TABLE pyro_metadata(object integer NOT NULL, metadata nvarchar NOT NULL, FOREIGN KEY(object) REFERENCES pyro_names(id))")


def fill(file, count):
    """Returns the bytes of all texts."""
    size = 0
    with sqlite3.connect(file) as kept:
        for table in TABLES:
            kept.execute(table)
        for n in range(count):
            name, uri, tag = "service.of.number.%d" % n, "PYRO:obj_%032x@10.0.%d.%d:%d" % (n, n >> 8 & 255, n & 255, 1024 + n % 60000), "class:%d" % (n % 100)
            size += len(name) + len(uri) + len(tag)
            kept.execute("INSERT INTO pyro_names VALUES(?,?,?)", (n, name, uri))
            kept.execute("INSERT INTO pyro_metadata VALUES(?,?)", (n, tag))
    return size


def start(program, file):
    """Seconds until it says its URI, and its memory then."""
    began = time.monotonic()
    server = subprocess.Popen([program, "-n", "127.0.0.1", "-p", "0", "-x", "-s", "sql:" + file], stdout=subprocess.PIPE, text=True)
    try:
        if not any("URI = " in line for line in server.stdout):
            raise SystemExit("%s did not start" % program)
        took = time.monotonic() - began
        with open("/proc/%d/status" % server.pid) as status:
            return took, int(re.search(r"VmRSS:\s*(\d+) kB", status.read()).group(1)) * 1024
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default=os.path.join(TOP, "build", "tools"), metavar="DIR", help="where engine-ns is")
    parser.add_argument("--names", type=int, default=1000000)
    given = parser.parse_args()
    program = os.path.join(given.programs, "engine-ns")
    with tempfile.TemporaryDirectory(prefix="names-") as folder:
        text = fill(os.path.join(folder, "many.db"), given.names)
        _, empty = start(program, os.path.join(folder, "none.db"))
        took, full = start(program, os.path.join(folder, "many.db"))
    print("%d names: started in %.2f s, %.0f bytes each beside %.0f of text" %
          (given.names, took, (full - empty - text) / given.names, text / given.names))


if __name__ == "__main__":
    sys.exit(main())
