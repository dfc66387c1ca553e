"""A Pyro4 client sends every kind of value to our server and to Pyro4's own: it must get the same back from both."""
import datetime
import unittest

import Pyro4.util
import serpent

import support
from rows import ROWS, described

# Where our server is meant to answer otherwise than Pyro4's: (row, serializer): why.
DELIBERATE = {
    ("complex_negative_zero", "serpent"): "literal_eval refuses what serpent writes; Python's text holds a memory address",
    ("dict_tuple_key", "msgpack"): "both refuse; ours reads any hashable key and so says what is wrong with this one",
}


class PythonValues(support.InteropTest):
    @classmethod
    def setUpClass(cls):
        cls.ours = cls.start_for_all(support.peer_server()).uri()
        cls.theirs = cls.start_for_all(support.mirror_server()).uri()

    def ask_both(self, serializer, call):
        outcomes = []
        for uri in (self.ours, self.theirs):
            with self.proxy(uri, serializer) as p:
                outcomes.append(support.outcome(lambda: call(p)))
        return outcomes

    def compare_rows(self, serializer):
        for row, make in ROWS.items():
            if (row, serializer) in DELIBERATE:
                continue
            for place, call in (("alone", lambda p: p.echo(make())), ("in a list", lambda p: p.echo([make(), "next"])),
                                ("by keyword", lambda p: p.echo(message={"k": make()}))):
                with self.subTest(row=row, serializer=serializer, place=place):
                    ours, theirs = self.ask_both(serializer, call)
                    self.assertEqual(theirs[:3000], ours[:3000])

    def test_every_value_comes_back_by_serpent_as_from_pyros_server(self):
        self.compare_rows("serpent")

    def test_every_value_comes_back_by_json_as_from_pyros_server(self):
        self.compare_rows("json")

    def test_every_value_comes_back_by_msgpack_as_from_pyros_server(self):
        self.compare_rows("msgpack")

    def test_every_value_comes_back_by_marshal_as_from_pyros_server(self):
        self.compare_rows("marshal")

    def test_every_cpp_type_takes_and_gives_what_python_means_by_it(self):
        for serializer in support.ALL:
            p = self.proxy(self.ours, serializer)
            for type, value, back in TYPED:
                if serializer == "json" and type in NOT_IN_JSON:
                    continue
                with self.subTest(type=type, serializer=serializer, value=value):
                    got = getattr(p, "echo_" + type)(value)
                    expected = back(serializer) if callable(back) else back
                    self.assertEqual(described(expected), described(got))

    def test_moments_are_iso_texts_by_serpent_and_themselves_by_msgpack(self):
        when, day = datetime.datetime(2020, 1, 2, 3, 4, 5, 678), datetime.date(2020, 1, 2)
        for serializer, seen in (("serpent", str), ("msgpack", None)):
            with self.proxy(self.ours, serializer) as p:
                self.assertEqual(when.isoformat() if seen else when, p.echo_when(when))
                self.assertEqual(day.isoformat() if seen else day, p.echo_day(day))
        with self.proxy(self.ours) as p:
            self.assertEqual(1.5, p.echo_seconds(datetime.timedelta(seconds=1.5)))

    def test_bytes_are_literals_by_serpent_where_that_is_set(self):
        uri = self.start(support.peer_server(PYRO_SERPENT_BYTES_REPR="on")).uri()
        with self.proxy(uri, "serpent") as p:
            for data in (b"", b"\0\xff it's \"bytes\"\n", bytes(range(256)) * 300):
                self.assertEqual(data, p.echo_data(data))
            batch = Pyro4.batch(p)
            batch.echo_data(b"\1")
            self.assertEqual([b"\1"], list(batch()))

    def test_a_shape_is_a_class_that_python_can_register(self):
        made = []
        Pyro4.util.SerializerBase.register_dict_to_class("peer.Point", lambda name, fields: made.append((name, fields)) or "a point")
        self.addCleanup(Pyro4.util.SerializerBase.unregister_dict_to_class, "peer.Point")
        for serializer in support.ALL:
            with self.proxy(self.ours, serializer) as p:
                self.assertEqual("a point", p.echo_point({"x": 1.0, "y": 2, "label": "p", "more": 0}))
                self.assertEqual(["a point", "a point"], p.echo_path([{"x": 1.0}, {}]))
                with self.assertRaisesRegex(TypeError, "expected float, not str"):
                    p.echo_point({"x": "far"})
        self.assertIn(("peer.Point", {"__class__": "peer.Point", "x": 1.0, "y": 2.0, "label": "p"}), made)

    def test_a_replaced_type_arrives_as_its_replacement(self):
        for serializer in support.ALL:
            with self.proxy(self.ours, serializer) as p:
                self.assertEqual(["3 EUR", "120 EUR"], p.prices())

    def test_what_does_not_fit_a_cpp_type_is_refused_and_the_connection_stays(self):
        for serializer in support.ALL:
            p = self.proxy(self.ours, serializer)
            p._pyroBind()
            connection = p._pyroConnection
            for type, value, error in REFUSED:
                with self.subTest(type=type, serializer=serializer, value=value):
                    with self.assertRaises(error) as caught:
                        getattr(p, "echo_" + type)(value)
                    self.assertIsInstance(caught.exception._pyroTraceback, list)
            self.assertEqual(3, p.add(1, 2))
            self.assertIs(connection, p._pyroConnection)


