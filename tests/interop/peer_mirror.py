"""The object of peer_thing.hpp as Python serves it with Pyro4, so that both servers can be asked the same questions."""
import argparse
import errno
import signal
import sys
import time

import Pyro4
import Pyro4.core
import Pyro4.errors

import rows


class OutOfStock(Exception):
    __module__ = "peer"

    def __init__(self, text, item, left):
        super().__init__(text)
        self.item, self.left = item, left


def raise_kind(kind):
    errors = Pyro4.errors
    raise {
        "invalid_argument": lambda: ValueError("a bad value"), "domain_error": lambda: ValueError("outside"),
        "length_error": lambda: RuntimeError("too long"), "out_of_range": lambda: IndexError("no such index"),
        "overflow_error": lambda: OverflowError("too much"), "logic_error": lambda: RuntimeError("illogical"),
        "runtime_error": lambda: RuntimeError("something happened"), "bad_alloc": lambda: MemoryError("out of memory"),
        "system_error": lambda: OSError(errno.ENOENT, "opening: No such file or directory"),
        "no_exception": lambda: RuntimeError("an exception that is no std::exception"),
        "ZeroDivisionError": lambda: ZeroDivisionError("division by zero"), "KeyError": lambda: KeyError("the key"),
        "ValueError": lambda: ValueError("bad", 3, [1, 2]), "StopIteration": StopIteration,
        "OutOfStock": lambda: OutOfStock("none left", "bike", -3),
        "Unknown": lambda: type("Bar", (Exception,), {"__module__": "foo"})("nobody knows it"),
        "NamingError": lambda: errors.NamingError("unknown name: x"), "DaemonError": lambda: errors.DaemonError("no daemon"),
        "PyroError": lambda: errors.PyroError("general"), "SecurityError": lambda: errors.SecurityError("not allowed"),
        "SerializeError": lambda: errors.SerializeError("cannot be written"),
        "CommunicationError": lambda: errors.CommunicationError("lost"),
        "ConnectionClosedError": lambda: errors.ConnectionClosedError("gone"), "TimeoutError": lambda: errors.TimeoutError("late"),
        "ProtocolError": lambda: errors.ProtocolError("confused"),
        "MessageTooLargeError": lambda: errors.MessageTooLargeError("huge"),
    }[kind]()


@Pyro4.behavior(instance_mode="single")
class Thing(object):
    def __init__(self):
        self._level = 5
        self._colour_name = "red"
        self._notes = []

    @Pyro4.expose
    def echo(self, message):
        return message

    @Pyro4.expose
    def add(self, a, b):
        return a + b

    @Pyro4.expose
    def join(self, a, b="B", c=None):
        return "%s/%s/%s" % (a, b, c)

    @Pyro4.expose
    def collect(self, first, *args, **kwargs):
        return [first, list(args), kwargs]

    @Pyro4.expose
    def positional(self, *args):
        return list(args)

    @Pyro4.expose
    def nothing(self):
        pass

    @Pyro4.expose
    def fail(self, kind):
        raise_kind(kind)

    @Pyro4.expose
    def size_of(self, data):
        return str(len(data))

    @Pyro4.expose
    def make(self, size):
        return "x" * size

    @Pyro4.expose
    @Pyro4.oneway
    def note(self, text):
        if text == "throw":
            raise RuntimeError("nobody hears this")
        self._notes.append(text)

    @Pyro4.expose
    def notes(self):
        return list(self._notes)

    @Pyro4.expose
    def nap(self, seconds):
        print("napping", flush=True)
        time.sleep(seconds)

    @Pyro4.expose
    @Pyro4.callback
    def sulk(self):
        raise RuntimeError("sulking")

    @Pyro4.expose
    def __len__(self):
        return 3

    def _hidden(self):
        return "private"

    @Pyro4.expose
    @property
    def level(self):
        return self._level

    @level.setter
    def level(self, to):
        if to < 0:
            raise ValueError("level below zero")
        self._level = to

    @Pyro4.expose
    def prices(self):
        return ["3 EUR", "120 EUR"]

    @Pyro4.expose
    @property
    def fixed(self):
        return 2.5

    @Pyro4.expose
    @property
    def colour_name(self):
        return self._colour_name

    @colour_name.setter
    def colour_name(self, to):
        self._colour_name = to

    # For clients in C++: values only Python can make, and what Python sees of those that come back.
    @Pyro4.expose
    def give(self, row):
        if row not in rows.ROWS:
            from numpy_rows import NUMPY
            return NUMPY[row]()
        return rows.ROWS[row]()

    @Pyro4.expose
    def give_in_list(self, row):
        return [rows.ROWS[row](), "next"]

    @Pyro4.expose
    def give_in_dict(self, row):
        return {"k": rows.ROWS[row]()}

    @Pyro4.expose
    def describe(self, value):
        return rows.described(value)


ECHOES = ("boolean int8 int16 int32 int64 uint8 uint16 uint32 uint64 big float32 float64 complex text text_view data data_view numbers "
          "triple table hashed words mixed couple maybe either seconds when day colour point path where").split()
for name in ECHOES:
    setattr(Thing, "echo_" + name, Pyro4.expose(lambda self, v: v))


class PickyDaemon(Pyro4.core.Daemon):
    def validateHandshake(self, conn, data):
        if data != "sesame":
            raise RuntimeError("you did not say sesame but %r" % data)
        return "welcome"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--unix")
    parser.add_argument("--key")
    parser.add_argument("--picky", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    daemon = (PickyDaemon if options.picky else Pyro4.core.Daemon)(host=options.host, unixsocket=options.unix)
    if options.key:
        daemon._pyroHmacKey = options.key.encode()
    print(daemon.register(Thing(), "thing"), flush=True)
    daemon.requestLoop()


if __name__ == "__main__":
    main()
