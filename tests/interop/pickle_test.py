"""pickle between unmodified Pyro4 and us, both ways: every kind of value, calls, exceptions as the real objects, what is refused."""
import os
import sys
import tempfile
import unittest

import Pyro4.core
import Pyro4.errors
import Pyro4.message

import support
from python_errors_test import ARGUMENTS, KINDS, stays_open
from pickle_rows import check_row
from rows import ROWS

sys.set_int_max_str_digits(0)  # binary integers have no such limit, and one of them is longer


class Pickle(support.InteropTest):
    @classmethod
    def setUpClass(cls):
        accepted = "serpent,json,msgpack,marshal,pickle,dill,cloudpickle"
        cls.ours = cls.start_for_all(support.peer_server(PYRO_SERIALIZERS_ACCEPTED=accepted)).uri()
        cls.theirs = cls.start_for_all(support.mirror_server(PYRO_SERIALIZERS_ACCEPTED=accepted)).uri()

    def check_rows(self, serializer):
        for row, make in ROWS.items():
            for place, call in (("alone", lambda p, v: p.echo(v)), ("in a list", lambda p, v: p.echo([v, "next"])[0]),
                                ("by keyword", lambda p, v: p.echo(message={"k": v})["k"])):
                with self.subTest(row=row, place=place), self.proxy(self.ours, serializer) as p:
                    check_row(self, serializer, row, support.outcome(lambda: call(p, make())))

    def test_every_value_comes_back_as_what_cpp_holds_of_it(self):
        self.check_rows("pickle")

    def test_every_value_comes_back_by_dill_as_what_cpp_holds_of_it(self):
        self.check_rows("dill")

    def test_every_value_comes_back_by_cloudpickle_as_what_cpp_holds_of_it(self):
        self.check_rows("cloudpickle")

    def test_what_dill_and_cloudpickle_send_as_a_program_is_refused_by_name_and_the_proxy_goes_on(self):
        class Thing:
            pass

        function = lambda x: x
        for serializer, of_functions, of_classes in (
                ("dill", "dill._dill._create_function", "dill._dill._create_type"),
                ("cloudpickle", "cloudpickle.cloudpickle._make_function", "cloudpickle.cloudpickle._make_skeleton_class")):
            p = self.proxy(self.ours, serializer)
            for value, name in ((function, of_functions), ([1, {"k": function}], of_functions), (Thing, of_classes), (Thing(), of_classes)):
                for call in (lambda: p.echo(value), lambda: p.echo(message=value)):
                    with self.subTest(serializer=serializer, name=name), self.assertRaises(Pyro4.errors.SerializeError) as caught:
                        call()
                    self.assertEqual("pickle: class '%s' is not allowed" % name, str(caught.exception))
                    self.assertEqual([1, {"k": (2, b"3")}], p.echo([1, {"k": (2, b"3")}]))

    def test_every_exception_arrives_as_from_pyros_server(self):
        for kind in KINDS:
            if kind != "Unknown":
                for serializer in ("pickle", "dill", "cloudpickle"):
                    self.compare(kind, lambda p: p.fail(kind), serializer)
        with self.proxy(self.ours, "pickle") as p, self.assertRaises(ModuleNotFoundError):  # as Python does when it unpickles foo.Bar
            p.fail("Unknown")

    def test_arguments_that_do_not_fit_are_refused_in_the_same_words(self):
        for name, positional, keywords in ARGUMENTS:
            self.compare("%s%r%r" % (name, positional, keywords), lambda p: p._pyroInvoke(name, positional, keywords))

    def compare(self, about, call, serializer="pickle"):
        seen = []
        for uri in (self.theirs, self.ours):
            with self.proxy(uri, serializer) as p:
                p._pyroBind()
                seen.append((support.outcome(lambda: call(p)), stays_open(p)))
        with self.subTest(about=about):
            self.assertEqual(seen[0], seen[1])

    def test_nobody_makes_us_pickle_a_call_for_the_next_who_reads(self):
        with tempfile.TemporaryDirectory() as folder:
            trap = os.path.join(folder, "sprung")
            for name, args in (("os.mkdir", [trap]), ("builtins.eval", ["__import__('os').mkdir(%r)" % trap]), ("posix.mkdir", (trap,))):
                for attributes in ({}, {"_pyroTraceback": ["far away\n"]}):
                    described = {"__class__": name, "__exception__": True, "args": args, "attributes": attributes}
                    for written in ("serpent", "json", "msgpack", "marshal"):
                        with self.subTest(name=name, written=written), self.proxy(self.ours, "pickle") as victim:
                            self.assertIsNone(self.answer_to(written, "keep", [described]))
                            kept = victim.kept()
                            self.assertFalse(os.path.exists(trap))
                            self.assertEqual(name, kept[0]["__class__"])

    def answer_to(self, serializer, method, *arguments):
        """Of a call that Pyro4's proxy would send, which may hold what it would refuse to read."""
        spoken = Pyro4.util.get_serializer(serializer)
        with self.proxy(self.ours) as p:
            p._pyroBind()
            body = spoken.dumpsCall("thing", method, arguments, {})
            p._pyroConnection.send(Pyro4.message.Message(Pyro4.message.MSG_INVOKE, body, spoken.serializer_id, 0, 7).to_bytes())
            return spoken.loads(Pyro4.message.Message.recv(p._pyroConnection, [Pyro4.message.MSG_RESULT]).data)

    def test_a_raised_exception_is_the_real_object_with_its_remote_traceback(self):
        with self.proxy(self.ours, "pickle") as p, self.assertRaises(ValueError) as caught:
            p.fail("ValueError")
        self.assertEqual(("bad", 3, [1, 2]), caught.exception.args)
        self.assertTrue(all(isinstance(line, str) for line in caught.exception._pyroTraceback))
        self.assertEqual("Traceback (most recent call last):\n", caught.exception._pyroTraceback[0])

    def test_a_proxy_keeps_its_key_and_its_metadata(self):
        sent = Pyro4.core.Proxy("PYRO:obj@host:1234")
        sent._pyroMethods, sent._pyroOneway, sent._pyroAttrs, sent._pyroHmacKey = {"a", "b"}, {"b"}, {"c"}, b"secret"
        with self.proxy(self.ours, "pickle") as p:
            back = p.echo(sent)
        self.assertIsInstance(back, Pyro4.core.Proxy)
        self.assertEqual(sent.__getstate__(), back.__getstate__())

    def test_a_cpp_client_calls_pyros_server_by_all_three(self):
        for serializer in ("pickle", "dill", "cloudpickle"):
            with self.subTest(serializer=serializer):
                self.check_cpp_client(serializer)

    def check_cpp_client(self, serializer):
        from cpp_client_test import CppClient
        client = lambda *words: CppClient.client(self, self.theirs, *words, serializer=serializer)
        self.assertEqual("add: 42\njoin: x/y/None x/B/None\nasync: 10\nall as sent\n", client("typed"))
        said = client("errors", "ValueError", "KeyError", "NamingError", "system_error")
        self.assertIn("ValueError: raised | builtins.ValueError | ('bad', 3, [1, 2]) | traceback yes", said)
        self.assertIn("KeyError: raised | builtins.KeyError | 'the key' | traceback yes", said)
        self.assertIn("NamingError: unwelcome naming_error | Pyro4.errors.NamingError | unknown name: x | traceback yes", said)
        self.assertIn("system_error: raised | builtins.FileNotFoundError", said)

    def test_unreadable_pickles_get_pyros_answers(self):
        for body in (b"", b"\x80\x06.", b"\0", b".", b"K", b"(.", b"h\5.", b"}]Ns.", b"X\xff\xff\xff\xffa", b"NNR.", b"N.", b"NN\x86.",
                     b"cos\nnot_there\n."):
            answers = []
            for uri in (self.theirs, self.ours):
                with self.proxy(uri) as p:
                    p._pyroBind()
                    p._pyroConnection.send(Pyro4.message.Message(Pyro4.message.MSG_INVOKE, body, 4, 0, 7).to_bytes())
                    answer = Pyro4.message.Message.recv(p._pyroConnection, [Pyro4.message.MSG_RESULT])
                    error = Pyro4.util.get_serializer("pickle").loads(answer.data)
                    answers.append((type(error), str(error)))
            with self.subTest(body=body):
                if b"os" in body:
                    self.assertEqual((Pyro4.errors.SerializeError, "pickle: class 'os.not_there' is not allowed"), answers[1])
                else:
                    self.assertEqual(answers[0], answers[1])

    def test_dill_and_cloudpickle_are_the_same_under_other_numbers(self):
        uri = self.start(support.peer_server(PYRO_SERIALIZERS_ACCEPTED="serpent,dill,cloudpickle")).uri()
        pickled = Pyro4.util.get_serializer("pickle")
        with self.proxy(uri) as p:
            p._pyroBind()
            for number in (5, 7):
                body = pickled.dumpsCall(Pyro4.core.URI(uri).object, "echo", ({"a": (1, b"2")},), {})
                p._pyroConnection.send(Pyro4.message.Message(Pyro4.message.MSG_INVOKE, body, number, 0, 7).to_bytes())
                answer = Pyro4.message.Message.recv(p._pyroConnection, [Pyro4.message.MSG_RESULT])
                self.assertEqual((number, 0, {"a": (1, b"2")}), (answer.serializer_id, answer.flags, pickled.loads(answer.data)))

    def test_none_of_the_three_is_accepted_unless_asked_for(self):
        ours, theirs = [self.start(start(PYRO_SERIALIZERS_ACCEPTED="serpent")).uri() for start in (support.peer_server, support.mirror_server)]
        for number, name in ((4, "pickle"), (5, "dill"), (7, "cloudpickle")):
            with self.subTest(name=name):
                seen = [self.refusals(uri, number) for uri in (theirs, ours)]
                self.assertEqual(seen[0][0], seen[1][0])
                self.assertIn("serializer that is not accepted: %d" % number, seen[1][0])
                self.assertEqual(seen[0][1], seen[1][1])

    def refusals(self, uri, number):
        """What a handshake and then a call by that serializer are told."""
        said = []
        for type, expected in ((Pyro4.message.MSG_CONNECT, Pyro4.message.MSG_CONNECTFAIL), (Pyro4.message.MSG_INVOKE, Pyro4.message.MSG_RESULT)):
            with self.proxy(uri) as p:
                p._pyroBind()
                connection = p._pyroConnection
                if type == Pyro4.message.MSG_CONNECT:
                    connection = support.connected(uri)
                    self.addCleanup(connection.close)
                connection.send(Pyro4.message.Message(type, b"N.", number, 0, 7).to_bytes())
                try:
                    answer = Pyro4.message.Message.recv(connection, [expected])
                except Pyro4.errors.ConnectionClosedError:
                    said.append("closed")
                    continue
                loads = Pyro4.util.get_serializer_by_id(answer.serializer_id if answer.serializer_id < 5 else 4).loads
                said.append(str(loads(answer.data)))
        return said


if __name__ == "__main__":
    unittest.main(verbosity=2)
