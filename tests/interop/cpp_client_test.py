"""Our proxies, typed and dynamic, call the object of peer_mirror.py on an unmodified Pyro4 daemon. What they see is compared with what
Pyro4's own client sees there, and every way of failing is provoked for real."""
import os
import re
import socket
import subprocess
import tempfile
import threading
import unittest

import Pyro4.errors

import peer_mirror
import support

ERRORS = """
invalid_argument: raised | builtins.ValueError | a bad value | traceback yes
out_of_range: raised | builtins.IndexError | no such index | traceback yes
overflow_error: raised | builtins.OverflowError | too much | traceback yes
bad_alloc: raised | builtins.MemoryError | out of memory | traceback yes
KeyError: raised | builtins.KeyError | 'the key' | traceback yes
ValueError: raised | builtins.ValueError | ('bad', 3, [1, 2]) | traceback yes
StopIteration: raised | builtins.StopIteration |  | traceback yes
OutOfStock: OutOfStock | none left | bike | -3
Unknown: raised | foo.Bar | nobody knows it | traceback yes
NamingError: unwelcome naming_error | Pyro4.errors.NamingError | unknown name: x | traceback yes
DaemonError: unwelcome daemon_error | Pyro4.errors.DaemonError | no daemon | traceback yes
PyroError: error | Pyro4.errors.PyroError | general | traceback yes
SecurityError: unwelcome security_error | Pyro4.errors.SecurityError | not allowed | traceback yes
SerializeError: malformed serialize_error | Pyro4.errors.SerializeError | cannot be written | traceback yes
CommunicationError: unreachable connection_closed | Pyro4.errors.ConnectionClosedError | <closed> | traceback no
TimeoutError: unreachable connection_closed | Pyro4.errors.ConnectionClosedError | <closed> | traceback no
"""

NAMES = """
nope: raised | builtins.AttributeError | remote object '<uri>' has no exposed attribute or method 'nope' | traceback no
level(): raised | builtins.AttributeError | remote object '<uri>' has no exposed attribute or method 'level' | traceback no
add.get: raised | builtins.AttributeError | remote object '<uri>' has no exposed attribute or method 'add' | traceback no
missing: raised | builtins.TypeError | Thing.add() missing 1 required positional argument: 'b' | traceback yes
too many: raised | builtins.TypeError | Thing.add() takes 3 positional arguments but 4 were given | traceback yes
"""

MEMBERS = """
get: 5 2.500000 red
set: 9
typed set: blue
refused: raised | builtins.ValueError | level below zero | traceback yes
read-only: raised | builtins.AttributeError | {read_only} | traceback yes
keywords: 'x/B/z'
only keywords: 3
collect: ['f', [1, 2.5], {{'k': [1]}}]
len: 3
notes: 1
notes: ['first', 'second']
oneway: note
attributes: colour_name level
"""


BATCHES = """
send: sent
sum: 3
joined: 'x/y/None'
nothing: done
many: 45150
{failed}_private: raised | builtins.AttributeError | attempt to access private attribute '_private' | traceback yes
nope: raised | builtins.AttributeError | 'Thing' object has no attribute 'nope' | traceback yes
level: raised | builtins.AttributeError | attempt to access unexposed attribute 'level' | traceback yes
empty: sent
async: 7
notes: ['oneway']
"""
FAILED_BATCH = """with a failure: sent
before: 3
failing: raised | builtins.KeyError | 'the key' | traceback yes
after: error | Pyro4.errors.PyroError | this call was not executed: call 2 of the batch threw before it | traceback no
"""


