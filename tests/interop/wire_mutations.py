#!/usr/bin/python3
"""Compares what our server answers to damaged calls with what Pyro4's own server answers to the same bytes: the value, or class and
text of the error, and whether the connection goes on.

wire_mutations.py FORMAT [--count N] [--seed S]

Valid calls of the object of peer_thing.hpp are damaged at random and sent to both servers over sockets. A failure prints the seed
that repeats it. What is meant to differ is listed in `meant` with its reason, and must stay rare.
"""
import argparse
import builtins
import collections
import marshal
import pickle
import random
import re
import resource

import Pyro4
import Pyro4.core
import Pyro4.errors
import Pyro4.message
import Pyro4.util
import serpent

import support
from codec_differential import attempt, same
from mutation_differential import FORMATS, VALUES, damaged
from pickle_mutations import Harmful, python_outcome
from pickle_mutations import damaged as damaged_pickle

ENDED = "the connection ended"
SEVERAL = "several faults, of which another is told"
# What of such answers we mean to give otherwise than Python: of which format, its answer, ours, why, and whether the connection may end
# otherwise as well. An answer is "class: text", or "value".
MEANT = [
    ("", "", r"builtins.TypeError: Thing\.\w+\(\) argument '\w+': expected ", "typed parameters take what fits them", False),
    ("", r"builtins\.|Pyro4.errors.DaemonError|value$", "builtins.TypeError: expected str, not ", "names are texts", False),
    ("", "", r"builtins.TypeError: Thing\.\w+\(\) argument after \* must be an iterable, not (str|dict|bytes)$", "arguments come in a list", False),
    ("", "", r"builtins.TypeError: expected list.*, not str$", "arguments come in a list", False),
    ("", "Pyro4.errors.DaemonError", "builtins.TypeError: cannot unpack non-iterable str", "a text of four characters is no call", False),
    ("", r"builtins.TypeError: .* argument after \*\*", r"builtins.TypeError: Thing\.", SEVERAL, False),
    ("", r"builtins\.", "builtins.TypeError: unhashable type", "a key without a hash is refused before its item is read", False),
    ("", "builtins.MemoryError", r"\S+: ", "Python believes a declared size", False),
    ("msgpack", "", r"\S+: invalid ext code for msgpack", "extensions in arguments are the values they mean", True),
    ("msgpack", "cannot be read", "", "extensions in arguments are the values they mean", True),
    ("msgpack", "", ".* argument after .*, not (complex|datetime|date)$", "extensions in arguments are the values they mean", False),
    ("msgpack", "builtins.TypeError: .* but 3 were given", "builtins.TypeError: .* argument after .*, not int$", "extensions in arguments are the values they mean", False),
    ("msgpack", "msgpack.exceptions.FormatError: $", "builtins.ValueError: Unpack failed: invalid byte 0xc1", "Python has no text", False),
    ("msgpack", ".*ExtType", "", "extensions in arguments are the values they mean", False),
    ("msgpack", "", "builtins.ValueError: invalid literal for int", "extensions in arguments are the values they mean", False),
    ("msgpack", ".* is not allowed for map key", "", "keys need be no text", False),
    ("msgpack", r"\S+: ", "builtins.ValueError: Unpack failed: incomplete input", SEVERAL, False),
    ("marshal", "", "|".join("builtins.*: " + re.escape(text) for text in FORMATS["marshal"].REFUSED), "it is no data", False),
    ("marshal", "value$", "builtins.TypeError: unhashable type", "a dict that ends behind a key is refused", False),
    ("pickle", "", r"Pyro4.errors.SerializeError: .* is not allowed$", "only data and exceptions are made", True),
    ("pickle", "value$", "builtins.ValueError: containers nested too deeply, or in themselves", "values are trees", False),
    ("pickle", r"\S+: |value$", "builtins.MemoryError: pickle: memo index", "the memo is bounded", False),
    ("pickle", r"\S+: |value$", r"\S+: (pickle: |'type' object |_reconstructor |unknown encoding: |could not convert string)", "the words of constructors are ours", False),
    ("serpent", r"(builtins.ValueError: malformed node or string.*): <ast.", "builtins.ValueError: malformed node or string", "a node of Python's tree has no address", False),
    ("serpent", r".* argument after \*\* must be a mapping, not set", "builtins.TypeError: expected dict, not set", "a set is one from its first comma on", False),
    ("serpent", "builtins.SyntaxError", "builtins.(SyntaxError|ValueError: malformed node)", SEVERAL, False),
]
# Python makes objects of class dictionaries while it reads, and fails when it cannot; for us they are values, even if nobody knows them.
OBJECTS = re.compile(r"\S+: (unsupported serialized class: |refused to deserialize types with double under|state$|value$|.*expected 5|could not convert "
                     r"string to float|cannot unpack non-iterable|argument of type)", re.S)
