#!/usr/bin/python3
"""Writes the corpus: what Pyro4, serpent, msgpack and pickle of this Python really send, and some of what nobody should.

/usr/bin/python3 tests/fuzz/make_corpus.py     rewrites tests/fuzz/corpus/<target>/ (files that crashed once, crash-*, stay)
"""
import array
import collections
import datetime
import decimal
import fractions
import hashlib
import hmac
import marshal
import pathlib
import pickle
import struct
import uuid
import zlib

import msgpack
import serpent
from Pyro4 import core, util

TOP = pathlib.Path(__file__).resolve().parent / "corpus"
SERPENT, MSGPACK, PING = 1, 6, 42
CONNECT, CONNECTOK, CONNECTFAIL, INVOKE, RESULT = 1, 2, 3, 4, 5
CORRELATION = bytes.fromhex("00112233445566778899aabbccddeeff")
KEY = b"secr3t"


# ---- values, as Pyro's serializers write them

def values():
    """Names and values of every kind; the serializers refuse some of them."""
    yield "none", None
    yield "numbers", [0, 1, -1, 127, 128, -128, 65535, 2**31, -2**31, 2**63 - 1, -2**63, 2**64 - 1, 1.5, -0.0, 1e300, True, False]
    yield "big", [2**64, -2**100, 10**300]
    yield "odd_floats", [float("inf"), float("-inf"), float("nan"), 5e-324, 1e22]
    yield "complex", [1 + 2j, -1.5j]
    yield "text", ["", "plain", "it's", "\"both' quotes", "line\nbreak\t\0", "h\u00e9 \u20ac \U0001f600", "a" * 40]
    yield "bytes", [b"", b"\0\xff", b"0123456789" * 7]
    yield "containers", [(), (1,), (1, (2, [3, {"k": [4]}])), [], {}, {"a": {"b": {"c": None}}}]
    yield "sets", [{1, 2}, {"x"}, set()]
    yield "keys", {1: "one", 2.5: "x", "s": 1, (1, 2): 3, True: 4}
    yield "times", [datetime.datetime(2020, 1, 2, 3, 4, 5, 678), datetime.date(2020, 1, 2)]
    yield "deep", nested(60)
    yield "long", list(range(300))
    yield "uri", [core.URI("PYRO:obj@localhost:1234"), core.URI("PYRONAME:name@[::1]:9090"), core.URI("PYROMETA:a@./u:/tmp/s")]
    yield "error", exception()
    yield "structs", structs()


def nested(depth):
    return [] if depth == 0 else [nested(depth - 1)]


def structs():
    """As struct_fuzz.hpp reads them: alike, in another order, with members missing or of other types, with a key that is no member's."""
    def stock(n):
        return {"name": "item %d" % n, "price": 0.25 + n, "sizes": [n, n * 1000, -n], "count": n, "sold": n % 2 == 0, "notes": ["a", "b"]}
    other = dict(reversed(stock(3).items()))
    return [stock(1), stock(2), other, {"name": "x" * 20, "sizes": list(range(20)), "more": [1], "price": 1}, stock(300)]


def exception():
    error = ValueError("bad", 3)
    error._pyroTraceback = ["Traceback (most recent call last):\n", "ValueError: bad\n"]
    return error


def dumps(name, value):
    """None if that serializer cannot."""
    try:
        return util.get_serializer(name).dumps(value)
    except Exception:
        return None


def call(name, method, arguments=(), keywords=None, target="thing"):
    if name == "json":
        return util.get_serializer("json").dumpsCall(target, method, arguments, keywords)
    if name == "msgpack":
        return msgpack.packb([target, method, list(arguments), keywords], use_bin_type=True, default=lambda o: str(o))
    if name == "marshal":
        return marshal.dumps((target, method, list(arguments), keywords))
    return serpent.dumps((target, method, tuple(arguments), keywords), module_in_classname=True)


def calls():
    """Names, methods, arguments and keywords of the class that dispatch_fuzz.cpp exposes."""
    yield "add", "add", (1, 2), {}
    yield "keyword", "add", (1,), {"b": 2}
    yield "missing", "add", (), {"c": 1}
    yield "join", "join", (["a", "b", "c"], ", "), {}
    yield "any", "any", ({"k": [1, 2.5, None, "x"]},), {}
    yield "variadic", "variadic", (1, "two", [3]), {"four": 4, "five": (5,)}
    yield "table", "table", ({"a": [1.5, 2], "b": []},), {}
    yield "either", "either", ("text",), {}
    yield "order", "place", ({"item": "bike", "count": 2, "when": None},), {}
    yield "bytes", "size", (b"0123456789",), {}
    yield "uri", "where", ("PYRO:obj@localhost:1234",), {}
    yield "throw", "fail", ("why",), {}
    yield "getattr", "__getattr__", ("level",), None
    yield "setattr", "__setattr__", ("level", 7), None
    yield "private", "_secret", (), {}
    yield "unknown", "nothing", (), {}


