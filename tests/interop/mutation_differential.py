#!/usr/bin/python3
"""Compares what our readers make of damaged messages with what Python makes of them: whether they are taken, as what, and if not,
with which class and text they are refused.

mutation_differential.py PEER FORMAT [--count N] [--seed S]

Valid values and calls are damaged at random and given to Python's parser and to the peer (codec_peer.cpp). A failure prints the
seed that repeats it. What is meant to differ is listed below with its reason, and must stay rare.
"""
import argparse
import collections
import itertools
import json
import marshal
import math
import os
import random
import re
import resource
import struct

import Pyro4.core
import Pyro4.util
import msgpack
import serpent

from codec_differential import Peer, attempt, same

# What messages are made of; each format takes the ones it can carry.
SHARED = "".join(["shared", "1"]), (1, "x")
VALUES = [
    None, True, 0, -1, 7, 2**31, 2**63, -2**63, 10**30, 1.5, -0.0, 1e300, 5e-324, 123456.789, math.inf, -math.inf, math.nan, 1 + 2j, "", "text",
    "it's \"quoted\"\\\n\t\x07\x7f", "h\u00e9 \u20ac \U0001f600", "\ud800", "a" * 40, "a" * 300, [], {}, (), [1, [2, [3, []]], {}],
    (1, "a", (2.5,)), {1, 2}, frozenset([1]), b"\0\xff", {"a": 1, "b": {"c": [None, False]}}, {1: "one", None: 2.5, True: "x", (1, 2): 3},
    {"one": {2: 3}}, [{"name": "n%d" % i, "price": i / 3} for i in range(3)], [SHARED, SHARED, [SHARED[0], SHARED[1]], {SHARED[0]: SHARED[1]}],
    ["\x00\x1f\u2028/", "\\u0041", "\\ud83d\\ude00"], list(range(20)), Pyro4.core.URI("PYRO:obj@host:1234"), [Pyro4.core.URI("PYRO:obj@host:1234")],
]
CALLS = [("thing", "add", (1, 2), {}), ("obj", "m\u00e9thod", ([1, {"k": None}],), {"b": 2, "c": [3]}), ("o", "__getattr__", ["x"], None)]


class NoForm(Exception):
    """Python can read it but not write it so that it could be read again."""


class Format:
    """How Python reads and writes plain data, before objects are made of class dictionaries: that is above the reader."""
    extra_values, extra_calls = [], []  # what Python reads but does not write
    most_differ = 0.1  # of all outcomes, on purpose
    may_crash = False  # of damaged bytes, Python's own reader

    def __init__(self, name):
        self.serializer = Pyro4.util.get_serializer(name)

    def written(self, value):
        """What Python reads when it has written the value; some of what can be read cannot be written."""
        self.serializer.dumps(value)
        return value

    def parts(self, call):
        target, method, arguments, keywords = call
        return target, method, list(arguments) if isinstance(arguments, tuple) else arguments, keywords

    def whole(self, target, method, arguments, keywords):
        return target, method, arguments, keywords

    def messages(self):
        """Valid values, and valid calls."""
        values = [data for error, data in (attempt(self.serializer.dumps, value) for value in VALUES) if error is None]
        calls = [data for error, data in (attempt(self.serializer.dumpsCall, *call) for call in CALLS) if error is None]
        return values + self.extra_values, calls + self.extra_calls

    def differs(self, what, data, error, refused):
        """The reason why our refusal is meant to be another one than `error`, or to be one although Python reads the message."""
        if error is None:
            return None
        if what == "call" and refused[0] == "builtins.TypeError" and refused[1].startswith(("expected ", "cannot unpack")):
            return "a part of a call of a wrong type is refused before the call is read to its end"
        if what == "call" and "values to unpack" in refused[1]:
            return "a call of other than four parts is refused before they are read"
        if refused[1].startswith("unhashable type"):
            return "a key without a hash is refused before what follows is read"


class Json(Format):
    extra_values = [br'["\u0041\n\/", "\ud83d\ude00", "\ud800", "\udc00\ud800\ud800\udc00"]', b' [ 1 ,\t2\r\n, {"a" : 1 , "a":2} ] ', b"[1E5, 1e-7, -0, 12e+3]"]
    extra_calls = [b'{"kwargs": {"k": 1}, "x": [1, {"y": 2}], "method": "m", "params": [1, 2], "object": "o"}',
                   b'{"object": "o", "method": "m", "params": [], "x": 0, "kwargs": null, "y": {}}',
                   b'{"object": "o", "method": "m", "params": 7, "kwargs": {}}', b'{"object": [], "method": "m", "params": [], "kwargs": 1}']

    def parse(self, data):
        return json.loads(data.decode("utf-8"))

    def parts(self, call):
        arguments, keywords = call["params"], call["kwargs"]
        return call["object"], call["method"], arguments, keywords

    def whole(self, target, method, arguments, keywords):
        return {"object": target, "method": method, "params": arguments, "kwargs": keywords}

    def differs(self, what, data, error, refused):
        if refused[1].endswith("is given twice in one call"):
            return "a part of a call again after the arguments: Python lets the last one win"
        return super().differs(what, data, error, refused)


