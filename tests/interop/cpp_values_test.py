"""Our client is given every kind of value by an unmodified Pyro4 server and gives it back: alone, inside a list, inside a keyword
argument and by batches. What Python then describes is compared with what it describes when Pyro4's own client does the same."""
import re
import unittest

import Pyro4

import cpp_client_test
import support
from pickle_rows import check_row
from rows import ROWS

# Where our client is meant to see something else than Pyro4's: (row, serializer): why.
DELIBERATE = {
    ("complex_negative_zero", "serpent"): "literal_eval refuses what serpent writes; Python's text holds a memory address",
    ("dict_tuple_key", "msgpack"): "both refuse; ours reads any hashable key and so says what is wrong with this one",
}

PLACES = {
    "alone": lambda p, row: p.describe(p.give(row)),
    "in-a-list": lambda p, row: p.describe(p.give_in_list(row)),
    "by-keyword": lambda p, row: p.describe(value=p.give_in_dict(row)),
    "in-a-batch": lambda p, row: batched(p, "describe", batched(p, "give", row)),
}
IN_PLACE = {"alone": lambda v: v, "in-a-list": lambda v: [v, "next"], "by-keyword": lambda v: {"k": v}, "in-a-batch": lambda v: v}


def batched(p, method, argument):
    batch = Pyro4.batch(p)
    getattr(batch, method)(argument)
    return next(iter(batch()))


def listed(p, row):
    """Pyro4's own client sends no batch by marshal, but its server answers one by a list, in which no exception can be."""
    try:
        return p.describe(p.give_in_list(row)[0])
    except Exception as error:
        raise ValueError("unmarshallable object") if hasattr(error, "_pyroTraceback") else error


MARSHALLED = PLACES | {"in-a-batch": listed}


def outcome(call):
    """What Python described, or how it failed."""
    try:
        return call()
    except Exception as error:
        return "raised %s: %s" % (type(error).__name__, error)


class CppValues(support.InteropTest):
    @classmethod
    def setUpClass(cls):
        accepted = "serpent,msgpack,json,marshal,pickle,dill,cloudpickle"
        cls.theirs = cls.start_for_all(support.mirror_server(PYRO_SERIALIZERS_ACCEPTED=accepted)).uri()

    client = cpp_client_test.CppClient.client

    def seen_by_ours(self, serializer, place):
        """What Python described, or how the call failed, by row; in the words of support.outcome."""
        said = self.client(self.theirs, "values", place, *ROWS, serializer=serializer)
        lines = dict(line.split(": ", 1) for line in said.splitlines())
        failed = re.compile(r"^\S.* \| (?:\w+\.)*(\w+) \| (.*) \| traceback \w+$")
        return {row: failed.sub(r"raised \1: \2", lines[row]) for row in ROWS}

    def seen_by_pyros(self, serializer, place, row):
        with self.proxy(self.theirs, serializer) as p:
            return outcome(lambda: (MARSHALLED if serializer == "marshal" else PLACES)[place](p, row))

    def compare(self, serializer):
        for place in PLACES:
            ours = self.seen_by_ours(serializer, place)
            for row in ROWS:
                if (row, serializer) not in DELIBERATE:
                    with self.subTest(row=row, serializer=serializer, place=place):
                        self.assertEqual(self.seen_by_pyros(serializer, place, row)[:3000], ours[row][:3000])

    def test_every_value_python_gives_by_serpent_is_understood_and_comes_back(self):
        self.compare("serpent")

    def test_every_value_python_gives_by_json_is_understood_and_comes_back(self):
        self.compare("json")

    def test_every_value_python_gives_by_msgpack_is_understood_and_comes_back(self):
        self.compare("msgpack")

    def test_every_value_python_gives_by_marshal_is_understood_and_comes_back(self):
        self.compare("marshal")

    def compare_pickles(self, serializer):
        for place, placed in IN_PLACE.items():
            ours = self.seen_by_ours(serializer, place)
            for row in ROWS:
                with self.subTest(row=row, serializer=serializer, place=place):
                    check_row(self, serializer, row, ours[row], placed)

    def test_every_value_python_gives_by_pickle_is_understood_and_comes_back(self):
        self.compare_pickles("pickle")

    def test_every_value_python_gives_by_dill_is_understood_and_comes_back(self):
        self.compare_pickles("dill")

    def test_every_value_python_gives_by_cloudpickle_is_understood_and_comes_back(self):
        self.compare_pickles("cloudpickle")


if __name__ == "__main__":
    unittest.main(verbosity=2)