# ---- frames

def chunk(key, value):
    return key + struct.pack("!H", len(value)) + value


def frame(kind, body=b"", flags=0, sequence=0, serializer=SERPENT, annotations=b"", version=48, key=None):
    if key:
        mac = hmac.new(key, body, hashlib.sha1)
        mac.update(CORRELATION if annotations else b"")
        annotations += chunk(b"HMAC", mac.digest())
    length, room = len(body) & 0xFFFFFFFF, len(annotations)
    checksum = (kind + version + length + room + serializer + flags + sequence + 0x34E9) & 0xFFFF
    return struct.pack("!4sHHHHLHHHH", b"PYRO", version, kind, flags, sequence, length, serializer, room, 0, checksum) + annotations + body


def lying(length, sequence=0):
    """A header that announces a body which does not come."""
    checksum = (INVOKE + 48 + length + SERPENT + sequence + 0x34E9) & 0xFFFF
    return struct.pack("!4sHHHHLHHHH", b"PYRO", 48, INVOKE, 0, sequence, length, SERPENT, 0, 0, checksum) + b"beginning"


def streams():
    correlation = chunk(b"CORR", CORRELATION)
    hello = serpent.dumps({"handshake": "hello", "object": "thing"})
    asked = call("serpent", "add", (1,), {"b": 2})
    answered = serpent.dumps({"handshake": "hello", "meta": {"methods": ["add"], "oneway": [], "attrs": ["value"]}})
    session = frame(CONNECT, hello, 16, 0, annotations=correlation) + frame(INVOKE, asked, 0, 1, annotations=correlation) * 3
    large = zlib.compress(b"a" * 100000)
    yield "session", session
    yield "answers", frame(CONNECTOK, answered, 16, annotations=correlation) + frame(RESULT, serpent.dumps(3), 0, 1)
    yield "ping", frame(6, b"ping", serializer=PING)
    yield "empty", frame(INVOKE)
    yield "refusal", frame(CONNECTFAIL, b"\xfa\x2cinvalid data or unsupported protocol version", serializer=3)
    yield "compressed", frame(INVOKE, zlib.compress(asked * 20), 2, 1) + frame(INVOKE, asked, 0, 2)
    yield "bomb", frame(INVOKE, zlib.compress(large + b"\0" * 3000000), 2, 1)
    yield "broken_zlib", frame(INVOKE, zlib.compress(asked * 20)[:-9], 2, 1)
    yield "blob", frame(INVOKE, bytes(range(256)) * 20, 0, 1) + frame(6, b"ping", serializer=PING)
    yield "annotations", frame(INVOKE, asked, annotations=correlation + chunk(b"XYZZ", b"\0" * 300) + chunk(b"XYZZ", b""))
    yield "bad_annotation", frame(INVOKE, asked, annotations=b"XYZZ\xff\xff...")
    yield "signed", frame(INVOKE, asked, annotations=correlation, key=KEY) + frame(6, b"ping", serializer=PING, key=KEY)
    yield "other_key", frame(INVOKE, asked, key=b"other")
    yield "version", frame(INVOKE, asked, version=502)
    yield "http", b"GET /pyro/thing/add?a=1 HTTP/1.1\r\nHost: x\r\n\r\n"
    yield "checksum", bytes(24)
    yield "gigabytes", lying(0x7FFFFFFF)
    yield "negative", lying(0x80000000)


# The first four bytes choose: limits and thresholds and pieces and key, then two of seed and one unused.
def choices(message_size=0, threshold=0, signed=False, handed_over=False, pieces=2, seed=7):
    return bytes([message_size | threshold << 2 | signed << 4 | handed_over << 5 | pieces << 6, seed >> 8, seed & 255])


# ---- the targets

def frame_reader():
    for name, stream in streams():
        yield name, choices(signed=name in ("signed", "other_key")) + stream
    both = dict(streams())
    yield "bytewise", choices(pieces=0) + both["session"]
    yield "handed_over", choices(handed_over=True, threshold=1) + both["session"] + both["blob"]
    yield "small_limit", choices(message_size=1) + both["session"]
    yield "bomb_limited", choices(message_size=3) + both["bomb"]
    yield "direct", choices(threshold=0, pieces=3) + both["blob"] + both["compressed"]


