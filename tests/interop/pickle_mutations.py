#!/usr/bin/python3
"""Compares what our pickle reader makes of damaged pickles with what Python makes of them: whether they are taken, as what, and if
not, with which class and text they are refused.

pickle_mutations.py PEER [--count N] [--seed S]

Random values and calls in all protocols are damaged at random and given to Python and to the peer (codec_peer.cpp). Python gets only those
that name harmless classes. Where we mean to differ is listed in `meant`. A failure prints the seed that repeats it.
"""
import argparse
import collections
import pickle
import re
import resource
import sys

from codec_differential import SERIALIZERS, Peer, Values, attempt, hash_the_same_in_every_run, same
from rows import carried

HARMLESS = {
    "builtins": "complex set frozenset bytearray bytes list dict tuple range object int float str bool ValueError",
    "_codecs": "encode", "copyreg": "_reconstructor __newobj__", "collections": "OrderedDict deque defaultdict Counter",
    "datetime": "date time datetime timedelta timezone", "decimal": "Decimal", "uuid": "UUID", "array": "array _array_reconstructor",
    "Pyro4.core": "URI", "Pyro4.errors": "NamingError",
}
OLD = {"__builtin__": "builtins", "exceptions": "builtins", "copy_reg": "copyreg", "xrange": "range"}
LEAST = 2000  # messages of either kind that must have been tried
NAMES = "names: refused, or kept as an exception's"
OPCODES = (b"(.012FIJKLMNPQRSTUVXabcd}ejghilopqrstu])GBC"
           b"\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\0\1\2\3\xff\n")


class Harmful(Exception):
    pass


guarding = False


def guard(event, names):
    """Pickle asks here before it looks for a class. (A subclass of Unpickler reads from a file, where damaged frames mean something else.)"""
    if guarding and event == "pickle.find_class":
        module, name = (OLD.get(n, n) for n in names)
        if name not in HARMLESS.get(module, "").split():
            raise Harmful(module + "." + name)


sys.addaudithook(guard)


def damaged(r, data):
    data = bytearray(data)
    for _ in range(r.choice([1, 1, 1, 2, 4])):
        place, choice = r.randrange(len(data) + 1), r.random()
        if choice < 0.4:
            data[place:place + 1] = bytes([r.choice(OPCODES)])
        elif choice < 0.6:
            data[place:place] = bytes([r.choice(OPCODES)])
        elif choice < 0.8:
            del data[place:place + r.choice([1, 1, 2, 8])]
        elif choice < 0.85:
            del data[place:]
        else:
            data[place:place + 1] = r.randbytes(1)
    return bytes(data)


def python_outcome(data):
    """The error, or the value."""
    global guarding
    guarding = True
    try:
        return attempt(pickle.loads, data)
    finally:
        guarding = False


SET = "arguments in a set"


def parts(call):
    """As Pyro's server takes a call apart; what reads the arguments has no words for wrong types, so this has none either."""
    target, method, arguments, keywords = call
    if isinstance(arguments, (set, frozenset)):
        raise TypeError(SET)
    if not isinstance(target, str) or not isinstance(method, str) or not isinstance(arguments, (list, tuple)):
        raise TypeError
    if not isinstance(keywords, (dict, type(None))):
        raise TypeError
    return target, method, tuple(arguments), keywords


UNFINISHED = "an object without its state"


def shown(value):
    """Its repr, which a URI without its state, or with another one, has none of."""
    error, text = attempt(repr, value)
    return UNFINISHED if error else text


def agrees(answer, error, expected):
    if error is None and isinstance(answer, bytes):
        expected, got = carried(expected), pickle.loads(answer)
        # A nan in a set equals nothing, and sets have no order.
        return same(expected, got) or "nan" in shown(expected) and sorted(shown(expected)) == sorted(shown(got))
    text = error.args[0] if isinstance(error, KeyError) else str(error)
    return isinstance(answer, tuple) and (answer[0].rsplit(".", 1)[-1], answer[1]) == (type(error).__name__, text)


