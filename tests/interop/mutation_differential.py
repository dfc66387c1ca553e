#!/usr/bin/python3
"""Compares what our readers make of damaged messages with what Python makes of them: whether they are taken, as what, and if not,
with which class and text they are refused.

mutation_differential.py PEER FORMAT [--count N] [--seed S]

Valid values and calls are damaged at random and given to Python's parser and to the peer (codec_peer.cpp). A failure prints the
seed that repeats it.
"""
import argparse
import collections
import json
import math
import random

import Pyro4.core
import Pyro4.util

from codec_differential import Peer, attempt, same

# How Python parses a value without making objects of class dictionaries.
PARSERS = {"json": lambda data: json.loads(data.decode("utf-8"))}

# What messages are made of; each format takes the ones it can carry.
VALUES = [
    None, True, 0, -1, 7, 2**63, -2**63, 10**30, 1.5, -0.0, 1e300, 5e-324, 123456.789, math.inf, -math.inf, math.nan, "", "text",
    "it's \"quoted\"\\\n\t\x07\x7f", "h\u00e9 \u20ac \U0001f600", "a" * 40, [], {}, [1, [2, [3, []]], {}], (1, "a", (2.5,)), {1, 2}, b"\0\xff",
    {"a": 1, "b": {"c": [None, False]}}, {1: "one", None: 2.5, True: "x"}, [{"name": "n%d" % i, "price": i / 3} for i in range(3)],
    [Pyro4.core.URI("PYRO:obj@host:1234")], ["\x00\x1f\u2028/", "\\u0041", "\\ud83d\\ude00"], list(range(20)),
]


def messages(serializer):
    """Valid values, and valid calls."""
    values = [data for error, data in (attempt(serializer.dumps, value) for value in VALUES) if error is None]
    envelopes = [("thing", "add", (1, 2), {}), ("obj", "m\u00e9thod", ([1, {"k": None}],), {"b": 2, "c": [3]}), ("o", "__getattr__", ["x"], None)]
    calls = [data for error, data in (attempt(serializer.dumpsCall, *call) for call in envelopes) if error is None]
    return values, calls


def extra(name, values, calls):
    """Texts that Python reads but does not write."""
    if name == "json":
        values += [br'["\u0041\n\/", "\ud83d\ude00", "\ud800", "\udc00\ud800\ud800\udc00"]', b' [ 1 ,\t2\r\n, {"a" : 1 , "a":2} ] ', b"[1E5, 1e-7, -0, 12e+3]"]
        calls += [b'{"kwargs": {"k": 1}, "x": [1, {"y": 2}], "method": "m", "params": [1, 2], "object": "o"}',
                  b'{"object": "o", "method": "m", "params": [], "x": 0, "kwargs": null, "y": {}}',
                  b'{"object": "o", "method": "m", "params": 7, "kwargs": {}}', b'{"object": [], "method": "m", "params": [], "kwargs": 1}']


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
    return "%s.%s" % (type(error).__module__, type(error).__qualname__), text


def compare_value(peer, name, data):
    """Whether both agree, our answer, and what came of it in Python: bytes if it was taken, else class and text."""
    serializer, parse = Pyro4.util.get_serializer(name), PARSERS[name]
    error, expected = attempt(parse, data)
    answer = peer.again(b"v", name, data)
    if error is None:
        error, dumped = attempt(serializer.dumps, expected)  # some of what can be read cannot be written
    if error is not None:
        return answer == refusal(error), answer, refusal(error)
    return isinstance(answer, bytes) and same(parse(answer), expected), answer, dumped


def compare_call(peer, name, data):
    serializer = Pyro4.util.get_serializer(name)
    serializer.recreate_classes = lambda literal: literal  # that is above the reader
    error, expected = attempt(serializer.loadsCall, data)
    answer = peer.again(b"c", name, data)
    if error is None and not well_typed(*expected):
        error = TypeError("not the parts of a call")
        return isinstance(answer, tuple) and answer[0] == "builtins.TypeError" or repeats(answer), answer, refusal(error)
    if error is None:
        error, dumped = attempt(serializer.dumpsCall, *expected)
    if error is not None:
        return answer == refusal(error) or repeats(answer) or misfits(answer, error), answer, refusal(error)
    return repeats(answer) or isinstance(answer, bytes) and same(serializer.loadsCall(answer), expected), answer, dumped


def well_typed(target, method, arguments, keywords):
    return isinstance(target, str) and isinstance(method, str) and isinstance(arguments, (list, tuple)) and isinstance(keywords, (dict, type(None)))


def repeats(answer):
    """A key of a call's envelope that comes again after the arguments: Python lets the last one win, we refuse."""
    return isinstance(answer, tuple) and answer[1].endswith("is given twice in one call")


def misfits(answer, error):
    """Arguments that are no list, before a call that also lacks a part is read to its end."""
    return isinstance(error, KeyError) and isinstance(answer, tuple) and answer[0] == "builtins.TypeError"


def run(peer, name, count, seed):
    values, calls = messages(Pyro4.util.get_serializer(name))
    extra(name, values, calls)
    pool = b"".join(values + calls)
    came = collections.Counter()
    for what, originals, compare in (("value", values, compare_value), ("call", calls, compare_call)):
        for original in originals:
            agrees, answer, expected = compare(peer, name, original)
            if not agrees:
                raise SystemExit("%s %r: ours %r, Python's %r" % (what, original, answer, expected))
        for i in range(count):
            r = random.Random("%d/%s/%s/%d" % (seed, name, what, i))
            data = damaged(r, r.choice(originals), pool)
            agrees, answer, expected = compare(peer, name, data)
            came[expected[0] if isinstance(expected, tuple) else "taken"] += 1
            if not agrees:
                raise SystemExit("%s %d of --seed %d: %r\nours:     %.600r\nPython's: %.600r" % (what, i, seed, data, answer, expected))
    print("%s: %d damaged values and %d damaged calls from seed %d had the same outcome: %s" %
          (name, count, count, seed, ", ".join("%s %d" % one for one in came.most_common())))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer")
    parser.add_argument("format", choices=sorted(PARSERS))
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    run(Peer(options.peer), options.format, options.count, options.seed)


if __name__ == "__main__":
    main()
