#!/usr/bin/python3
"""Writes version_cases.txt: the same values as other versions of Python write them, and as a machine with the other byte order writes
arrays, with what this Python makes of them.

/usr/bin/python3 tests/codec/make_version_cases.py PYTHON… > tests/codec/version_cases.txt

Each PYTHON is an interpreter of 2.7 or later; this one's packages (Pyro4, serpent, msgpack) are lent to those of Python 3. One case per
line, four fields between tabs: the versions that write these bytes, the serializer, the bytes in hexadecimal, and the repr() of what
C++ holds of the value, or `!` with class and text of the refusal.
"""
import array
import collections
import json
import marshal
import os
import pickle
import subprocess
import sys

import msgpack
import Pyro4.util
import serpent

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
from rows import carried

DUMPER = r"""# -*- coding: utf-8 -*-
import array, binascii, datetime, decimal, json, marshal, pickle, sys, uuid
version = "%d.%d" % sys.version_info[:2]
values = [
    None, True, False, 0, -1, 255, 65536, 2**31 - 1, -2**31, 2**31, 2**32, 2**62, 2**63 - 1, -2**63, 2**63, 2**64 - 1, -2**64, 10**30,
    0.0, -0.0, 0.1, -1e300, 5e-324, float("inf"), 1.5 - 2j, u"", u"text", u"h\xe9 \u20ac \U0001f40d", u"x" * 300, b"bytes", b"\0\xff" * 150,
    bytearray(b"ab"), (), (1, u"a"), [], [1, [2.5, [None]]], {}, {u"a": {u"b": [True]}}, {1: u"one"}, set([7]), frozenset([u"k"]),
    [u"again", u"again", 1000, 1000], datetime.datetime(2020, 1, 2, 3, 4, 5, 678), datetime.date(2020, 2, 29), datetime.timedelta(1, 2, 3),
    decimal.Decimal("1.50"), uuid.UUID(int=7), ValueError(u"bad", 3), KeyError(u"k"), array.array("d", [1.5, -2]), array.array("l", [1, -2]),
]
def tell(format, dumps):
    for value in values:
        try:
            print("\t".join((version, format, binascii.hexlify(dumps(value)).decode())))
        except Exception:
            pass  # not every format has every kind
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    tell("pickle", lambda value: pickle.dumps(value, protocol))
for form in range(min(marshal.version, 4) + 1):
    tell("marshal", lambda value: marshal.dumps(value, form))
if sys.version_info[0] == 2:
    tell("json", lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8"))
else:
    import Pyro4.util
    for format in ("serpent", "json", "msgpack"):
        tell(format, Pyro4.util.get_serializer(format).dumps)
"""


class Swapped:
    """An array as the other byte order pickles it."""
    def __init__(self, typecode, code, raw):
        self.made = typecode, code, raw

    def __reduce__(self):
        return array._array_reconstructor, (array.array,) + self.made


BIG_ENDIAN = [  # by the numbers of the machine formats that Python's array knows
    Swapped("H", 3, bytes.fromhex("0102ffff")), Swapped("h", 5, bytes.fromhex("0102fffe")), Swapped("I", 7, bytes.fromhex("01020304ffffffff")),
    Swapped("i", 9, bytes.fromhex("01020304fffffffe")), Swapped("L", 11, bytes.fromhex("0102030405060708")),
    Swapped("q", 13, bytes.fromhex("fffffffffffffffe")), Swapped("l", 9, bytes.fromhex("fffffffe")), Swapped("f", 15, bytes.fromhex("3f000000")),
    Swapped("d", 17, bytes.fromhex("3ff8000000000000c000000000000000")), Swapped("u", 19, bytes.fromhex("006800e9d83ddc0d")),
    Swapped("u", 21, bytes.fromhex("00000068000000e90001f40d00000078")),
]


def held(v):
    """What C++ holds of what Python loads."""
    if isinstance(v, BaseException):
        attributes = (v.__reduce__() + ({},))[2]
        return {"__class__": "builtins." + type(v).__name__, "__exception__": True, "args": held(v.args), "attributes": attributes}
    return [held(e) for e in v] if type(v) is list else tuple(map(held, v)) if type(v) is tuple else carried(v)


# Before Pyro makes objects of class dictionaries: that is above the reader.
LOADS = {
    "pickle": pickle.loads, "marshal": marshal.loads, "json": json.loads, "serpent": serpent.loads,
    "msgpack": lambda data: msgpack.unpackb(data, raw=False, strict_map_key=False, ext_hook=Pyro4.util.get_serializer("msgpack").ext_hook),
}


def main():
    lent = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(Pyro4.__file__)), PYTHONDONTWRITEBYTECODE="1", PYTHONHASHSEED="0")
    versions = collections.OrderedDict()
    for interpreter in sys.argv[1:]:
        for line in subprocess.run([interpreter, "-W", "ignore", "-c", DUMPER], env=lent, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
            version, format, data = line.split("\t")
            versions.setdefault((format, data), []).append(version)
    for swapped in BIG_ENDIAN:
        versions.setdefault(("pickle", pickle.dumps(swapped, 4).hex()), []).append("big-endian")
    for (format, data), by in versions.items():
        try:
            seen = repr(held(LOADS[format](bytes.fromhex(data))))
        except ValueError as refused:  # Python 2's str of other than ASCII
            seen = "! %s: %s" % (type(refused).__name__, refused)
        print("\t".join((",".join(dict.fromkeys(by)), format, data, seen.encode("ascii", "backslashreplace").decode())))


main()