def meant(answer, error, expected):
    """Why we differ from Python, None if we should not."""
    ours, text = answer if isinstance(answer, tuple) else (None, "")
    if isinstance(error, Harmful):
        return NAMES if ours or str(error).endswith("Error") else None
    if isinstance(error, ModuleNotFoundError) and "__builtin__" in str(error):
        return NAMES  # Python 2's, in a later protocol
    if isinstance(error, MemoryError) or "memo index" in text:
        return "memory: we never ask for as much as is declared"
    if "'type' object" in text or "missing 1 required positional argument" in str(error) or "doesn't apply to" in str(error):
        return "words: of what is done to a class instead of an instance"
    if str(error) == "invalid uri" or "arguments must be given" in str(error):
        return "words: of constructors"
    if error is not None and ours and type(error).__name__ == ours.rsplit(".", 1)[-1] and isinstance(error, (TypeError, AttributeError)):
        return "words: of constructors"
    if text.startswith(("unknown encoding", "pickle: ", "invalid literal for int", "could not convert string to", "'utf-8' codec")):
        return "forms: that no pickler writes"
    if " is out of range" in text or " must be in " in text:
        return "moments: packed ones are checked as others are"
    if isinstance(error, IndexError) and text.endswith("does not support item assignment"):
        return "words: of an item that is set by a big number"
    if error is None and text == "containers nested too deeply, or in themselves" and "..." in shown(expected):
        return "cycles: values are trees"
    if error is None and text.endswith("is not allowed"):
        return "values: a class is none"
    if text == "'function' object has no attribute '__dict__'":
        return "objects: a function takes no state"  # Python's does, so what is wrong behind it comes to light
    if re.match("'(URI|UUID)' object has no attribute", str(error)) or error is None and shown(expected) == UNFINISHED:
        return "objects: without their state are class dictionaries without it"
    if type(error).__name__ == "InvalidOperation" or "decimal.Decimal" in str(error) or ours is None and "Decimal" in shown(expected):
        return "decimals: are only text"  # if anything is wrong, it is what comes behind
    if error is None and re.fullmatch("'(str|bytes|dict)' object is not iterable", text) or text == "'bytearray' object has no attribute 'append'" or "not in range(0x110000)" in str(error):
        return "forms: that no pickler writes"
    if text == "must be real number, not bool":  # which may be one of several faults
        return "numbers: zeros ahead, and other numbers in arrays"
    if ours is None and isinstance(error, (ValueError, TypeError)) and ("int()" in str(error) or "integer" in str(error)):
        return "numbers: zeros ahead, and other numbers in arrays"
    return None


def verdict_of_call(answer, error):
    ours, text = answer if isinstance(answer, tuple) else (None, "")
    if isinstance(error, TypeError) and not error.args and ours == "builtins.TypeError":
        return "the same"  # as far as there are words
    if "values to unpack" in str(error) and re.fullmatch("cannot unpack non-iterable (str|set|frozenset|dict|bytes) object", text):
        return "calls: what is no list is not taken apart"
    if str(error) == SET and ours is None:
        return "calls: arguments may lie in a set, and have no order then"
    return None


def original(what, values):
    if what == "value":
        return values.value(2)
    keywords = values.random.choice([None, {}, {"a": values.value(1), "b_c": values.value(1)}])
    return "thing", values.text(), tuple(values.value(1) for _ in range(values.random.randint(0, 3))), keywords


def outcome(what, data):
    error, expected = python_outcome(data)
    return attempt(parts, expected) if what == "call" and error is None else (error, expected)


def compare(peer, what, data):
    """The verdict, None if we differ and should not; what Python made of it, and our answer."""
    error, expected = outcome(what, data)
    answer = peer.again(what[:1].encode(), "pickle", data)
    verdict = "the same" if agrees(answer, error, expected) else None
    if what == "call":
        verdict = verdict or verdict_of_call(answer, error)
    return verdict or meant(answer, error, expected), error or expected, answer


def run(peer, what, count, seed):
    came = collections.Counter()
    for i in range(count):
        values = Values("%d/%s/%d" % (seed, what, i), "pickle")
        error, data = attempt(SERIALIZERS["pickle"].dumps, original(what, values))
        if error is not None or len(data) > 400:
            continue
        data = damaged(values.random, data)
        verdict, theirs, ours = compare(peer, what, data)
        if verdict is None:
            raise SystemExit("%s %d of --seed %d: %r\nours:     %.600r\nPython's: %.600s" % (what, i, seed, data, ours, shown(theirs)))
        came[verdict] += 1
    total = sum(came.values())
    print("pickle: %d damaged %ss from seed %d: %s" % (total, what, seed, "; ".join("%s %d" % one for one in came.most_common())))
    if total < LEAST:
        raise SystemExit("only %d of %d were tried, less than %d" % (total, count, LEAST))
    if came["the same"] < 0.98 * (total - came[NAMES]):
        raise SystemExit("too many of them differ")


def main():
    hash_the_same_in_every_run()
    parser = argparse.ArgumentParser()
    parser.add_argument("peer")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    peer = Peer(options.peer)
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))  # for what Python asks by a declared number
    for what in ("value", "call"):
        run(peer, what, options.count, options.seed)


if __name__ == "__main__":
    main()
