"""What a Pyro4 client gets from our server when things go wrong, compared with what Pyro4's own server gives it: class and text of
errors, arguments that do not fit the parameters, names that may not be reached, and when the connection ends."""
import json
import re
import unittest

import Pyro4.message
import Pyro4.util

import peer_mirror
import support

KINDS = ("invalid_argument domain_error length_error out_of_range overflow_error logic_error runtime_error bad_alloc system_error "
         "no_exception ZeroDivisionError KeyError ValueError StopIteration Unknown NamingError DaemonError PyroError SecurityError "
         "SerializeError CommunicationError ConnectionClosedError TimeoutError ProtocolError MessageTooLargeError").split()

# name, positional, keywords
ARGUMENTS = [
    ("add", (1, 2), {}), ("add", (1,), {"b": 2}), ("add", (), {"b": 2, "a": 1}), ("add", (), {}), ("add", (1,), {}), ("add", (), {"b": 1}),
    ("add", (1, 2, 3), {}), ("add", (1, 2), {"b": 3}), ("add", (1, 2), {"c": 3}), ("add", (1,), {"c": 3}),
    ("join", ("x",), {}), ("join", ("x",), {"c": "y"}), ("join", ("x", "y", "z"), {}), ("join", (), {}), ("join", ("a", "b", "c", "d"), {}),
    ("join", ("a",), {"d": 1}), ("join", ("a",), {"c": None}), ("collect", ("f",), {}), ("collect", ("f", 1, "two"), {"x": 3, "y": [4]}),
    ("collect", (), {}), ("collect", (), {"first": "f", "z": 1}), ("collect", ("f",), {"first": 2}), ("positional", (), {}),
    ("positional", (1, 2, 3), {}), ("positional", (), {"k": 1}), ("nothing", (), {}), ("nothing", (1,), {}), ("nothing", (1, 2), {}),
    ("nothing", (), {"k": 1}), ("echo", (), {}), ("echo", (1, 2), {}),
]

# Names that cannot be called, and the attribute protocol used on all sorts of names.
NAMES = [
    ("_hidden", (), {}), ("__hidden", (), {}), ("__init__", (), {}), ("__class__", (), {}), ("__len__", (), {}), ("__nope__", (), {}),
    ("nope", (), {}), ("level", (), {}), ("add.x", (1, 2), {}), ("", (), {}), ("____", (), {}),
    ("__getattr__", ("level",), None), ("__getattr__", ("fixed",), None), ("__getattr__", ("add",), None), ("__getattr__", ("nope",), None),
    ("__getattr__", ("_level",), None), ("__getattr__", ("__class__",), None), ("__setattr__", ("fixed", 1), None),
    ("__setattr__", ("nope", 1), None), ("__setattr__", ("level", -1), None), ("__setattr__", ("level", 9), None),
    ("__getattr__", ("level",), None), ("__setattr__", ("_level", 9), None), ("__setattr__", ("add", 9), None), ("add", (1, 2), None),
]

BROKEN_JSON = [b"", b"x", b"[]", b"{}", b"5", b'{"object": "thing", "method": "add", "params": [1, 2], "kwargs": {}', b'{"object": "thing"}',
               b'{"object": "thing", "method": "add", "params": [1, 2], "kwargs": {}} x', b'{"object": "thing", "method": "add", "params": [01]',
               b'{"kwargs": {}, "object": "thing", "method": "add", "params": [1, "\\x"]}', b'{"object": "thing", "method": "add", "params": []}',
               b'{"object": "thing", "method": "add", "params": [1' + b"0" * 4300 + b', 2], "kwargs": {}}']

# Where our server is meant to answer otherwise than Pyro4's: why.
DELIBERATE = {"add(1, 2)None": "the text begins with the module of the function in Python; C++ has no modules"}


