"""Pyro4's example of event loops: a name server, its responder to broadcasts and a daemon in one loop, combined or the program's own. Each
client, Pyro's unmodified and ours, meets each server, and finds its object by the name server's address and by broadcast."""
import contextlib
import os

import Pyro4.socketutil
import support
from example_support import ExampleTest, main_together

ANY_PORTS = {"PYRO_NS_PORT": "0", "PYRO_NS_BCPORT": "0"}
TABLE = "5*11=55\n'x'*10=xxxxxxxxxx\n"
LOOP = "".join("2*i=%d\n'@'*i=%s\n" % (2 * i, "@" * i) for i in range(1, 20))
DIALOGUE = TABLE + "press enter to do a loop of some more calls:" + LOOP


def outer_address():
    """What Pyro's servers listen on: with none they refuse to start, as no broadcast goes to 127.0.0.1."""
    try:
        return Pyro4.socketutil.getIpAddress(None, workaround127=True)
    except OSError:
        return "127.0.0.1"


def udp_port(program):
    """Of the one UDP socket it has: Pyro's servers do not print it."""
    folder = "/proc/%d/fd/" % program.process.pid
    sockets = set()
    for descriptor in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            sockets.add(os.readlink(folder + descriptor))
    with open("/proc/net/udp") as table:
        ports = [int(line.split()[1].split(":")[1], 16) for line in table if "socket:[%s]" % line.split()[9] in sockets]
    if len(ports) != 1:
        raise AssertionError("UDP ports %r\n%s" % (ports, program.said()))
    return ports[0]


class EventLoops(ExampleTest):
    def check_both_clients(self, server):
        """Once it serves. Python's client and ours print the same whichever way they find it."""
        host, port = server.wait_for(r"uri=PYRO:Pyro.NameServer@(\S+):(\d+)").groups()
        server.wait_for("Waiting for requests")
        by_address = {"PYRO_NS_HOST": host.replace("0.0.0.0", "127.0.0.1"), "PYRO_NS_PORT": port}
        by_broadcast = {"PYRO_NS_HOST": "127.0.0.1", "PYRO_NS_PORT": "1", "PYRO_BROADCAST_ADDRS": "127.0.0.1", "PYRO_NS_BCPORT": str(udp_port(server))}
        for way in by_address, by_broadcast:
            with self.subTest(way=way):
                self.assertEqual(DIALOGUE, self.python_client("eventloop", "\n", **way)[0])
                self.assertEqual(DIALOGUE, self.our_client("eventloop", typed="\n", **way))

    def test_a_loop_of_the_programs_own_serves_a_name_server_broadcasts_and_a_daemon(self):
        server = self.our_program("eventloop_server", **ANY_PORTS)
        self.check_both_clients(server)
        server.wait_for("The name server or its responder received something")
        server.wait_for("The daemon received something")
        server.type("hello\n")
        server.wait_for("You typed: hello")
        self.assertTrue(server.finish("quit\n").endswith("done\n"))

    def test_the_three_are_served_by_one_run_where_they_are_combined(self):
        server = self.start(support.Program([support.built("examples/eventloop_multiplexed")], **ANY_PORTS))
        self.check_both_clients(server)
        server.stop()
        self.assertTrue("".join(server.out).endswith("done\n"))

    def test_both_clients_are_served_by_pyros_combined_loops(self):
        self.check_pyros("server_multiplexed.py")

    def test_both_clients_are_served_by_the_loop_that_pyros_program_has_of_its_own(self):
        server = self.check_pyros("server_threads.py")
        for part in "Broadcast server", "Nameserver", "Daemon":
            server.wait_for(part + " received a request")

    def check_pyros(self, name):
        if outer_address().startswith("127."):
            self.skipTest("Pyro's servers need an address beside 127.0.0.1")
        server = self.python_program("eventloop/" + name, **ANY_PORTS)
        self.check_both_clients(server)
        return server


if __name__ == "__main__":
    main_together()
