#!/usr/bin/python3
"""What Python's own serializers cost for the documents of `micro_serializers`, to compare with: ns of processor time each. marshal, pickle
and json are C in CPython, serpent is Python.

python_serializers.py [SECONDS for each document and direction [NAME…]]
python_serializers.py dumps PROGRAM [OPTION…]   runs micro_python_dumps with the documents as pickle and marshal write them here
"""
import json
import marshal
import os
import pickle
import subprocess
import sys
import tempfile
import time

try:
    import serpent
except ImportError:  # is only needed to be measured
    serpent = None

FORMATS = {
    "marshal": (marshal.dumps, marshal.loads),
    "pickle": (lambda value: pickle.dumps(value, 5), pickle.loads),
    "json": (lambda value: json.dumps(value, ensure_ascii=False).encode(), json.loads),
}
if serpent:
    FORMATS["serpent"] = serpent.dumps, serpent.loads


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


def with_dumps(command):
    with tempfile.TemporaryDirectory() as directory:
        for format_name in ("pickle", "marshal"):
            os.mkdir(os.path.join(directory, format_name))
            for name, document in DOCUMENTS.items():
                with open(os.path.join(directory, format_name, name), "wb") as file:
                    file.write(FORMATS[format_name][0](document))
        return subprocess.run([command[0], directory] + command[1:]).returncode


def main():
    if sys.argv[1:2] == ["dumps"]:
        sys.exit(with_dumps(sys.argv[2:]))
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    for format_name in sys.argv[2:] or FORMATS:
        dumps, loads = FORMATS[format_name]
        for name, document in DOCUMENTS.items():
            if format_name == "json" and name == "megabyte":
                continue
            dumped = dumps(document)
            print("python-%s/%s/encode %12.0f ns" % (format_name, name, cost(dumps, document, seconds)))
            print("python-%s/%s/decode %12.0f ns" % (format_name, name, cost(loads, dumped, seconds)), flush=True)


main()