class PythonErrors(support.InteropTest):
    @classmethod
    def setUpClass(cls):
        cls.ours = cls.start_for_all(support.peer_server()).uri()
        cls.theirs = cls.start_for_all(support.mirror_server()).uri()

    def compare(self, about, call):
        """The same call to both servers: outcome, and whether the connection stays."""
        for serializer in support.ALL:
            with self.subTest(about=about, serializer=serializer):
                seen = []
                for uri in (self.theirs, self.ours):
                    with self.proxy(uri, serializer) as p:
                        p._pyroBind()
                        said = support.outcome(lambda: call(p))
                        seen.append((said, stays_open(p)))
                if about not in DELIBERATE:
                    self.assertEqual(seen[0], seen[1])

    def test_every_exception_arrives_with_class_and_text_and_ends_the_connection_as_pyros(self):
        for kind in KINDS:
            self.compare(kind, lambda p: p.fail(kind))

    def test_an_exception_of_our_own_class_is_one_that_python_can_register(self):
        def remade(name, fields):
            made = peer_mirror.OutOfStock(fields["args"][0], **{k: v for k, v in fields["attributes"].items() if k != "_pyroTraceback"})
            made.fields = fields
            return made
        Pyro4.util.SerializerBase.register_dict_to_class("peer.OutOfStock", remade)
        self.addCleanup(Pyro4.util.SerializerBase.unregister_dict_to_class, "peer.OutOfStock")
        for serializer in support.ALL:
            with self.subTest(serializer=serializer), self.proxy(self.ours, serializer) as p:
                with self.assertRaises(peer_mirror.OutOfStock) as caught:
                    p.fail("OutOfStock")
                self.assertEqual(("none left", "bike", -3), (str(caught.exception), caught.exception.item, caught.exception.left))
                self.assertTrue(caught.exception.fields["__exception__"])
                self.assertTrue(stays_open(p))

    def test_arguments_that_do_not_fit_are_refused_in_pythons_words(self):
        for name, positional, keywords in ARGUMENTS:
            self.compare("%s%r%r" % (name, positional, keywords), lambda p: p._pyroInvoke(name, positional, keywords))

    def test_names_and_attributes_are_guarded_as_by_pyros_server(self):
        for name, positional, keywords in NAMES:
            self.compare("%s%r%r" % (name, positional, keywords), lambda p: p._pyroInvoke(name, positional, keywords))

    def test_an_unknown_object_is_a_daemon_error_in_a_call_and_a_refusal_in_a_handshake(self):
        def call_other(p):
            p._pyroBind()
            body = p_serializer(p).dumpsCall("nobody", "add", (1, 2), {})
            p._pyroSeq += 1
            call = Pyro4.message.Message(Pyro4.message.MSG_INVOKE, body, p_serializer(p).serializer_id, 0, p._pyroSeq)
            p._pyroConnection.send(call.to_bytes())
            answer = Pyro4.message.Message.recv(p._pyroConnection, [Pyro4.message.MSG_RESULT])
            raise p_serializer(p).loads(answer.data)
        self.compare("unknown object", call_other)
        for uri in (self.ours, self.theirs):
            with self.assertRaisesRegex(Pyro4.errors.CommunicationError, r"connection to \('localhost', \d+\) rejected: unknown object"):
                self.proxy(uri.replace("thing@", "nobody@"))._pyroBind()

    def test_a_broken_body_is_answered_in_the_words_of_pyros_parser(self):
        for body in BROKEN_JSON:
            seen = []
            for uri in (self.theirs, self.ours):
                with self.proxy(uri, "json") as p:
                    p._pyroBind()
                    call = Pyro4.message.Message(Pyro4.message.MSG_INVOKE, body, p_serializer(p).serializer_id, 0, 1)
                    p._pyroConnection.send(call.to_bytes())
                    answer = Pyro4.message.Message.recv(p._pyroConnection, [Pyro4.message.MSG_RESULT])
                    error = json.loads(answer.data)
                    seen.append((answer.flags & Pyro4.message.FLAGS_EXCEPTION, error["__class__"], error["args"], stays_open(p)))
            with self.subTest(body=body):
                self.assertEqual(seen[0], seen[1])

    def test_text_that_is_not_utf8_is_told_in_words_that_every_format_can_carry(self):
        bodies = {"serpent": b"('thing','echo',('\xff',),{})", "json": b'{"object": "thing", "method": "echo", "params": ["\xff"], "kwargs": {}}',
                  "msgpack": b"\x94\xa5thing\xa4echo\x91\xa1\xff\x80", "marshal": b")\x04z\x05thingz\x04echo[\x01\0\0\0u\x01\0\0\0\xff{0"}
        for serializer, body in bodies.items():
            with self.subTest(serializer=serializer), self.proxy(self.ours, serializer) as p:
                p._pyroBind()
                number = p_serializer(p).serializer_id
                p._pyroConnection.send(Pyro4.message.Message(Pyro4.message.MSG_INVOKE, body, number, 0, 1).to_bytes())
                answer = Pyro4.message.Message.recv(p._pyroConnection, [Pyro4.message.MSG_RESULT])
                error = Pyro4.util.get_serializer(serializer).loads(answer.data)
                self.assertIs(UnicodeError, type(error))
                self.assertRegex(str(error), r"^'utf-8' codec can't decode byte 0xff in position \d+: invalid start byte$")
                self.assertTrue(stays_open(p))

    def test_a_remote_traceback_is_a_list_of_lines_that_pyro_can_print(self):
        for serializer in support.ALL:
            with self.proxy(self.ours, serializer) as p:
                for call in (lambda: p.fail("ZeroDivisionError"), lambda: p.fail("runtime_error"), lambda: p.add("x", 2)):
                    with self.assertRaises(Exception) as caught:
                        call()
                    lines = caught.exception._pyroTraceback
                    self.assertIsInstance(lines, list)
                    self.assertTrue(all(isinstance(line, str) and line.endswith("\n") for line in lines), lines)
                    self.assertEqual("Traceback (most recent call last):\n", lines[0])
                    self.assertEqual("%s: %s\n" % (type(caught.exception).__name__, caught.exception), lines[-1])
                    try:
                        raise caught.exception
                    except Exception:
                        self.assertIn("Remote traceback:", "".join(Pyro4.util.getPyroTraceback()))

    def test_a_name_the_object_does_not_have_fails_without_any_traffic(self):
        for uri in (self.ours, self.theirs):
            with self.proxy(uri) as p:
                with self.assertRaisesRegex(AttributeError, "remote object 'PYRO:thing@.*' has no exposed attribute or method 'nope'"):
                    p.nope()

    def setUp(self):
        super().setUp()
        for uri in (self.ours, self.theirs):
            with self.proxy(uri) as p:
                p.level = 5

    def test_attributes_are_read_and_assigned(self):
        for serializer in ("serpent", "json", "msgpack"):  # Pyro4's client cannot ask for them by marshal
            for uri in (self.ours, self.theirs):
                with self.proxy(uri, serializer) as p:
                    p.level = 7
                    p.level += 1
                    p.colour_name = "blue"
                    self.assertEqual((8, 2.5, "blue", 3), (p.level, p.fixed, p.colour_name, p.__len__()))
                    with self.assertRaises(AttributeError):
                        p.fixed = 1
                    self.assertEqual({"level", "fixed", "colour_name"}, p._pyroAttrs)
                    self.assertIn("note", p._pyroOneway)
                    self.assertNotIn("_hidden", p._pyroMethods)
                    self.assertIn("__len__", p._pyroMethods)

    def test_oneway_calls_are_done_without_an_answer_even_if_they_throw(self):
        for serializer in support.ALL:
            with self.proxy(self.ours, serializer) as p:
                before = p.notes()
                self.assertIsNone(p.note("first"))
                self.assertIsNone(p.note("throw"))
                self.assertIsNone(p._pyroInvoke("nope", (), {}, flags=Pyro4.message.FLAGS_ONEWAY))
                p.note(text="second")
                self.assertEqual(before + ["first", "second"], p.notes())

    def test_a_callback_that_throws_answers_and_ends_the_connection(self):
        self.compare("sulk", lambda p: p.sulk())

    def test_info_names_the_server_type_as_pyros(self):
        # How many workers there are is each pool's own affair: Pyro's starts some, ours as many as there is work.
        for kind, expected in (("thread", "<SocketServer_Threadpool on localhost:PORT; N workers>"), ("multiplex", "<SocketServer_Multiplex on localhost:PORT; N connections>")):
            said = []
            for start in support.mirror_server, support.peer_server:
                with self.proxy(self.start(start(PYRO_SERVERTYPE=kind)).uri().replace("thing@", "Pyro.Daemon@")) as p:
                    said.append(p.info())
            counts = [re.search(r"; (\d+) ", text).group(1) for text in said]
            plain = [re.sub(r"; \d+ ", "; N ", re.sub(r"localhost:\d+", "localhost:PORT", text)) for text in said]
            with self.subTest(kind=kind):
                self.assertEqual("Pyro.Daemon bound on localhost:PORT, NAT None, 2 objects registered. Servertype: " + expected, plain[0])
                self.assertEqual(*plain)
                if kind == "multiplex":
                    self.assertEqual(["1", "1"], counts)

    def test_the_daemons_own_object_answers_as_pyros(self):
        for name, arguments in (("ping", ()), ("registered", ()), ("get_metadata", ("nobody",)), ("get_metadata", ())):
            for serializer in support.ALL:
                seen = []
                for uri in (self.theirs, self.ours):
                    with self.proxy(uri.replace("thing@", "Pyro.Daemon@"), serializer) as p:
                        seen.append(support.outcome(lambda: getattr(p, name)(*arguments)))
                with self.subTest(method=name, arguments=arguments, serializer=serializer):
                    self.assertEqual(seen[0], seen[1])
        with self.proxy(self.ours.replace("thing@", "Pyro.Daemon@")) as p:
            self.assertRegex(p.info(), r"^Pyro.Daemon bound on localhost:\d+, NAT None, 2 objects registered. Servertype: <.*>$")
            self.assertEqual({"level", "fixed", "colour_name"}, set(p.get_metadata("thing")["attrs"]))
            self.assertIsInstance(p.get_metadata("thing", as_lists=True)["methods"], list)


def p_serializer(p):
    return Pyro4.util.get_serializer(p._pyroSerializer)


def stays_open(p):
    """Whether the server still answers on the proxy's connection."""
    connection = p._pyroConnection
    if connection is None:
        return "released by the client"
    try:
        connection.send(Pyro4.message.Message(Pyro4.message.MSG_PING, b"ping", 42, 0, 0).to_bytes())
        return Pyro4.message.Message.recv(connection, [Pyro4.message.MSG_PING]).data == b"pong"
    except Pyro4.errors.CommunicationError:
        return False


if __name__ == "__main__":
    unittest.main(verbosity=2)
