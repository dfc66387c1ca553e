#!/usr/bin/python3
"""Writes pickle_cases.txt: pickles of this Python in all protocols, dill's and cloudpickle's, old ones, broken ones, and what Python
makes of them; of functions and classes that dill and cloudpickle write by value, what we say to them.

/usr/bin/python3 tests/codec/make_pickle_cases.py > tests/codec/pickle_cases.txt

One case per line, three fields between tabs: the pickle in hexadecimal, then `=` and the repr() of what C++ holds of the value
(the class dictionary of an exception or a URI, the ISO text of a time …), or the name of the exception and its text.
"""
import array
import collections
import datetime
import decimal
import fractions
import itertools
import os
import pickle
import sys
import uuid

import cloudpickle
import dill
import Pyro4.core
import Pyro4.errors
import Pyro4.futures

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
from rows import carried

UTC = datetime.timezone.utc
INDIA = datetime.timezone(datetime.timedelta(hours=5, minutes=30))


def attributed(error):
    error.code = 7
    error._pyroTraceback = ["Traceback\n"]
    return error


def twice():
    shared = ["once"]
    return [shared, shared, (shared, "once")]


VALUES = [
    None, True, False, 0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, -2**31, 2**31, 2**63 - 1, -2**63, 2**63, -2**63 - 1, 2**64, -10**30, 10**300,
    2**2040, -2**2039, 0.0, -0.0, 1.5, -1e300, 5e-324, float("inf"), float("-inf"), float("nan"), 1.5 - 2j, "", "text", "h\xe9 \u20ac \U0001f40d",
    "a\\u0041\nb\0'\"", "\ud800", "x" * 300, b"", b"\0\xff'", b"y" * 300, bytearray(b"abc\x80"), bytearray(), (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4),
    [], [1], [1, [2, [3]]], list(range(20)), {}, {"a": 1}, {"b": {"c": None}, 1: 2, (1, "x"): 2.5}, set(), {1}, frozenset(), frozenset(["a"]),
    {frozenset([1]): {2}}, twice(), datetime.datetime(2020, 1, 2, 3, 4, 5, 678), datetime.datetime(9999, 12, 31, tzinfo=UTC),
    datetime.datetime(1, 1, 1, tzinfo=INDIA), datetime.date(2020, 2, 29), datetime.time(3, 4, 5, 6), datetime.time(23, 59, tzinfo=UTC),
    datetime.timedelta(1, 2, 3), datetime.timedelta(-1), decimal.Decimal("1.50"), decimal.Decimal("-Infinity"), fractions.Fraction(-1, 3),
    fractions.Fraction(3), uuid.UUID(int=7), uuid.UUID("12345678-9abc-def0-1234-56789abcdef0"), collections.deque([1, 2]), collections.deque([1], 5),
    collections.OrderedDict([("b", 1), ("a", 2)]), collections.defaultdict(int, a=1), collections.defaultdict(None, a=1), collections.Counter("aab"),
    range(3), range(10, -10, -7), range(0),
    array.array("d", [1.5, -2]), array.array("f", [0.5]), array.array("b", [-1, 1]), array.array("B", [255]), array.array("h", [-2]), array.array("H", [65535]),
    array.array("i", [-3]), array.array("I", [2**32 - 1]), array.array("q", [-2**63]), array.array("Q", [2**64 - 1, 1]), array.array("u", "h\xe9\U0001f40d"),
    ValueError("bad", 3), ValueError(), KeyError(("k", 1)), attributed(RuntimeError("x")), OSError("gone"),
    UnicodeDecodeError("utf-8", b"a\xff", 1, 2, "invalid start byte"), StopIteration(3), Pyro4.errors.NamingError("unknown name"),
    attributed(Pyro4.errors.CommunicationError("lost")), [ValueError("in a list")],
    Pyro4.core.URI("PYRO:obj@host:1234"), Pyro4.core.URI("PYROMETA:a@host:1"), Pyro4.core.URI("PYRO:o@./u:/tmp/s"), Pyro4.core.URI("PYRONAME:n"),
    Pyro4.futures._ExceptionWrapper(IndexError("late")), Pyro4.util.JsonSerializer(),
]

OLD = [  # as Python 2 wrote them
    b"S'text'\np0\n.", b"S'it\\'s \\x41\\t\\\\ \\101'\np0\n.", b'S"q"\n.', b"V\\u20ac\\\\u0041\n.", b"U\x04text.", b"T\x05\0\0\0bytes.",
    b"I01\n.", b"I00\n.", b"I-5\n.", b"I123456789012345678901234567890\n.", b"L5L\n.", b"L-18446744073709551616L\n.", b"F-1.5e3\n.", b"Finf\n.",
    b"(lp0\nI1\naI2\na.", b"(dp0\nS'a'\np1\nI1\ns.", b"(I1\nI2\ntp0\n.", b"(I1\nI2\nl.", b"(S'a'\nI1\nd.", b"]q\0(K\x01h\0e0N.",
    b"c__builtin__\nset\nq\0]q\x01(K\x01K\x02e\x85q\x02Rq\x03.", b"cexceptions\nStandardError\nU\x01x\x85R.", b"cexceptions\nIOError\n)R.",
    b"ccollections\nOrderedDict\nq\0]q\x01(]q\x02(U\x01bK\x01e]q\x03(U\x01aK\x02ee\x85q\x04Rq\x05.",
    b"ccopy_reg\n_reconstructor\n(cPyro4.core\nURI\nc__builtin__\nobject\nNtR(S'PYRO'\nS'o'\nNS'h'\nI1\ntb.",
    b"(cbuiltins\nValueError\nK\x01o.", b"(K\x01ibuiltins\nValueError\n.", b"cdatetime\ndate\nU\x04\x07\x61\x01\x02\x85R.",
    b"cdatetime\ndate\nK\x01K\x02K\x03\x87R.", b"cdatetime\ndatetime\n(M\xe4\x07K\x01K\x02K\x03tR.", b"ccopyreg\n__newobj__\ncbuiltins\nset\n\x85R.",
]