class Marshal(Format):
    may_crash = True
    REFUSED = ("bad marshal data (a code object)", "bad marshal data (Ellipsis)", "bad marshal data (StopIteration)",
               "bad marshal data (a container that holds itself)", "NULL object in marshal data for dict")

    def parse(self, data):
        return marshal.loads(data)

    def written(self, value):
        marshal.dumps(value)
        return value

    def messages(self):
        dumped = [[data for version in range(5) for error, data in [attempt(marshal.dumps, value, version)] if error is None] for value in VALUES + CALLS]
        return sum(dumped[:len(VALUES)], []), sum(dumped[len(VALUES):], [])

    def differs(self, what, data, error, refused):
        if isinstance(error, MemoryError):
            return "Python believes a declared count"
        if refused[1] in self.REFUSED:
            return "refused on purpose (marshal.hpp)"
        if error is None and refused[1].startswith("unhashable type"):
            return "a dict that ends behind a key without a hash"  # Python drops the key before it looks
        return super().differs(what, data, error, refused)


class Msgpack(Format):
    most_differ = 0.3  # what follows a damaged length is mostly a fault of its own
    extra_values = [bytes.fromhex(text) for text in (
        "d97f" + "61" * 127, "da000161", "db0000000161", "dc0002c2c3", "dd00000001c0", "de000161610a", "df00000001a1610a", "c403000102", "c50001ff",
        "c600000001ff", "cc05", "cd0005", "ce00000005", "cf8000000000000000", "d0ff", "d1ffff", "d2ffffffff", "d3ffffffffffffffff", "ca3fc00000",
        "c70230" + "0000", "d7320000000000000000", "d733" + "01" + "00" * 7, "c7033131" + "3233", "d4ff00", "d631" + "2d313031")]

    def parse(self, data):
        return msgpack.unpackb(data, raw=False, ext_hook=self.serializer.ext_hook)

    def differs(self, what, data, error, refused):
        if "is not allowed for map key" in str(error):
            return "a key that is no text is refused when it is written, other faults before"
        if error is not None and refused[1] == "Unpack failed: incomplete input":
            return "another fault of a message that ends too early"
        if isinstance(error, msgpack.FormatError) and refused[1] == "Unpack failed: invalid byte 0xc1":
            return "Python has no text, and a class that no client can rebuild"
        if isinstance(error, OSError) and refused[1].endswith("is out of range"):
            return "a moment that the C library refuses before Python does"
        if re.match(r"invalid literal for int\(\) with base 10: b.*([ _]|\\[tnr]|\\x0[bc])", refused[1]):
            return "blanks and underscores in an integer: nobody writes them"
        if refused[1] == "invalid ext code for msgpack: -1":
            return "msgpack's own timestamps are none of Pyro's values"
        return super().differs(what, data, error, refused)


class Serpent(Format):
    most_differ = 0.1
    extra_values = [b"# serpent\n(1,\n 2)", b"'a' 'b' \"\"\"c\nd\"\"\"", b"b'a\\xff'", b"[0x1f, 0o17, 0b11, 1_000, 1e5, .5, 2j, 1+2j, -3]", b"set()", b"(1)"]

    def parse(self, data):
        return serpent.loads(data)

    def written(self, value):
        try:
            return serpent.loads(serpent.dumps(value))
        except Exception as error:
            raise NoForm from error

    def differs(self, what, data, error, refused):
        if error is None:
            return "not supported (serpent.hpp)" if b"\\N" in data or b"..." in data or re.search(rb"\(\s*set\s*\)", data) else None
        theirs = refusal(error)
        if theirs[0] == refused[0] and theirs[1].partition(": <ast.")[0] == refused[1].partition(": ")[0]:
            return "a node of Python's tree has no address here"
        if theirs[1].startswith("malformed node or string") and refused[1].startswith("invalid character "):
            return "letters beyond ASCII are not told from other characters: no name is a value"
        if theirs[0] == refused[0] and all(text.startswith("malformed node or string on line ") for text in (theirs[1], refused[1])):
            return "a node of Python's tree begins in another line than what is wrong with it"
        if theirs[0] == "builtins.SyntaxError" and (refused[0] in (theirs[0], "builtins.IndentationError") or refused[1].startswith("malformed node or string")):
            return "another of several faults"
        return super().differs(what, data, error, refused)


FORMATS = {"json": Json, "marshal": Marshal, "msgpack": Msgpack, "serpent": Serpent}