def of_serializer(name):
    for what, value in values():
        body = dumps(name, value)
        if body is not None:
            yield what, body
    for what, method, arguments, keywords in list(calls())[:6]:
        yield "call_" + what, call(name, method, arguments, keywords)


def serpent_target():
    yield from of_serializer("serpent")
    header = b"# serpent utf-8 python3.2\n"
    yield "literals", (header + b"[0x1f, 0o17, 0b11, 1_000, 1e400, .5, 5., 1j, -2.5+1J, (1+2j), u'x', r'\\d', b'\\x00', rb'\\d', "
                       b"'\\u20ac\\U0001f600\\101\\\n']")
    yield "quotes", header + b"('a' 'b', \"c\", '''d\n'e''', \"\"\"f\"\"\", b'g' b\"h\")"
    yield "open_tuple", header + b" 1, {2: 3,}, {4, 5}, # six\n"
    yield "too_deep", header + b"[" * 250
    yield "many_digits", header + b"9" * 4400
    yield "surrogate", header + b"'\\ud800'"


def msgpack_target():
    yield from of_serializer("msgpack")
    for name, text in {
        "lying_array": "dd ffffffff 01", "lying_map": "df ffffffff a161", "lying_str": "db ffffffff 61",
        "lying_bin": "c6 7fffffff 00", "lying_ext": "c9 ffffffff 31 31",
        "ext_complex": "d8 30 000000000000f03f 0000000000000040", "ext_datetime": "d7 32 0000000065cd9741",
        "ext_date": "d7 33 92400b0000000000", "ext_timestamp": "d6 ff 5e0d3a00", "ext_unknown": "c7 03 7f 010203",
        "ext_number": "c7 03 31 312f33", "reserved": "c1", "integer_keys": "82 01 02 c3 04",
        "floats": "92 ca3fc00000 cbfff8000000000000",
        "all_ints": "98 cc80 cdffff ceffffffff cfffffffffffffffff "
                    "d080 d18000 d280000000 d38000000000000000",
    }.items():
        yield name, bytes.fromhex(text)


def json_target():
    yield from of_serializer("json")
    yield "escapes", br'["\u0041\u00e9\u20ac\ud83d\ude00", "\ud800", "\udc00\ud800\ud800\udc00", "\"\\\/\b\f\n\r\t"]'
    yield "blanks", b' \t\r\n{ "a" : [ 1 , 2.5 ] , "a" : { } } \n'
    yield "numbers", b"[-0, -0.0, 1E5, 1e-400, 1e400, 123456789012345678901234567890, 0.1e+1, 9223372036854775808, NaN, -Infinity]"
    yield "other_order", b'{"kwargs": {"k": 1}, "x": [1, {"y": 2}], "method": "m", "params": [1, 2], "object": "o", "method": "n"}'
    yield "given_twice", b'{"object": "o", "method": "m", "params": [], "x": 0, "kwargs": null, "params": {}}'
    yield "missing", b'{"object": "o", "method": "m", "params": []}'
    yield "too_deep", b"[" * 250
    yield "many_digits", b"9" * 4400
    yield "mark", b"\xef\xbb\xbf1"
    for i, text in enumerate([b"01", b"1.", b'"\\x"', b'"\\u12"', b'"a', b'"\x01"', b"{1:2}", b'{"a" 1}', b"[1 2]", b"[1,]", b"tru", b"-"]):
        yield "broken%02d" % i, text


def marshal_target():
    yield from of_serializer("marshal")
    shared = ["shared", 1.5, (1, 2)]
    value = {"a": [shared, shared], "b": frozenset([1, "x"]), 3: (b"bytes", "h\u00e9", 2**70, 1 + 2j, "a" * 300)}
    for version in range(5):
        yield "version_%d" % version, marshal.dumps(value, version)
    for name, text in {
        "null": "30", "lying_list": "5bffffff7f 4e", "lying_text": "61ffffff7f 61", "negative": "28ffffffff", "lying_long": "6cffffff7f 0100",
        "unnormalized": "6c01000000 0000", "digit": "6c01000000 0080", "cycle": "db01000000 7200000000", "frozen_cycle": "be01000000 7200000000",
        "no_object": "5b02000000 7201000000 e901000000", "code": "6300000000", "singletons": "2902 2e 53", "dict_in_a_key": "7b 7b30 4e 30",
        "half_dict": "7b 4e 30", "latin": "7a0268e9", "half_surrogate": "7502000000 eda0", "texts": "2904 660331653578 660331653530 7801310132 6600",
        "laughs": "2904 db02000000e901000000e901000000 db0200000072000000007200000000 db0200000072030000007203000000 db0200000072040000007204000000",
        "deep": "2901" * 210 + "4e",
    }.items():
        yield name, bytes.fromhex(text)


