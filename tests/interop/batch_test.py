"""Batches of an unmodified Pyro4 client, to our server and to Pyro4's own: the same results, exceptions and order from both."""
import unittest

import Pyro4

import support
from pickle_rows import check_row
from python_values_test import DELIBERATE
from rows import ROWS, described

# Pyro4's own client cannot send a batch by marshal.
SERIALIZERS = ("serpent", "json", "msgpack", "pickle")


class Batches(support.InteropTest):
    @classmethod
    def setUpClass(cls):
        accepted = "serpent,json,msgpack,pickle,dill,cloudpickle"
        cls.ours = cls.start_for_all(support.peer_server(PYRO_SERIALIZERS_ACCEPTED=accepted)).uri()
        cls.theirs = cls.start_for_all(support.mirror_server()).uri()

    def batch(self, uri, serializer, *calls, **options):
        """Each call is (method, positional, keywords); what iterating the results gives, the exception at its end included."""
        with self.proxy(uri, serializer) as p:
            batch = Pyro4.batch(p)
            for method, positional, keywords in calls:
                getattr(batch, method)(*positional, **keywords)
            came = []
            try:
                results = batch(**options)
                for result in [] if results is None else results:
                    came.append(described(result))
            except Exception as error:
                came.append("raised %s: %s" % (type(error).__name__, error))
                came.append(bool(getattr(error, "_pyroTraceback", None)))
            return came

    def compare(self, *calls, **options):
        for serializer in SERIALIZERS:
            with self.subTest(calls=calls, serializer=serializer):
                theirs, ours = [self.batch(uri, serializer, *calls, **options) for uri in (self.theirs, self.ours)]
                self.assertEqual(theirs, ours)

    def test_results_come_in_order_and_by_keyword_as_well(self):
        self.compare(("add", (1, 2), {}), ("join", ("x",), {"b": "y"}), ("nothing", (), {}), ("add", (), {"a": 3, "b": 4}))
        self.compare()
        self.compare(*[("add", (i, 1), {}) for i in range(300)])

    def test_the_first_exception_ends_it_and_what_follows_is_not_executed(self):
        self.compare(("add", (1, 2), {}), ("fail", ("ValueError",), {}), ("note", ("never",), {}))
        with self.proxy(self.ours) as p:
            self.assertNotIn("never", p.notes())
        for kind in ("KeyError", "NamingError", "SerializeError", "CommunicationError"):
            self.compare(("fail", (kind,), {}))

    def test_a_name_that_may_not_be_called_fails_the_whole(self):
        for name in ("_private", "nope", "level"):
            self.compare(("note", ("before " + name,), {}), (name, (), {}))
            with self.proxy(self.ours) as p:
                self.assertIn("before " + name, p.notes())

    def test_arguments_that_do_not_fit_end_it(self):
        for serializer in SERIALIZERS:
            came = self.batch(self.ours, serializer, ("add", (1, 2), {}), ("add", (1,), {}), ("add", (3, 4), {}))
            self.assertEqual(["int 3", "raised TypeError: Thing.add() missing 1 required positional argument: 'b'", True], came)

    def test_oneway_there_is_no_answer_and_a_oneway_method_in_a_batch_gives_none(self):
        self.compare(("note", ("by the batch",), {}), ("add", (1, 2), {}))
        self.compare(("note", ("nobody waits",), {}), ("fail", ("ValueError",), {}), oneway=True)
        with self.proxy(self.ours) as p:
            support.wait_until(lambda: "nobody waits" in p.notes(), "the oneway batch is executed")

    def test_every_value_comes_back_as_from_pyros_server(self):
        for serializer in SERIALIZERS:
            for row, make in ROWS.items():
                if (row, serializer) in DELIBERATE or serializer == "pickle":  # that comes below
                    continue
                with self.subTest(row=row, serializer=serializer):
                    theirs, ours = [self.outcome_of_echo(uri, serializer, make()) for uri in (self.theirs, self.ours)]
                    self.assertEqual(theirs[:3000], ours[:3000])

    def test_every_value_comes_back_by_pickle_dill_and_cloudpickle_as_what_cpp_holds_of_it(self):
        for serializer in ("pickle", "dill", "cloudpickle"):
            for row, make in ROWS.items():
                with self.subTest(row=row, serializer=serializer):
                    check_row(self, serializer, row, self.outcome_of_echo(self.ours, serializer, make()))

    def outcome_of_echo(self, uri, serializer, value):
        with self.proxy(uri, serializer) as p:
            batch = Pyro4.batch(p)
            batch.echo(value)
            return support.outcome(lambda: next(iter(batch())))

    def test_bad_entries_are_refused_and_the_connection_stays(self):
        for serializer in ("serpent", "json", "msgpack", "pickle"):
            with self.proxy(self.ours, serializer) as p:
                flags = Pyro4.message.FLAGS_BATCH
                for entry, told in ((["add", [1, 2]], "not enough"), (["add"], "not enough"), (["add", [1, 2], {}, 4], "too many")):
                    said = support.outcome(lambda: p._pyroInvoke("<batch>", [("note", ["not done"], {}), entry], {}, flags))
                    self.assertRegex(said, r"^raised ValueError: %s values to unpack \(expected 3" % told)
                self.assertNotIn("not done", p.notes())
                self.assertEqual(3, p.add(1, 2))


if __name__ == "__main__":
    unittest.main(verbosity=2)
