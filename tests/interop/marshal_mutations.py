#!/usr/bin/python3
"""Compares what our marshal reader makes of damaged messages with what CPython's makes of them: whether they are taken, as what, and
if not, with which class and text they are refused.

marshal_mutations.py PEER [--count N] [--seed S]

Values dumped in all five versions are damaged at random and given to marshal.loads() and to the peer (codec_peer.cpp). A failure
prints the seed that repeats it.
"""
import argparse
import collections
import marshal
import math
import random
import resource

from codec_differential import Peer, attempt, same

SHARED = "".join(["shared", "1"]), (1, "x")
VALUES = [
    None, True, 0, -1, 7, 2**31, 2**63, -2**63, 10**30, 1.5, -0.0, 1e300, math.inf, 1 + 2j, "", "text", "h\u00e9 \u20ac \U0001f600", "\ud800", "a" * 300,
    [], {}, (), [1, [2, [3, []]], {}], (1, "a", (2.5,)), {1, 2}, frozenset([1]), b"\0\xff", {"a": 1, "b": {"c": [None, False]}},
    {1: "one", None: 2.5, True: "x", (1, 2): 3}, [SHARED, SHARED, [SHARED[0], SHARED[1]], {SHARED[0]: SHARED[1]}], list(range(20)),
    [{"name": "n%d" % i, "price": i / 3} for i in range(3)],
]
# What we refuse on purpose (marshal.hpp); and a key that has no hash we refuse before its item is read.
DELIBERATE = ("bad marshal data (a code object)", "bad marshal data (Ellipsis)", "bad marshal data (StopIteration)",
              "bad marshal data (a container that holds itself)", "NULL object in marshal data for dict")


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


def compare(peer, data):
    """Whether both agree or ours differs on purpose, then both outcomes."""
    error, expected = attempt(marshal.loads, data)
    answer = peer.again(b"v", "marshal", data)
    if error is None:
        agrees = isinstance(answer, bytes) and same(marshal.loads(answer), expected)
    else:
        expected = "builtins." + type(error).__name__, str(error)
        agrees = answer == expected or isinstance(answer, tuple) and isinstance(error, MemoryError)  # Python believes declared counts
    deliberate = isinstance(answer, tuple) and (answer[1] in DELIBERATE or answer[1].startswith("unhashable type"))
    return "same" if agrees else "deliberate" if deliberate else "different", answer, expected


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    peer = Peer(options.peer)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))  # for what Python reserves
    messages = [marshal.dumps(value, version) for value in VALUES for version in range(5)]
    pool = b"".join(messages)
    came = collections.Counter()
    for i, data in enumerate(messages + [None] * options.count):
        r = random.Random("%d/%d" % (options.seed, i))
        data = damaged(r, r.choice(messages), pool) if data is None else data
        verdict, answer, expected = compare(peer, data)
        if verdict == "different":
            raise SystemExit("message %d of --seed %d: %r\nours:     %.600r\nPython's: %.600r" % (i, options.seed, data, answer, expected))
        came[verdict if verdict == "deliberate" else expected[0] if isinstance(expected, tuple) and isinstance(answer, tuple) else "taken"] += 1
    assert came["deliberate"] * 50 < options.count, came
    print("marshal: %d damaged messages from seed %d: %s" % (options.count, options.seed, ", ".join("%s %d" % one for one in came.most_common())))


if __name__ == "__main__":
    main()
