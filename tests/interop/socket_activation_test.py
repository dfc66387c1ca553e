"""engine-ns on sockets that somebody else has opened: as systemd passes them, made by this test and by systemd-socket-activate."""
import os
import shutil
import signal
import socket
import tempfile
import threading
import unittest

import Pyro4

import support

# What systemd does last of all: the descriptors from 3 on, and whom they are for.
STARTER = """
import os, sys
count = int(sys.argv[1])
for number in range(count):
    os.dup2(int(sys.argv[2 + number]), 100 + number)
for number in range(count):
    os.dup2(100 + number, 3 + number)
os.environ.update(LISTEN_FDS=str(count), LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2 + count], sys.argv[2 + count:])
"""


def started(sockets, *options, **changes):
    numbers = [each.fileno() for each in sockets]
    return support.Program(["/usr/bin/python3", "-c", STARTER, str(len(numbers)), *map(str, numbers), support.built("tools/engine-ns"), *options],
                           pass_fds=numbers, **changes)


def listening(family=socket.AF_INET, at=("127.0.0.1", 0)):
    made = socket.socket(family)
    made.bind(at)
    made.listen(5)
    return made


class SocketActivation(support.InteropTest):
    def stopped(self, server):
        support.wait_until(server._handles_sigterm, "it runs")
        server.process.send_signal(signal.SIGTERM)
        server.finish()

    def test_who_connects_before_it_runs_is_answered_when_it_does(self):
        for backend in ("uring", "epoll"):
            with self.subTest(backend=backend), listening() as given:
                port = given.getsockname()[1]
                counted = []

                def ask_early():
                    with Pyro4.Proxy("PYRO:Pyro.NameServer@127.0.0.1:%d" % port) as names:
                        counted.append(names.count())
                early = threading.Thread(target=ask_early)
                early.start()
                server = started([given], "-n", "localhost", ENGINE_BACKEND=backend)
                self.addCleanup(server.kill)
                server.wait_for(r"URI = PYRO:Pyro.NameServer@localhost:%d\n" % port)
                with Pyro4.locateNS("127.0.0.1", port) as names:
                    names.register("x", "PYRO:obj@host:1")
                    self.assertEqual(2, names.count())
                early.join(support.LIMIT)
                self.assertEqual(1, len(counted))
                self.stopped(server)

    def test_the_sockets_stay_for_the_next_one(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ns")
            with listening() as tcp, listening(socket.AF_UNIX, path) as unix:
                port = tcp.getsockname()[1]
                for turn in range(3):
                    server = started([unix, tcp], "-s", "sql:" + os.path.join(folder, "names.db"))
                    self.addCleanup(server.kill)
                    for host, at in (("127.0.0.1", port), ("./u:" + path, None)):
                        with Pyro4.locateNS(host, at) as names:
                            self.assertEqual("PYRO:Pyro.NameServer@127.0.0.1:%d" % port, str(names.lookup("Pyro.NameServer")))
                            names.register("%s.%d" % ("unix" if at is None else "tcp", turn), "PYRO:obj@host:1")
                            self.assertEqual(1 + turn * 2 + (1 if at else 2), names.count())
                    self.stopped(server)
                    self.assertTrue(os.path.exists(path))

    def test_a_unix_socket_alone_and_a_socket_for_broadcasts(self):
        with tempfile.TemporaryDirectory() as folder, listening(socket.AF_UNIX, os.path.join(folder, "ns")) as unix:
            server = self.start_killed(started([unix]))
            server.wait_for(r"NS running on \./u:%s/ns \(Unix domain socket\)\n" % folder)
        with listening(at=("0.0.0.0", 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", 0))
            server = self.start_killed(started([udp, tcp]))
            server.wait_for(r"Broadcast server running on 127\.0\.0\.1:%d\n" % udp.getsockname()[1])
            Pyro4.config.NS_HOST, Pyro4.config.NS_PORT, Pyro4.config.BROADCAST_ADDRS = "127.0.0.1", 1, "127.0.0.1"
            Pyro4.config.NS_BCPORT = udp.getsockname()[1]
            with Pyro4.locateNS() as names:
                self.assertEqual("PYRO:Pyro.NameServer@127.0.0.1:%d" % tcp.getsockname()[1], names._pyroUri.asString())

    def test_sockets_of_both_families_for_who_asks_by_ipv6(self):
        """Each kind of question is answered with the host it can reach, whichever kind of socket hears it."""
        with listening(socket.AF_INET6, ("::", 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as v4, \
                socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as v6:
            v4.bind(("127.0.0.1", 0))
            v6.bind(("::", 0))
            server = self.start_killed(started([v4, v6, tcp]))
            server.wait_for(r"Broadcast server running on \[::\]:%d\n" % v6.getsockname()[1])
            for family, at in ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")):
                with self.subTest(at=at), socket.socket(family, socket.SOCK_DGRAM) as asker:
                    asker.settimeout(support.LIMIT)
                    asker.sendto(b"GET_NSURI", (at, v6.getsockname()[1]))
                    uri = Pyro4.URI(asker.recv(200).decode())
                    self.assertEqual((at, tcp.getsockname()[1]), (uri.host, uri.port))
                    with Pyro4.Proxy(uri) as names:
                        self.assertEqual(1, names.count())

    def start_killed(self, program):
        self.addCleanup(program.kill)
        return program

    def test_what_is_meant_for_others_or_is_no_listening_socket(self):
        server = self.start(support.Program([support.built("tools/engine-ns"), "-p", "0"], LISTEN_FDS="1", LISTEN_PID="1"))
        server.wait_for("URI = PYRO:Pyro.NameServer@localhost:")
        with socket.socket() as deaf:
            for server, complaint in ((started([deaf]), "descriptor 3 is neither"),
                                      (support.Program([support.built("tools/engine-ns")], LISTEN_FDS="many"), "LISTEN_FDS=many is no number")):
                server.finish(code=1)
                self.assertIn(complaint, "".join(server.err))

    @unittest.skipUnless(shutil.which("systemd-socket-activate"), "systemd-socket-activate is not installed")
    def test_systemd_starts_it_for_the_first_who_comes(self):
        with listening() as free:
            port = free.getsockname()[1]
        waiting = self.start_killed(support.Program(["systemd-socket-activate", "-l", "127.0.0.1:%d" % port, support.built("tools/engine-ns")]))
        waiting.wait_for("Listening on", of=waiting.err)
        self.assertNotIn("NS running", "".join(waiting.out))
        with Pyro4.locateNS("127.0.0.1", port) as names:
            self.assertEqual(1, names.count())
        waiting.wait_for("URI = PYRO:Pyro.NameServer@127.0.0.1:%d\n" % port)


if __name__ == "__main__":
    unittest.main(verbosity=2)
