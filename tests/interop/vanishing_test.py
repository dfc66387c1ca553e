"""Peers that disappear or misbehave in the middle of things, as Pyro4 programs see it: nobody else on the daemon notices."""
import random
import re
import signal
import socket
import unittest

import Pyro4.errors
import Pyro4.message

import support

CLIENT = """
import sys, Pyro4
p = Pyro4.Proxy(sys.argv[1])
p._pyroBind()
print("connected", flush=True)
while True:
    p.size_of("y" * 200000)
    print("called", flush=True)
"""

NAPPER = """
import sys, Pyro4
p = Pyro4.Proxy(sys.argv[1])
p._pyroBind()
print("connected", flush=True)
p.nap(0.7)
"""


class Vanishing(support.InteropTest):
    def test_a_python_client_killed_between_calls_or_in_one_is_not_noticed_by_others(self):
        server = self.start(support.peer_server("--cores", "2"))
        with self.proxy(server.uri()) as bystander:
            self.assertEqual(3, bystander.add(1, 2))
            connection = bystander._pyroConnection
            for script, ready in ((CLIENT, "called"), (NAPPER, "connected")):
                clients = [support.python("-c", script, server.uri()) for _ in range(3)]
                for client in clients:
                    client.wait_for(ready)
                for client in clients:
                    client.kill()
                self.assertEqual(7, bystander.add(3, 4))
            self.assertIs(connection, bystander._pyroConnection)

    def test_a_client_that_goes_after_half_a_message_is_not_noticed_by_others(self):
        server = self.start(support.peer_server())
        host, _, port = server.uri().rpartition("@")[2].partition(":")
        body = Pyro4.util.get_serializer("serpent").dumps({"handshake": "hello", "object": "thing"})
        whole = Pyro4.message.Message(Pyro4.message.MSG_CONNECT, body, 1, Pyro4.message.FLAGS_META_ON_CONNECT, 0).to_bytes()
        with self.proxy(server.uri()) as bystander:
            bystander._pyroBind()
            for cut in (0, 1, 23, 24, len(whole) - 1, len(whole)):
                with socket.create_connection((host, int(port))) as peer:
                    peer.sendall(whole[:cut])
            connection = bystander._pyroConnection
            self.assertEqual(3, bystander.add(1, 2))
            self.assertIs(connection, bystander._pyroConnection)

    def napping_client(self, server, seconds):
        """Our client, in a call that takes long."""
        client = support.Program([support.built("tests/interop/peer_client"), server.uri(), "nap", seconds])
        self.addCleanup(client.kill)
        server.wait_for("napping")
        return client

    def test_a_server_that_is_killed_is_a_closed_connection_for_its_callers(self):
        for start in (support.peer_server, support.mirror_server):
            server = start()
            self.addCleanup(server.kill)
            with self.proxy(server.uri()) as p:
                self.assertEqual(3, p.add(1, 2))
                napping = self.napping_client(server, "30")
                server.kill()
                self.assertRaises(Pyro4.errors.CommunicationError, lambda: p.add(1, 2))
            said = napping.finish()
            self.assertRegex(said, r"nap: unreachable connection_closed \| Pyro4.errors.ConnectionClosedError \|")
            # The kernel may still be taking a killed ring apart, and with it the listening socket: then connecting worked.
            self.assertRegex(said, r"then: unreachable( \| .* cannot connect to .*efused| connection_closed \|)")

    def test_a_caller_goes_on_with_a_server_of_the_other_language_at_the_same_place(self):
        """Ours sends its first request along with CONNECT to where it was welcomed by one of ours: a Python server must not take it for a call."""
        servers = {"ours": [support.built("tools/engine-echoserver")], "theirs": [support.sys.executable, "-u", "-m", "Pyro4.test.echoserver"]}
        # Not one that the kernel gives away meanwhile.
        port = next(str(port) for port in iter(lambda: random.randrange(20000, 32000), 0) if self.can_be_bound(port))
        first = self.echo_server(servers["ours"], port)
        client = support.Program([support.built("tests/interop/named_caller"), "PYRO:test.echoserver@127.0.0.1:%s" % port])
        self.addCleanup(client.kill)
        for number, which in enumerate(("ours", "theirs", "theirs", "ours", "theirs")):
            if number > 0:
                first.kill()
                first = self.echo_server(servers[which], port)
            client.type("call %d\n" % number)
            client.wait_for("answer: call %d\n" % number)
            if number in (1, 4):  # ours was there before
                first.wait_for("daemon wiredata received: msgtype=6 .*\n(?s:.*)msgtype=4 ", of=first.err)
                self.assertEqual(1, len(re.findall("received: msgtype=4 ", "".join(first.err))), first.err)
        client.finish()

    def can_be_bound(self, port):
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                other.bind(("127.0.0.1", int(port)))
                other.listen()
            except OSError:
                return False
        return True

    def echo_server(self, command, port):
        support.wait_until(lambda: self.can_be_bound(port), "the killed server's socket is gone")
        server = support.Program([*command, "-H", "127.0.0.1", "-p", port], PYRO_LOGWIRE="1", PYRO_LOGLEVEL="DEBUG", PYRO_LOGFILE="{stderr}")
        self.addCleanup(server.kill)
        server.wait_for(r"PYRO:\S+:" + port)
        return server

    def test_a_server_that_is_asked_to_stop_answers_the_call_it_is_in(self):
        server = self.start(support.peer_server())
        napping = self.napping_client(server, "0.5")
        server.stop()
        self.assertRegex(napping.finish(), "nap: slept")

    def test_garbage_and_unreadable_calls_get_pyros_answers(self):
        ours, theirs = self.start(support.peer_server()).uri(), self.start(support.mirror_server()).uri()
        calls = {"unreadable": (Pyro4.message.MSG_INVOKE, b"('thing','add',(1,", 1), "cut msgpack": (Pyro4.message.MSG_INVOKE, b"\x94\xa5thi", 6),
                 "not a call": (Pyro4.message.MSG_INVOKE, b"('thing','add')", 1), "no serializer": (Pyro4.message.MSG_INVOKE, b"{}", 99),
                 "a result": (Pyro4.message.MSG_RESULT, b"None", 1)}
        self.compare_answers(ours, theirs, calls)

    def test_a_call_by_a_serializer_that_is_known_but_not_accepted_is_answered_by_it_and_ends_the_connection(self):
        ours, theirs = [self.start(start(PYRO_SERIALIZERS_ACCEPTED="serpent")).uri()
                        for start in (support.peer_server, support.mirror_server)]
        self.compare_answers(ours, theirs, {"msgpack": (Pyro4.message.MSG_INVOKE, b"\x94\xa5thing\xa3add\x92\x01\x02\x80", 6)})

    def compare_answers(self, ours, theirs, calls):
        for name, (type, body, serializer) in calls.items():
            seen = []
            for uri in (theirs, ours):
                with self.proxy(uri) as p:
                    p._pyroBind()
                    seen.append(self.answer_to(p._pyroConnection, Pyro4.message.Message(type, body, serializer, 0, 7).to_bytes()))
            with self.subTest(name=name):
                self.assertEqual(seen[0], seen[1])

    def answer_to(self, connection, raw):
        connection.send(raw)
        try:
            answer = Pyro4.message.Message.recv(connection, [Pyro4.message.MSG_RESULT])
        except Pyro4.errors.CommunicationError:
            return "closed"
        said = type(Pyro4.util.get_serializer_by_id(answer.serializer_id).loads(answer.data)).__name__
        try:
            connection.send(Pyro4.message.Message(Pyro4.message.MSG_PING, b"ping", 42, 0, 0).to_bytes())
            Pyro4.message.Message.recv(connection, [Pyro4.message.MSG_PING])
            return said, answer.seq, answer.flags, "stays"
        except Pyro4.errors.CommunicationError:
            return said, answer.seq, answer.flags, "then closed"

    def test_a_request_that_fills_every_buffer_of_a_server_that_does_not_read_is_given_up_after_the_timeout(self):
        for start in support.peer_server, support.mirror_server:
            with self.subTest(server=start.__name__):
                server = self.start(start())
                uri = server.uri()
                words = ["--serializer", "msgpack", uri, "stuffed", "50000000"]
                ours = support.Program([support.built("tests/interop/peer_client"), *words])
                self.addCleanup(ours.kill)
                ours.wait_for("connected: 3 7\n")
                with self.proxy(uri) as p:
                    self.assertEqual(3, p.add(1, 2))
                    p._pyroTimeout = 0.3
                    self.addCleanup(server.process.send_signal, signal.SIGCONT)  # before it is stopped, cleanups being run backwards
                    server.process.send_signal(signal.SIGSTOP)
                    with self.assertRaises(Pyro4.errors.TimeoutError):
                        p.size_of("y" * 50_000_000)
                    self.assertIsNone(p._pyroConnection)
                said = ours.finish("\n").splitlines()[1:]
                timed_out = "%s: unreachable timed_out | Pyro4.errors.TimeoutError | sending: timeout | traceback no"
                self.assertEqual([timed_out % "waiting", timed_out % "async"], said)
                server.process.send_signal(signal.SIGCONT)
                with self.proxy(uri) as p:
                    self.assertEqual(7, p.add(3, 4))

    def test_an_idle_connection_is_closed_after_commtimeout_and_the_client_may_come_again(self):
        server = self.start(support.peer_server(PYRO_COMMTIMEOUT="0.3"))
        with self.proxy(server.uri()) as p:
            p._pyroBind()
            self.assertEqual(b"", p._pyroConnection.sock.recv(1))
            self.assertRaises(Pyro4.errors.ConnectionClosedError, lambda: p.add(1, 2))
            self.assertEqual(3, p.add(1, 2))


if __name__ == "__main__":
    unittest.main(verbosity=2)