CLASS = "nobody can rebuild the class of Python's error; the text is the same"
# What every second message may run into, as it is damaged at random, says nothing of the others.
ASIDE = (CLASS, "keys need be no text", "Python believes a declared size", "a node of Python's tree has no address")
LEAST_SAME, MOST_SEVERAL = 0.9, 0.03
CALLS = [("thing", "add", (1, 2), {}), ("thing", "add", (1,), {"b": 2}), ("thing", "join", ("x", "y"), {"c": None}), ("thing", "join", ("x",), {}),
         ("thing", "collect", ("f", 1, "two"), {"x": 3, "y": [4]}), ("thing", "positional", (1, [2, {"a": None}], 3.5), {}),
         ("thing", "nothing", (), {}), ("thing", "level", (), {}), ("thing", "__getattr__", ("fixed",), None), ("nobody", "echo", (1,), {})]


class Connection:
    """To one server, made anew whenever it has ended."""

    def __init__(self, uri, serializer):
        self.proxy = Pyro4.core.Proxy(uri)
        self.proxy._pyroSerializer, self.proxy._pyroTimeout = serializer, support.LIMIT
        self.id = Pyro4.util.get_serializer(serializer).serializer_id

    def ask(self, body):
        """The answer's flags and body, and whether the connection goes on."""
        self.proxy._pyroBind()
        by = self.proxy._pyroConnection
        by.send(Pyro4.message.Message(Pyro4.message.MSG_INVOKE, body, self.id, 0, 1).to_bytes())
        try:
            answer = Pyro4.message.Message.recv(by, [Pyro4.message.MSG_RESULT])
            by.send(Pyro4.message.Message(Pyro4.message.MSG_PING, b"ping", 42, 0, 0).to_bytes())
        except Pyro4.errors.ConnectionClosedError:
            self.proxy._pyroRelease()
            return ENDED, b"", False
        try:
            goes_on = Pyro4.message.Message.recv(by, [Pyro4.message.MSG_PING]).data == b"pong"
        except Pyro4.errors.ConnectionClosedError:
            goes_on = False
            self.proxy._pyroRelease()
        return answer.flags, bytes(answer.data), goes_on


def in_words(name, args):
    """The text of an error as its class makes it of its arguments in a client."""
    kind = getattr(builtins, name.rpartition(".")[2], None)
    if isinstance(kind, type) and issubclass(kind, (SyntaxError, UnicodeError)):
        args = [serpent.tobytes(arg) if isinstance(arg, dict) else tuple(arg) if isinstance(arg, list) else arg for arg in args]
        error, made = attempt(kind, *args)
        return str(made) if error is None else str(args[0])
    return args[0] if args else ""


def said(parse, answer):
    """What came: a value, an error's class, or what became of the answer; then the value, or the error's text; and whether the
    connection goes on."""
    flags, body, goes_on = answer
    if flags == ENDED:
        return ENDED, None, False
    error, made = attempt(parse, body)
    if error is not None:
        return "cannot be read", str(error), goes_on
    if not flags & Pyro4.message.FLAGS_EXCEPTION:
        return "value", made, goes_on
    if isinstance(made, BaseException):
        kind = type(made)
        args = [str(made)] if isinstance(made, (SyntaxError, UnicodeError)) else made.args
        return "%s.%s" % (kind.__module__, kind.__qualname__), args[0] if args else "", goes_on
    return made["__class__"], in_words(made["__class__"], made["args"]), goes_on