def pickle_target():
    for what, value in values():
        for protocol in 0, 2, 5:
            yield "%s_%d" % (what, protocol), pickle.dumps(value, protocol)
    for what, method, arguments, keywords in list(calls())[:6]:
        yield "call_" + what, pickle.dumps(("thing", method, tuple(arguments), keywords), 4)
    for what, value in {"decimal": decimal.Decimal("1.5"), "uuid": uuid.UUID(int=7), "fraction": fractions.Fraction(1, 3),
                        "deque": collections.deque([1], 5), "ordered": collections.OrderedDict(a=1), "default": collections.defaultdict(int, a=1),
                        "counter": collections.Counter("aab"), "array": array.array("H", [1, 2]), "array_text": array.array("u", "ab"), "range": range(9),
                        "time": datetime.time(1, 2, 3, 4, datetime.timezone.utc), "delta": datetime.timedelta(1, 2, 3), "frozen": {frozenset([1]): 2},
                        "bytearray": bytearray(b"ab"), "proxy": core.Proxy("PYRO:obj@localhost:1234")}.items():
        for protocol in 0, 2, 4:
            yield "%s_%d" % (what, protocol), pickle.dumps(value, protocol)
    for what, data in {"system": b"cos\nsystem\n(S'ls'\ntR.", "eval": b"c__builtin__\neval\n(S'1'\ntR.", "inst": b"(S'x'\niexceptions\nValueError\n.",
                       "cycle": b"]q\0h\0a.", "laughs": b"]q\0](h\0h\0eq\1](h\1h\1eq\2](h\2h\2e.", "memo": b"Nr\xff\xff\xff\xff.",
                       "lie": b"B\xff\xff\xff\x7fab", "unhashable": b"}](Nes.", "long": b"\x8b\x09\0\0\0" + b"\xff" * 8 + b"\0.",
                       "oops": b"cmy\nOops\n)R}X\x0e\0\0\0_pyroTraceback]sb."}.items():
        yield what, data


# The first byte chooses the format, in the order of the table.
def formats():
    for i, name in enumerate(("serpent", "json", "marshal", "pickle", "dill", "msgpack")):
        for what, value in values():
            body = dumps(name, value)
            if body is not None:
                yield "%s_%s" % (name, what), bytes([i]) + body


def uri():
    for i, text in enumerate([
            "PYRO:obj@host:1234", "pyro:obj@localhost:9999 ", "PYRO:a@b@h:1", "PYRO:obj@./u:/tmp/a b.sock", "PYRO:obj@./u:\0abstract",
            "PYRO:obj@[::1]:5", "PYRO:obj@[::1]:5junk", "PYRO:obj@[fe80::1%2]:5", "PYRO:obj@[[::1]]:5", "PYRO:obj@[::1", "PYRO:obj@host",
            "PYRO:obj@./u:a:b", "PYRONAME:name", "PYRONAME:name@host", "PYRONAME:name@[::1]", "PYROMETA:a,b@host:1", "PYROMETA:a:,b,a,,",
            "PYROMETA:,", "PYROLOC:x@y:1", "PYRO:o@h:-1_0", "PYRO:o@h: +70000", "PYRO:@@h:1", "PYRONAME:n@:80", "PYRO:h\u00e9@h:1"]):
        yield "text%02d" % i, text.encode()
    objects = [core.URI("PYRO:obj@localhost:1234")], [core.URI("PYROMETA:a,b@./u:/tmp/s")], [core.URI("PYRONAME:n")]
    for i, value in enumerate(objects):
        for name in "serpent", "msgpack":
            body = dumps(name, value)
            if body is not None:
                yield "%s%d" % (name, i), body


# The first byte chooses: 1 msgpack, 2 oneway, 4 our own peer, 8 compressing server, 16 signing server.
def dispatch():
    for i, (what, method, arguments, keywords) in enumerate(calls()):
        yield "serpent_" + what, bytes([i & 3 << 2]) + call("serpent", method, arguments, keywords)
        yield "msgpack_" + what, bytes([1 | i & 3 << 2]) + call("msgpack", method, arguments, keywords)


def write(target, inputs):
    folder = TOP / target
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if not old.name.startswith("crash-"):
            old.unlink()
    for name, data in inputs:
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    write("frame_reader", frame_reader())
    write("serpent", serpent_target())
    write("json", json_target())
    write("marshal", marshal_target())
    write("msgpack", msgpack_target())
    write("pickle", pickle_target())
    write("formats", formats())
    write("uri", uri())
    write("dispatch", dispatch())