BROKEN = [
    b"", b"\x80", b"\x80\x06.", b"\x80\xff", b"\0", b".", b"K", b"K\x01", b"X\xff\xff\xff\xffabc", b"\x8d" + b"\xff" * 8, b"\x8e" + b"\xff" * 8,
    b"\x96" + b"\xff" * 8, b"h\x05.", b"j\x05\0\0\0.", b"gabc\n.", b"g5\n.", b"p-1\n.", b"Np-1\n.", b"Npx\n.", b"Ng-1\n.", b"Np1", b"(.", b"(NN.",
    b"t.", b"a.", b"Na.", b"NNa.", b"N(e.", b"N(Ne.", b"N(u.", b"N(NNu.", b"}N.", b"}Ns.", b"}(Nu.", b"]NNs.", b"N(\x90.", b"N(N\x90.",
    b"\x8f(]\x90.", b"}]Ns.", b"}}Ns.", b"}\x8fNs.", b"}(]tNs.", b"}((]ttNs.", b"(]\x91.", b"(]Nd.", b"(Nd.", b"R.", b"NNR.", b"N)R.", b"N)\x81.",
    b"N)b.", b"N}b.", b"NNb.", b"cos", b"cos\n.", b"c\xff\nx\n.", b"NN\x93.", b"\x93.", b"\x8c\x01a\x93.", b"0", b"0.", b"2.", b"1.", b"Nq\0.", b"q\0.",
    b"\x94.", b"I1x\n.", b"I\n.", b"Lxx\n.", b"L\n.", b"L" + b"9" * 4301 + b"\n.", b"Fx\n.", b"F1x\n.", b"F 1\n.", b"F-1e400\n.", b"Sabc\n.", b'S"\n.',
    b"S'a\n.", b"S'\xff'\n.", b"S'a\\'\n.", b"S'\\x4'\n.", b"U\x01\xff.", b"V\\u00\n.", b"Vab\\u12\n.", b"V\\U00110000\n.", b"X\x01\0\0\0\xff.",
    b"\x8c\x01\xff.", b"\x8c\x02\xed\xa0.", b"\x8a\xff", b"\x8b\xff\xff\xff\xff.", b"T\xff\xff\xff\xff.", b"B\xff\0\0\0aa", b"G\0\0", b"J\1\0", b"P1\n.",
    b"NQ.", b"\x82\x01.", b"\x83\x01\0.", b"\x84\xff\xff\xff\xff.", b"\x82\0.", b"\x97.", b"N\x98.", b"\x95\5\0\0\0\0\0\0\0N.",
    b"\x95" + b"\xff" * 8 + b"N.", b"N.xx", b"iabc\ndef\n.", b"o.", b"(o.", b"(No.", b"\x85.", b"N\x86.", b"NN\x87.", b"\x80\x04N)}\x92.", b"NN}\x92.",
    b"(NNl(.", b"(1.", b"(0N.", b"N(2.", b"](l.", b"(Nt0.", b"N(N0.", b"](.", b"\xe9.", b"x.", b"\x7f.", b"'.", b"\\.",
    b"cbuiltins\nset\nK\x01\x85R.", b"cbuiltins\nset\nNN\x86R.", b"cbuiltins\nset\n](]e\x85R.", b"cbuiltins\ndict\n]K\x01a\x85R.", b"cbuiltins\ndict\n]](K\x01ea\x85R.",
    b"ccollections\ndefaultdict\nK\x01\x85R.", b"cbuiltins\nValueError\n)RK\x01b.", b"cbuiltins\nValueError\nK\x01R.", b"cPyro4.core\nURI\n)\x81K\x01b.",
    b"cPyro4.core\nURI\n)\x81)b.", b"cPyro4.core\nURI\n)\x81(NNNNNNtb.", b"cbuiltins\nrange\nK\x00K\x05K\x00\x87R.", b"cdatetime\ndate\nK\x00K\x01K\x01\x87R.",
    b"cdatetime\ndate\nK\x01K\x0dK\x01\x87R.", b"cdatetime\ndate\nM\xe3\x07K\x02K\x1d\x87R.", b"cdatetime\ntime\nK\x18\x85R.", b"cdatetime\ntimedelta\nJ\0\xca\x9a\x3b\x85R.",
    b"cfractions\nFraction\nK\x01K\x00\x86R.", b"c_codecs\nencode\nX\x01\0\0\0aX\x03\0\0\0xyz\x86R.", b"cuuid\nUUID\n)\x81K\x01a.",
]


