"""Clients that are called back and die meanwhile: who asked for the call learns of it as from Pyro4's server, everybody else is served on, and
nothing of the dead stays open in the server."""
import os
import unittest

import Pyro4.errors

import support

PYTHON_SERVER = """
import Pyro4, threading
@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Exchange(object):
    bells = {}
    def join(self, who, bell):
        self.bells[who] = bell
    def leave(self, who):
        del self.bells[who]
    def ring(self, who):
        return self.bells[who].ring(who)
    def try_ring(self, who):
        try:
            self.ring(who)
            return "answered"
        except Pyro4.errors.PyroError as x:
            return type(x).__module__ + "." + type(x).__name__
Pyro4.Daemon.serveSimple({Exchange: "exchange"}, ns=False)
"""

CLIENT = """
import sys, Pyro4
@Pyro4.expose
class Bell(object):
    def ring(self, who):
        print("ringing", who, flush=True)
        if who.startswith("slow"):
            sys.stdin.readline()
        return len(who)
bell, daemon = Bell(), Pyro4.Daemon()
daemon.register(bell)
with Pyro4.Proxy(sys.argv[1]) as exchange:
    exchange.join(sys.argv[2], bell)
    print("joined at", daemon.sock.getsockname()[1], flush=True)
    daemon.requestLoop()
"""


LISTENING, ESTABLISHED = "0A", "01"


def in_use(port):
    """Whether somebody listens there or believes in a connection to it."""
    at = ":%04X" % port
    with open("/proc/net/tcp") as table:
        rows = [line.split()[1:4] for line in table]
    return any(local.endswith(at) and state == LISTENING or peer.endswith(at) and state == ESTABLISHED for local, peer, state in rows)


CLOSED, UNREACHABLE = "Pyro4.errors.ConnectionClosedError", "Pyro4.errors.CommunicationError"


class CallbacksOfTheDead(support.InteropTest):
    def pyros_server(self):
        return self.start(support.python("-u", "-c", PYTHON_SERVER))

    def our_server(self):
        return self.start(support.Program([support.built("tests/interop/callback_peer")]))

    def servers(self):
        for start in self.pyros_server, self.our_server:
            with self.subTest(server=start.__name__):
                yield start()

    def client(self, server, name):
        client = support.python("-u", "-c", CLIENT, server.uri(), name)
        self.addCleanup(client.kill)
        client.port = int(client.wait_for(r"joined at (\d+)\n").group(1))
        return client

    def kill(self, client):
        """And waits until the kernel has told all who are connected to it."""
        client.kill()
        support.wait_until(lambda: not in_use(client.port), "nobody listens at or is connected to a dead client")

    def test_who_asks_for_a_call_back_to_a_dead_client_learns_of_it(self):
        # Pyro's server finds its connection closed when it uses it; ours before, and then it cannot make another.
        for start, first in ((self.pyros_server, CLOSED), (self.our_server, UNREACHABLE)):
            with self.subTest(server=start.__name__):
                server = start()
                with self.proxy(server.uri()) as asker:
                    dead = self.client(server, "Ann")
                    self.assertEqual(3, asker.ring("Ann"))
                    self.kill(dead)
                    connection = asker._pyroConnection
                    self.assertEqual([first, UNREACHABLE], [asker.try_ring("Ann"), asker.try_ring("Ann")])
                    self.assertIs(connection, asker._pyroConnection)

    def test_a_client_that_dies_in_the_middle_of_being_called_back_is_a_closed_connection(self):
        for server in self.servers():
            with self.proxy(server.uri()) as asker, self.proxy(server.uri()) as bystander:
                dying = self.client(server, "slowly")
                asker._pyroAsync()
                result = asker.try_ring("slowly")
                dying.wait_for("ringing slowly\n")
                other = self.client(server, "Bob")
                self.assertEqual(3, bystander.ring("Bob"))  # it is not held up
                self.kill(dying)
                self.assertEqual(CLOSED, result.value)
                self.assertEqual(3, bystander.ring("Bob"))
                other.kill()

    def test_a_method_that_lets_the_failure_go_ends_its_callers_connection_and_no_other(self):
        for server in self.servers():
            with self.proxy(server.uri()) as asker, self.proxy(server.uri()) as bystander:
                self.kill(self.client(server, "Ann"))
                living = self.client(server, "Bob")
                self.assertEqual(3, bystander.ring("Bob"))
                connection = bystander._pyroConnection
                self.assertRaises(Pyro4.errors.ConnectionClosedError, lambda: asker.ring("Ann"))  # as Pyro's server ends it (WIRE 5.4)
                self.assertEqual(UNREACHABLE, asker.try_ring("Ann"))
                self.assertEqual(3, bystander.ring("Bob"))
                self.assertIs(connection, bystander._pyroConnection)
                living.kill()

    def test_nothing_of_the_dead_stays_open(self):
        server = self.our_server()
        folder = "/proc/%d/fd" % server.process.pid
        with self.proxy(server.uri()) as asker:
            with self.assertRaises(IndexError):
                asker.try_ring("nobody")
            before = len(os.listdir(folder))
            for name in "Ann", "Bob", "Charlie", "Dora":
                dead = self.client(server, name)
                self.assertEqual(len(name), asker.ring(name))
                self.assertGreater(len(os.listdir(folder)), before)
                self.kill(dead)
                self.assertEqual(UNREACHABLE, asker.try_ring(name))
                asker.leave(name)
            support.wait_until(lambda: len(os.listdir(folder)) == before, "as few descriptors are open as before")


if __name__ == "__main__":
    unittest.main(verbosity=2)
