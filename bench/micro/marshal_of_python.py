#!/usr/bin/python3
"""What CPython's own marshal (written in C) costs for the documents of serializers.cpp, to compare with: ns of processor time each.

marshal_of_python.py [SECONDS for each document and direction]
"""
import marshal
import sys
import time

def items(count):
    return [{"name": "item %d" % n, "price": 0.25 + n / 3, "sizes": [n, n * 100, n * n * 1000, -n]} for n in range(count)]


DOCUMENTS = {
    "small_call": ("echo", "length", ["Irmen de Jong"], {}),
    "thousand_values": items(125),
    "mixed": items(16000),
    "megabyte": bytes(i * 7 & 255 for i in range(1 << 20)),
    "floats": [i / 7 for i in range(100000)],
    "strings": ["name%d" % i for i in range(100000)],
}


def cost(function, argument, seconds):
    """The best of five rounds, in ns: a round calls as often as fills its share of the time."""
    times, best = 1, float("inf")
    for _ in range(5):
        while True:
            begin = time.process_time()
            for _ in range(times):
                function(argument)
            took = time.process_time() - begin
            if took >= seconds / 5:
                break
            times *= 2
        best = min(best, took / times)
    return best * 1e9


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    for name, document in DOCUMENTS.items():
        dumped = marshal.dumps(document)
        print("python/%s/encode %12.0f ns" % (name, cost(marshal.dumps, document, seconds)))
        print("python/%s/decode %12.0f ns" % (name, cost(marshal.loads, dumped, seconds)), flush=True)


main()