# What no module can be asked for: dill and cloudpickle write it by value, as a program that makes it. Source, the expression meant,
# and the first thing that the program of either asks for.
BY_VALUE = [
    ("", "lambda x: x", "dill._dill._create_function", "cloudpickle.cloudpickle._make_function"),
    ("def plain(x, *, y=1): return x", "plain", "dill._dill._create_function", "cloudpickle.cloudpickle._make_function"),
    ("def plain(): pass", "('thing', 'echo', (plain,), {})", "dill._dill._create_function", "cloudpickle.cloudpickle._make_function"),
    ("def plain(): pass", "('thing', 'echo', (), {'message': [1, {'k': plain}]})", "dill._dill._create_function",
     "cloudpickle.cloudpickle._make_function"),
    ("def outer(n):\n  def inner(): return n\n  return inner", "outer(3)", "dill._dill._create_function", "cloudpickle.cloudpickle._make_function"),
    ("class Thing:\n  def go(self): return 1", "Thing", "dill._dill._create_type", "cloudpickle.cloudpickle._make_skeleton_class"),
    ("class Thing: pass", "Thing()", "dill._dill._create_type", "cloudpickle.cloudpickle._make_skeleton_class"),
    ("class Late(Exception): pass", "Late('x')", "dill._dill._create_type", "cloudpickle.cloudpickle._make_skeleton_class"),
    ("class Late(Exception): pass\nerror = Late('x')\nerror._pyroTraceback = ['far away']", "error", "dill._dill._create_type",
     "cloudpickle.cloudpickle._make_skeleton_class"),
    ("class Thing:\n  def go(self): return 1", "Thing().go", "builtins.MethodType", "cloudpickle.cloudpickle._builtin_type"),
    ("import functools", "functools.partial(int, base=2)", "builtins.PartialType", "functools.partial"),
    ("import types", "types", "dill._dill._import_module", "cloudpickle.cloudpickle.subimport"),
    ("def plain(): pass", "plain.__code__", "dill._dill._create_code", "cloudpickle.cloudpickle._builtin_type"),
    ("", "{'a': 1}.keys()", "dill._dill._getattr", "cloudpickle.cloudpickle._make_dict_keys"),
    ("", "slice(3)", "builtins.slice", "builtins.slice"),
    ("", "...", "dill._dill._eval_repr", "builtins.Ellipsis"),
    ("", "complex", "builtins.complex", "builtins.complex"),
    ("", "len", "builtins.len", "builtins.len"),
]


def by_value():
    """Pickles of the things above, each with the name by which it is refused."""
    made = {}
    for source, expression, *refused in BY_VALUE:
        space = {"__name__": "nowhere"}
        exec(compile(source, "nowhere.py", "exec"), space)
        meant = eval(compile(expression, "nowhere.py", "eval"), space)
        for library, name in zip((dill, cloudpickle), refused):
            made.update((library.dumps(meant, protocol), name) for protocol in (2, 5))
    return made


def held(v):
    """What C++ holds of what Python loads."""
    if isinstance(v, BaseException):
        kind = "%s.%s" % (type(v).__module__, type(v).__name__)
        args, attributes = (v.__reduce__() + ({},))[1:3]
        return {"__class__": kind, "__exception__": True, "args": held(args), "attributes": held(attributes or {})}
    if isinstance(v, Pyro4.core.URI):
        return {"__class__": "Pyro4.core.URI", "state": v.__getstate__()}
    if isinstance(v, Pyro4.futures._ExceptionWrapper):
        return {"__class__": "Pyro4.futures._ExceptionWrapper", "exception": held(v.exception)}
    if isinstance(v, Pyro4.util.SerializerBase):
        return {"__class__": "Pyro4.util." + type(v).__name__}
    if isinstance(v, fractions.Fraction):
        return str(v)
    return [held(e) for e in v] if type(v) is list else tuple(map(held, v)) if type(v) is tuple else carried(v)



def main():
    tracked = itertools.count()
    cloudpickle.cloudpickle.uuid.uuid4 = lambda: uuid.UUID(int=next(tracked))  # by which it knows its classes; the same in every run
    pickles = dict.fromkeys(library.dumps(v, protocol) for library in (pickle, dill, cloudpickle) for v in VALUES for protocol in range(6))
    for data in list(pickles) + OLD + BROKEN:
        try:
            outcome = "=\t" + repr(held(pickle.loads(data)))
        except Exception as error:
            outcome = "%s\t%s" % (type(error).__name__, str(error).replace("\\", "\\\\").replace("\n", "\\n"))
        print("%s\t%s" % (data.hex(), outcome.encode("ascii", "backslashreplace").decode()))
    for data, name in by_value().items():
        print("%s\tSerializeError\tpickle: class '%s' is not allowed" % (data.hex(), name))


main()
