"""Pyro4's own name server as the competitor `pyro4-ns`: pyro4.py [storage=FILE]. Prints "ready ADDRESS" once it listens."""
import sys

import Pyro4.naming

given = dict(argument.split("=", 1) for argument in sys.argv[1:])
storage = "sql:" + given["storage"] if "storage" in given else None
daemon = Pyro4.naming.NameServerDaemon(host="127.0.0.1", port=0, storage=storage)
print("ready", daemon.locationStr, flush=True)
daemon.requestLoop()