def alike(theirs, ours):
    return theirs[0] == ours[0] and theirs[2] == ours[2] and same(theirs[1], ours[1])


def same_words(theirs, ours):
    """Whether it is another class with the same text. json says as well what it could not write."""
    if theirs[0] == "msgpack.exceptions.ExtraData":
        return ours[:2] == ("builtins.ValueError", "unpack(b) received extra data.")
    return theirs[0] in ("builtins.UnicodeDecodeError", "Pyro4.errors.PyroError") and ours[0] == "builtins.UnicodeError" and theirs[1].endswith(ours[1])


def meant(name, data, theirs, ours):
    """Why we mean to differ from Python, None if we should not."""
    if theirs[2] == ours[2] and same_words(theirs, ours):
        return CLASS
    said_by = [kind if kind in ("value", ENDED) else "%s: %s" % (kind, text) for kind, text, _ in (theirs, ours)]
    if b"__class__" in data and OBJECTS.match(said_by[0]):
        return "class dictionaries are values"
    for of, of_theirs, of_ours, why, ends in MEANT:
        if of in ("", name) and re.match(of_theirs, said_by[0], re.S) and re.match(of_ours, said_by[1], re.S) and (ends or theirs[2] == ours[2]):
            return why
    return None


def calls(name):
    by = Pyro4.util.get_serializer(name)
    all_calls = CALLS + [("thing", "echo", (value,), {}) for value in VALUES]
    if name == "marshal":
        made = [attempt(marshal.dumps, (o, m, list(a), k), version) for o, m, a, k in all_calls for version in range(5)]
    elif name == "pickle":
        made = [attempt(pickle.dumps, call, protocol) for call in all_calls for protocol in range(6)]
    else:
        made = [attempt(by.dumpsCall, *call) for call in all_calls]
    return [bytes(data) for error, data in made if error is None]


def parser_of(name):
    return pickle.loads if name == "pickle" else FORMATS[name](name).parse


def run(name, count, seed):
    servers = support.mirror_server(), support.peer_server()
    resource.prlimit(servers[0].process.pid, resource.RLIMIT_AS, (2 << 30, 2 << 30))  # for what it asks by a declared number
    connections = [Connection(server.uri(), name) for server in servers]
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))  # the same, here
    try:
        came = compare(name, count, seed, *connections)
    finally:
        for server in servers:
            server.stop()
    print("%s: %d damaged calls from seed %d: %s" % (name, sum(came.values()), seed, "; ".join("%s %d" % one for one in came.most_common())))
    judged = sum(n for why, n in came.items() if why not in ASIDE)
    assert came["the same"] >= LEAST_SAME * judged, "too few are the same"
    assert came[SEVERAL] <= MOST_SEVERAL * sum(came.values()), "too many tell another fault"


def compare(name, count, seed, theirs, ours):
    parse, originals = parser_of(name), calls(name)
    pool = b"".join(originals)
    came = collections.Counter()
    for i in range(-len(originals), count):
        r = random.Random("%d/%s/%d" % (seed, name, i))
        data = originals[i] if i < 0 else damaged_pickle(r, r.choice(originals)) if name == "pickle" else damaged(r, r.choice(originals), pool)
        if name == "pickle" and isinstance(python_outcome(data)[0], Harmful):
            continue
        expected, got = said(parse, theirs.ask(data)), said(parse, ours.ask(data))
        if isinstance(expected[1], str):
            expected = expected[0], expected[1].replace("__main__.Thing.", "Thing."), expected[2]  # C++ has no modules
        why = "the same" if alike(expected, got) else meant(name, data, expected, got)
        if why is None:
            raise SystemExit("%s %d of --seed %d: %r\nours:     %.600r\nPython's: %.600r" % (name, i, seed, data, got, expected))
        came[why] += i >= 0
    return came


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("format", choices=sorted([*FORMATS, "pickle"]))
    parser.add_argument("--count", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    run(options.format, options.count, options.seed)


if __name__ == "__main__":
    main()