def damaged(r, data, pool):
    """Bytes changed, put in, taken out, cut off or doubled; new ones come from other messages, and a few are any."""
    data = bytearray(data)

    def some(most):
        start = r.randrange(len(pool))
        return pool[start:start + r.randint(1, most)] if r.random() < 0.9 else r.randbytes(1)
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        place = r.randint(0, len(data))
        change = r.randrange(6)
        if change == 0:
            data[place:place + 1] = some(1)
        elif change == 1:
            data[place:place] = some(1)
        elif change == 2:
            data[place:place] = some(12)
        elif change == 3:
            del data[place:place + r.choice([1, 1, 1, 2, 8])]
        elif change == 4:
            del data[place:]
        else:
            data[place:place] = data[place // 2:place // 2 + r.randint(1, 20)]
    return bytes(data)


def refusal(error):
    text = error.args[0] if isinstance(error, KeyError) else str(error)
    # No client can rebuild the classes of these two: we send what ExtraData derives from, and the nearest for the other.
    kind = ValueError if isinstance(error, (msgpack.ExtraData, struct.error)) else type(error)
    return "%s.%s" % (kind.__module__, kind.__qualname__), text


def well_typed(target, method, arguments, keywords):
    return isinstance(target, str) and isinstance(method, str) and isinstance(arguments, (list, tuple)) and isinstance(keywords, (dict, type(None)))


def expected_value(form, data):
    return form.written(form.parse(data))


def expected_call(form, data):
    parts = form.parts(form.parse(data))
    if isinstance(parts[2], (set, frozenset)):
        raise TypeError("unhashable type: or not, nobody sends a set of arguments")
    if not well_typed(*parts):
        raise TypeError
    return form.parts(form.written(form.whole(*parts)))


def outcome(form, what, answer):
    return form.parse(answer) if what == "value" else form.parts(form.parse(answer))


def compare(peer, name, form, what, data):
    """The verdict, our answer, and what came of it in Python: a value, or class and text of an error."""
    error, expected = attempt(expected_value if what == "value" else expected_call, form, data)
    answer = peer.again(what[:1].encode(), name, data)
    if isinstance(error, NoForm):
        return "cannot be written", answer, None
    if error is None and isinstance(answer, bytes) and same(outcome(form, what, answer), expected):
        return "taken", answer, expected
    refused = isinstance(answer, tuple)
    if error is not None:
        expected = refusal(error)
        # A part of a call of the wrong type has no words of Python's: nothing in its reader looks.
        if refused and (answer == expected or expected == ("builtins.TypeError", "") == (answer[0], expected[1])):
            return expected[0], answer, expected
    reason = form.differs(what, data, error, answer) if refused else None
    if what == "call" and expected[0] == "builtins.TypeError" and expected[1].startswith("unhashable type"):
        reason = "arguments in a set are read one by one, without hashing"
    return "on purpose: " + reason if reason else None, answer, expected


def survives(form, messages):
    """Whether Python's reader does. Its marshal may crash of bytes that no marshal wrote, so it is tried in a process of its own."""
    child = os.fork()
    if child == 0:
        for data in messages:
            attempt(form.parse, data)
        os._exit(0)
    return os.WIFEXITED(os.waitpid(child, 0)[1])


def without_crashes(form, numbered, at_once=1000):
    """(number, message, whether Python's reader crashes of it), one after the other."""
    while some := list(itertools.islice(numbered, at_once)):
        sound = not form.may_crash or survives(form, [data for _, data in some])
        for i, data in some:
            yield i, data, not sound and not survives(form, [data])


def run(peer, name, count, seed):
    form = FORMATS[name](name)
    values, calls = form.messages()
    pool = b"".join(values + calls)
    came = collections.Counter()

    def message(what, originals, i):
        r = random.Random("%d/%s/%s/%d" % (seed, name, what, i))
        return originals[i] if i < 0 else damaged(r, r.choice(originals), pool)

    for what, originals in (("value", values), ("call", calls)):
        for i, data, crash in without_crashes(form, ((i, message(what, originals, i)) for i in range(-len(originals), count))):
            if crash:
                peer.again(what[:1].encode(), name, data)  # whatever it says: it lives
                came["Python's reader crashes"] += 1
                continue
            verdict, answer, expected = compare(peer, name, form, what, data)
            if verdict is None:
                raise SystemExit("%s %d of --seed %d: %r\nours:     %.600r\nPython's: %.600r" % (what, i, seed, data, answer, expected))
            came[verdict] += i >= 0
    print("%s: %d damaged values and %d damaged calls from seed %d: %s" %
          (name, count, count, seed, ", ".join("%s %d" % one for one in came.most_common())))
    differ = sum(n for verdict, n in came.items() if verdict.startswith("on purpose"))
    assert differ <= form.most_differ * sum(came.values()), "%d differ" % differ


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer")
    parser.add_argument("format", choices=sorted(FORMATS))
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    peer = Peer(options.peer)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))  # marshal fills with zeroes what a message declares, which takes its time
    run(peer, options.format, options.count, options.seed)


if __name__ == "__main__":
    main()