class CppClient(support.InteropTest):
    def client(self, uri, *words, code=0, **changes):
        """Runs peer_client; `changes` are its environment, and its options where they are written with a small letter."""
        options = [word for name in sorted(changes) if name.islower() for word in ("--" + name, str(changes[name]))]
        upper = {name: value for name, value in changes.items() if not name.islower()}
        program = support.Program([support.built("tests/interop/peer_client"), *options, uri, *words], **upper)
        self.addCleanup(program.kill)
        return program.finish(code=code)

    def server(self, *options, **changes):
        return self.start(support.mirror_server(*options, **changes))

    def test_typed_calls_bring_back_what_was_sent(self):
        uri = self.server().uri()
        for serializer in ("serpent", "marshal", "msgpack"):  # json has no bytes
            with self.subTest(serializer=serializer):
                said = self.client(uri, "typed", serializer=serializer)
                self.assertEqual("add: 42\njoin: x/y/None x/B/None\nasync: 10\nall as sent\n", said)

    def test_bytes_are_literals_by_serpent_where_that_is_set(self):
        uri = self.server().uri()
        self.assertEqual("add: 42\njoin: x/y/None x/B/None\nasync: 10\nall as sent\n",
                         self.client(uri, "typed", serializer="serpent", PYRO_SERPENT_BYTES_REPR="1"))
        self.assertRegex(self.client(uri, "values", "alone", "bytes_empty", serializer="serpent"), "dict")
        self.assertRegex(self.client(uri, "values", "alone", "bytes_empty", serializer="serpent", PYRO_SERPENT_BYTES_REPR="1"), "bytes")

    def test_errors_are_caught_as_their_family_and_the_proxy_goes_on(self):
        uri = self.server().uri()
        kinds = re.findall(r"^(\w+):", ERRORS, re.M)
        for serializer in support.ALL:
            said = self.client(uri, "errors", *kinds, serializer=serializer).replace(uri, "<uri>")
            with self.subTest(serializer=serializer):
                self.assertEqual(len(kinds), said.count("  and then: 3\n"))
                self.assertIn(NAMES, said)
                lines = [line for line in said.splitlines() if re.match(r"(%s):" % "|".join(kinds), line)]
                closed = re.compile(r"(ConnectionClosedError \| ).*( \|)")
                self.assertEqual([closed.sub(r"\1<closed>\2", line) for line in ERRORS.strip().splitlines()],
                                 [closed.sub(r"\1<closed>\2", line) for line in lines])

    def test_attributes_keywords_and_oneway_calls_work(self):
        for serializer in support.ALL:
            server = self.server(PYRO_ONEWAY_THREADED="0")
            with self.proxy(server.uri()) as p:
                read_only = support.outcome(lambda: p._pyroInvoke("__setattr__", ("fixed", 1), None)).partition(": ")[2]
            said = self.client(server.uri(), "members", serializer=serializer)
            self.assertEqual(MEMBERS.format(read_only=read_only).strip(), said.strip())
            server.stop()

    def test_unchecked_names_go_to_the_server_with_metadata_off(self):
        said = self.client(self.server().uri(), "errors", PYRO_METADATA="0")
        self.assertIn("nope: raised | builtins.AttributeError | 'Thing' object has no attribute 'nope' | traceback yes", said)
        self.assertIn("level(): raised | builtins.AttributeError | attempt to access unexposed attribute 'level' | traceback yes", said)

    def test_a_late_answer_is_a_timeout_and_the_next_call_connects_again(self):
        said = self.client(self.server().uri(), "nap", "1.5", timeout=300)
        self.assertRegex(said, r"nap: unreachable timed_out \| Pyro4.errors.TimeoutError \| .*\| traceback no\nthen: 3\n")

    def test_a_silent_server_is_a_timeout_of_the_handshake(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            said = self.client("PYRO:thing@127.0.0.1:%d" % silent.getsockname()[1], "add", timeout=200)
        self.assertIn("add: unreachable timed_out | Pyro4.errors.TimeoutError", said)

    def test_nobody_listening_is_a_communication_error_that_names_the_address(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        said = self.client("PYRO:thing@127.0.0.1:%d" % port, "add")
        self.assertRegex(said, r"add: unreachable \| Pyro4.errors.CommunicationError \| cannot connect to \('127.0.0.1', %d\): .*efused" % port)

    def test_keys_must_be_the_same_on_both_sides_or_absent_on_both(self):
        keyed, open_one = self.server("--key", "secr3t").uri(), self.server().uri()
        self.assertEqual("add: 3\n", self.client(keyed, "add", key="secr3t"))
        self.refused(self.client(keyed, "add"), "hmac key config not symmetric")
        self.refused(self.client(keyed, "add", key="wrong"), "hmac")
        self.refused(self.client(open_one, "add", key="secr3t"), "hmac key config not symmetric")
        ours = self.start(support.peer_server("--key", "secr3t")).uri()
        for uri, key, good in ((keyed, b"secr3t", True), (ours, b"secr3t", True), (ours, b"wrong", False), (ours, None, False)):
            with self.proxy(uri) as p:
                p._pyroHmacKey = key
                if good:
                    self.assertEqual(3, p.add(1, 2))
                else:
                    self.assertRaises(Pyro4.errors.PyroError, lambda: p.add(1, 2))

    def refused(self, said, reason):
        self.assertRegex(said, r"add: (un|mal).* \| Pyro4.errors.\w+Error \| .*%s" % reason)

    def test_the_daemons_reason_for_refusing_is_what_the_caller_reads(self):
        uri = self.server("--picky").uri()
        ours = self.start(support.peer_server("--picky")).uri()
        for where in (uri, ours):
            self.assertEqual("add: 3\n", self.client(where, "add", handshake="sesame"))
            self.refused(self.client(where, "add", handshake="please"), "rejected: you did not say sesame but 'please'")
            self.refused(self.client(where.replace("thing@", "nobody@"), "add", handshake="sesame"), "rejected: unknown object")
            with self.proxy(where) as p:
                p._pyroHandshake = "sesame"
                self.assertEqual(3, p.add(1, 2))
            with self.proxy(where) as p, self.assertRaisesRegex(Pyro4.errors.CommunicationError, "did not say sesame but 'hello'"):
                p.add(1, 2)

    def test_a_serializer_the_daemon_does_not_accept_is_refused(self):
        uri = self.server(PYRO_SERIALIZERS_ACCEPTED="serpent").uri()
        self.refused(self.client(uri, "add", serializer="msgpack"), "rejected: message used serializer that is not accepted: 6")
        ours = self.start(support.peer_server(PYRO_SERIALIZERS_ACCEPTED="serpent")).uri()
        with self.proxy(ours, "msgpack") as p, self.assertRaisesRegex(Pyro4.errors.CommunicationError, "not accepted: 6"):
            p.add(1, 2)

    def test_compressed_messages_are_understood_whoever_sends_them(self):
        for theirs in ("0", "1"):
            server, ours = self.server(PYRO_COMPRESSION=theirs), self.start(support.peer_server(PYRO_COMPRESSION=theirs))
            for mine in ("0", "1"):
                said = self.client(server.uri(), "large", "100", "300", "500000", PYRO_COMPRESSION=mine)
                self.assertEqual("there: 100\nback: 100\nthere: 300\nback: 300\nthere: 500000\nback: 500000\n", said)
                Pyro4.config.COMPRESSION = mine == "1"
                with self.proxy(ours.uri()) as p:
                    self.assertEqual(("500000", "x" * 500000), (p.size_of("y" * 500000), p.make(500000)))
            server.stop()
            ours.stop()

    def test_a_message_above_the_limit_is_refused_where_it_is_written_and_ends_the_connection_where_it_arrives(self):
        uri = self.server().uri()
        said = self.client(uri, "large", "100", "5000", PYRO_MAX_MESSAGE_SIZE="2000")
        self.assertRegex(said, r"there: malformed message_too_large \| Pyro4.errors.MessageTooLargeError \| "
                               r"max message size exceeded \(\d+ where max=2000\)")
        self.assertIn("back: malformed message_too_large", said)
        strict = self.server(PYRO_MAX_MESSAGE_SIZE="2000").uri()
        said = self.client(strict, "large", "5000", "100")
        self.assertEqual(2, said.count("unreachable connection_closed"), said)
        self.assertIn("there: 100\nback: 100\n", said)
        ours = self.start(support.peer_server(PYRO_MAX_MESSAGE_SIZE="2000")).uri()
        with self.proxy(ours) as p:
            for call in (lambda: p.size_of("y" * 5000), lambda: p.make(5000)):
                self.assertRaises(Pyro4.errors.ConnectionClosedError, call)
                self.assertEqual("100", p.size_of("y" * 100))
            Pyro4.config.MAX_MESSAGE_SIZE = 1000
            self.assertRaisesRegex(Pyro4.errors.MessageTooLargeError, r"where max=1000\)", p.size_of, "y" * 1500)

    def test_ipv6_is_spoken_in_both_directions(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as no:
            self.skipTest("no IPv6: %s" % no)
        theirs, ours = self.server("--host", "::1").uri(), self.start(support.peer_server("--host", "::1")).uri()
        for uri in (theirs, ours):
            self.assertRegex(uri, r"^PYRO:thing@\[::1\]:\d+$")
            self.assertEqual("add: 3\n", self.client(uri, "add"))
            with self.proxy(uri) as p:
                self.assertEqual(3, p.add(1, 2))

    def test_unix_sockets_are_spoken_in_both_directions(self):
        with tempfile.TemporaryDirectory() as folder:
            for start in (support.mirror_server, support.peer_server):
                path = os.path.join(folder, start.__name__)
                server = self.start(start("--unix", path))
                self.assertEqual("PYRO:thing@./u:" + path, server.uri())
                self.assertEqual("add: 3\n", self.client(server.uri(), "add"))
                with self.proxy(server.uri()) as p:
                    self.assertEqual(3, p.add(1, 2))
                    p._pyroRelease()
                server.stop()

    def test_batches_are_one_message_whose_results_come_apart(self):
        for serializer in support.ALL + ("pickle",):
            said = self.client(self.server(PYRO_ONEWAY_THREADED="0").uri(), "batches", serializer=serializer)
            # Python's marshal writes no exception that is not the whole result.
            whole = "raised | builtins.ValueError | unmarshallable object | traceback yes"
            failed = FAILED_BATCH if serializer != "marshal" else "".join("%s: %s\n" % (what, whole) for what in
                                                                         ("with a failure", "before", "failing", "after"))
            with self.subTest(serializer=serializer):
                self.assertEqual(BATCHES.format(failed=failed).strip(), said.strip())

    def test_calls_are_repeated_after_a_timeout_as_often_as_pyro_repeats_them(self):
        server = self.server()
        said = self.client(server.uri(), "nap", "0.7", timeout=200, PYRO_MAX_RETRIES="2")
        self.assertRegex(said, r"nap: unreachable timed_out \| Pyro4.errors.TimeoutError \| .*\| traceback no\nthen: 3\n")
        server.wait_for("napping", 3)
        with self.proxy(server.uri(), timeout=0.2) as p:
            p._pyroMaxRetries = 2
            self.assertRaises(Pyro4.errors.TimeoutError, p.nap, 0.7)
        server.wait_for("napping", 6)

    def test_a_socket_that_is_connected_already_needs_no_handshake(self):
        ours, theirs = socket.socketpair()
        daemon = Pyro4.core.Daemon(connected_socket=theirs)
        daemon.register(peer_mirror.Thing(), "thing")
        serving = threading.Thread(target=daemon.requestLoop, daemon=True)
        serving.start()
        client = subprocess.run([support.built("tests/interop/peer_client"), "PYRO:thing@<<connected-socket>>:0", "adopted", str(ours.fileno())],
                                pass_fds=[ours.fileno()], stdout=subprocess.PIPE, text=True, timeout=support.LIMIT, env=support.environment())
        self.assertEqual("add: 3\njoin: x/y/None\n", client.stdout)
        ours.close()
        serving.join(support.LIMIT)
        self.assertFalse(serving.is_alive())
        theirs.close()

    def test_one_daemon_of_ours_with_several_cores_serves_many_clients_of_both_kinds(self):
        uri = self.start(support.peer_server("--cores", "2")).uri()
        clients = [support.Program([support.built("tests/interop/peer_client"), uri, "add", "200"]) for _ in range(4)]
        for _ in range(200):
            with self.proxy(uri) as p:
                self.assertEqual(3, p.add(1, 2))
        for client in clients:
            self.assertEqual("add: 3\n" * 200, client.finish())


if __name__ == "__main__":
    unittest.main(verbosity=2)