def by_serializer(by_serpent, by_others):
    return lambda serializer: by_serpent if serializer in ("serpent", "marshal") else by_others


def bytes_back(data):
    """serpent has no bytes: they travel as a dict that serpent.tobytes understands."""
    return lambda serializer: serpent.loads(serpent.dumps(data)) if serializer == "serpent" else data


TYPED = [
    ("boolean", True, True), ("int8", -128, -128), ("int16", 32767, 32767), ("int32", -2**31, -2**31), ("int64", 2**63 - 1, 2**63 - 1),
    ("uint8", 255, 255), ("uint16", 65535, 65535), ("uint32", 2**32 - 1, 2**32 - 1), ("uint64", 2**64 - 1, 2**64 - 1),
    ("big", 10**40, 10**40), ("big", -5, -5), ("float32", 0.5, 0.5), ("float64", 0.1, 0.1), ("float64", 3, 3.0), ("complex", 1 - 2j, 1 - 2j),
    ("text", "h\xe9\u20ac", "h\xe9\u20ac"), ("text_view", "", ""), ("data", b"\0\xff", bytes_back(b"\0\xff")),
    ("data_view", bytearray(b"abc"), bytes_back(b"abc")), ("data", b"x" * 300000, bytes_back(b"x" * 300000)),
    ("numbers", [1, 2, 3], [1, 2, 3]), ("numbers", (4,), [4]), ("triple", [1, 2, 3], [1, 2, 3]), ("table", {"a": 1}, {"a": 1}),
    ("hashed", {"a": 1.5}, {"a": 1.5}), ("words", ["b", "a"], by_serializer({"a", "b"}, ["a", "b"])),
    ("mixed", [1, "a", 2], by_serializer((1, "a", 2.0), [1, "a", 2.0])), ("couple", ("a", 1), by_serializer(("a", 1), ["a", 1])),
    ("maybe", None, None), ("maybe", 4, 4), ("either", 4, 4), ("either", "t", "t"), ("either", [1.5], [1.5]), 
    ("colour", 2, 2), ("path", [], []),
]
NOT_IN_JSON = ("complex", "data", "data_view")
REFUSED = [
    ("int8", 128, OverflowError), ("uint8", -1, OverflowError), ("int64", 2**63, OverflowError), ("uint64", 2**64, OverflowError),
    ("int32", "5", TypeError), ("int32", 1.5, TypeError), ("text", 5, TypeError), ("text", None, TypeError), ("numbers", 5, TypeError),
    ("numbers", ["a"], TypeError), ("triple", [1, 2], ValueError), ("table", [1], TypeError), ("maybe", "x", TypeError),
    ("mixed", [1, "a"], ValueError), ("int8", 10**30, OverflowError), ("complex", "x", TypeError),
]

if __name__ == "__main__":
    unittest.main(verbosity=2)
