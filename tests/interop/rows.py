"""The values of the mapping table: every kind Python programs pass to Pyro, by name, and how results are compared."""
import array
import collections
import datetime
import decimal
import enum
import math
import uuid

import Pyro4
import Pyro4.core
import Pyro4.errors


class Plain(object):
    def __init__(self):
        self.x, self.y = 1, [2]


class Number(enum.IntEnum):
    one = 1


class Colour(enum.Enum):
    red = "r"


Pair = collections.namedtuple("Pair", "a b")
UTC = datetime.timezone.utc

ROWS = {
    "none": lambda: None, "true": lambda: True, "false": lambda: False,
    "int": lambda: 42, "int_negative": lambda: -1, "int64_least": lambda: -2**63, "int64_most": lambda: 2**63 - 1,
    "uint64_most": lambda: 2**64 - 1, "int_65_bits": lambda: 2**64, "int_1000_digits": lambda: 10**1000 + 7,
    "int_negative_big": lambda: -10**30, "int_4300_digits": lambda: 10**4299, "int_4301_digits": lambda: 10**4300,
    "float": lambda: 2.5, "float_tiny": lambda: 5e-324, "float_large": lambda: 1.7976931348623157e308, "float_negative_zero": lambda: -0.0,
    "float_sixteen": lambda: 1e16, "nan": lambda: math.nan, "inf": lambda: math.inf, "inf_negative": lambda: -math.inf,
    "nan_in_list": lambda: [1, math.nan, math.inf],
    "complex": lambda: 1.5 - 2j, "complex_nan": lambda: complex(1, math.nan), "complex_negative_zero": lambda: complex(0.5, -0.0),
    "str_empty": lambda: "", "str": lambda: "hello", "str_quotes": lambda: "it's \"so\"\\\n\t\r\x07\x7f\x80\u2028",
    "str_unicode": lambda: "h\xe9 \u20ac \U0001f40d", "str_nul": lambda: "a\0b", "str_long": lambda: "xyz" * 30000,
    "str_surrogate": lambda: "\ud800",
    "bytes_empty": lambda: b"", "bytes": lambda: bytes(range(256)), "bytes_long": lambda: b"\x01\xfe" * 40000,
    "bytearray": lambda: bytearray(b"abc"), "memoryview": lambda: memoryview(b"abc"),
    "tuple": lambda: (1, "a", (2.5,)), "tuple_empty": lambda: (), "list": lambda: [1, [2, [3]], []],
    "dict": lambda: {"b": 1, "a": {"c": [None]}}, "dict_empty": lambda: {},
    "dict_int_key": lambda: {1: "a"}, "dict_float_key": lambda: {1.5: "a"}, "dict_bool_key": lambda: {True: "a"},
    "dict_tuple_key": lambda: {(1, "b"): 2}, "dict_none_key": lambda: {None: 1}, "dict_bytes_key": lambda: {b"k": 1},
    "set": lambda: {1, 2, "c"}, "set_empty": lambda: set(), "set_of_tuples": lambda: {(1, 2), (3,)}, "frozenset": lambda: frozenset([1, "b"]),
    "datetime": lambda: datetime.datetime(2020, 1, 2, 3, 4, 5, 678), "datetime_old": lambda: datetime.datetime(1901, 2, 3),
    "datetime_tz": lambda: datetime.datetime(2020, 1, 2, tzinfo=UTC), "date": lambda: datetime.date(2020, 1, 2),
    "time": lambda: datetime.time(3, 4, 5, 6), "timedelta": lambda: datetime.timedelta(days=1, seconds=2, microseconds=3),
    "decimal": lambda: decimal.Decimal("1.50"), "uuid": lambda: uuid.UUID(int=7),
    "array": lambda: array.array("d", [1.5, 2]), "array_u": lambda: array.array("u", "ab"), "deque": lambda: collections.deque([1, 2]),
    "dict_keys": lambda: {"a": 1}.keys(), "ordered_dict": lambda: collections.OrderedDict([("a", 1), ("b", 2)]),
    "default_dict": lambda: collections.defaultdict(int, a=1), "counter": lambda: collections.Counter("aab"),
    "user_dict": lambda: collections.UserDict(a=1), "namedtuple": lambda: Pair(1, 2), "enum": lambda: Colour.red,
    "int_enum": lambda: Number.one,
    "uri": lambda: Pyro4.core.URI("PYRO:obj@host:1234"), "uri_meta": lambda: Pyro4.core.URI("PYROMETA:a,b@host:1"),
    "uri_unix": lambda: Pyro4.core.URI("PYRO:obj@./u:/tmp/s"), "uri_in_list": lambda: [Pyro4.core.URI("PYRONAME:x")],
    "proxy": lambda: Pyro4.core.Proxy("PYRO:obj@host:1234"),
    "exception": lambda: ValueError("bad", 3), "exception_pyro": lambda: Pyro4.errors.NamingError("x"),
    "exception_in_dict": lambda: {"e": KeyError("k")},
    "instance": Plain, "range": lambda: range(3), "function": lambda: len,
    "class_dict": lambda: {"__class__": "some.Where", "x": 1}, "class_dict_float": lambda: {"__class__": "float", "value": "nan"},
}


def carried(v):
    """What comes back of a value that Python's pickle keeps and C++ has no kind for: as other serializers carry it."""
    if isinstance(v, bytearray):
        return bytes(v)
    if isinstance(v, (decimal.Decimal, uuid.UUID)):
        return str(v)
    if isinstance(v, datetime.time):
        return v.isoformat()
    if isinstance(v, datetime.timedelta):
        return v.total_seconds()
    if isinstance(v, array.array) and v.typecode == "u":
        return v.tounicode()
    if isinstance(v, (array.array, collections.deque, range)):
        return [carried(e) for e in v]
    if type(v) in (list, tuple, set, frozenset):
        return type(v)(carried(e) for e in v)
    if isinstance(v, dict):
        return {k: carried(e) for k, e in v.items()}
    return v


def described(v):
    """A text in which types count, nan is itself, sets have an order and errors are class and arguments."""
    if isinstance(v, (list, tuple)):
        return type(v).__name__ + "(" + ", ".join(map(described, v)) + ")"
    if isinstance(v, dict):
        return type(v).__name__ + "{" + ", ".join(described(k) + ": " + described(i) for k, i in v.items()) + "}"
    if isinstance(v, (set, frozenset)):
        return type(v).__name__ + "{" + ", ".join(sorted(map(described, v))) + "}"
    if isinstance(v, BaseException):
        return "exception %s%s" % (type(v).__name__, described(v.args))
    if isinstance(v, Pyro4.core.Proxy):
        return "proxy %s %r %r %r %r" % (v._pyroUri, v._pyroOneway, v._pyroMethods, v._pyroAttrs, v._pyroTimeout)
    if isinstance(v, Pyro4.core.URI) and v.protocol == "PYROMETA":
        return "uri of %s at %s" % (sorted(v.object), v.location)
    if isinstance(v, Pyro4.core.URI):
        return "uri %s" % v
    return "%s %r" % (type(v).__name__, v)
