"""Names whose objects come late, die, and come back elsewhere: proxies of either language wait for them and find them again, with either program's
name server and object server."""
import itertools
import socket
import unittest

import Pyro4
import Pyro4.errors

import support

NAME_SERVERS = {"pyro4-ns": [support.sys.executable, "-u", "-m", "Pyro4.naming"], "engine-ns": [support.built("tools/engine-ns")]}
OBJECT_SERVERS = {"Pyro4": [support.sys.executable, "-u", "-m", "Pyro4.test.echoserver", "-n"], "engine": [support.built("tools/engine-echoserver"), "-n"]}
NAME = "PYRONAME:test.echoserver"
# Nobody is there any more, or the kernel still takes the killed server's sockets apart.
LOST = ("error: Pyro4.errors.CommunicationError", "error: Pyro4.errors.ConnectionClosedError")


class OurCaller:
    def __init__(self, test, **changes):
        self.program = support.Program([support.built("tests/interop/named_caller"), NAME], **changes)
        test.addCleanup(self.program.finish)
        self.calls = 0

    def say(self, text):
        self.program.type(text + "\n")
        self.calls += 1
        return self.program.wait_for(r"(?:answer|error): .*\n", self.calls).group().strip()


class PyrosCaller:
    def __init__(self, test, PYRO_NS_HOST, PYRO_NS_PORT):
        Pyro4.config.NS_HOST, Pyro4.config.NS_PORT = PYRO_NS_HOST, int(PYRO_NS_PORT)
        self.proxy = test.proxy(NAME)

    def say(self, text):
        try:
            return "answer: " + self.proxy.echo(text)
        except Pyro4.errors.PyroError as error:
            return "error: %s.%s" % (type(error).__module__, type(error).__name__)


class NamesThatMove(support.InteropTest):
    def name_server(self, which, port="0"):
        server = self.start(support.Program([*NAME_SERVERS[which], "-n", "127.0.0.1", "-p", port, "-x"]))
        return {"PYRO_NS_HOST": "127.0.0.1", "PYRO_NS_PORT": server.wait_for(r"URI = PYRO:Pyro.NameServer@127.0.0.1:(\d+)\n").group(1)}

    def object_server(self, which, names, but_at=None):
        """Where it is besides, when it has registered."""
        while True:
            server = support.Program(OBJECT_SERVERS[which], **names)
            self.addCleanup(server.kill)
            server.wait_for("echoserver running")
            with Pyro4.locateNS("127.0.0.1", int(names["PYRO_NS_PORT"])) as known:
                at = known.lookup("test.echoserver").location
            if at != but_at:
                return server, at
            server.kill()

    def test_an_object_is_found_again_after_its_server_died_and_came_back_at_another_port(self):
        for name_server, object_server, caller in itertools.product(NAME_SERVERS, OBJECT_SERVERS, (PyrosCaller, OurCaller)):
            with self.subTest(name_server=name_server, object_server=object_server, caller=caller.__name__):
                names = self.name_server(name_server)
                first, at = self.object_server(object_server, names)
                client = caller(self, **names)
                self.assertEqual("answer: one", client.say("one"))
                first.kill()
                self.assertIn(client.say("two"), LOST)
                self.assertIn(client.say("three"), LOST)
                self.object_server(object_server, names, but_at=at)
                self.assertEqual("answer: four", client.say("four"))

    def connections(self, port):
        with open("/proc/net/tcp") as table:
            return sum(line.split()[1].endswith(":%04X" % port) and line.split()[3] == "01" for line in table)

    def test_ns_lookup_delay_waits_for_a_name_server_and_for_a_name(self):
        """NS_LOOKUP_DELAY is a setting of Pyro5 and ours. Nobody listens at first, then a name server that does not know the name, then it does."""
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            port = nobody.getsockname()[1]
            here = {"PYRO_NS_HOST": "127.0.0.1", "PYRO_NS_PORT": str(port), "PYRO_BROADCAST_ADDRS": "127.0.0.1", "PYRO_NS_BCPORT": "1"}
            call = support.Program([support.built("tools/engine-call"), NAME, "echo", "here"], **here, PYRO_NS_LOOKUP_DELAY="600")
            self.addCleanup(call.kill)
            nobody.accept()[0].close()
        self.name_server("engine-ns", str(port))
        support.wait_until(lambda: self.connections(port) == 1, "the name is asked for")
        self.assertEqual("", "".join(call.out + call.err))
        self.object_server("engine", here)
        self.assertEqual('"here"\n', call.finish())

    def test_without_a_delay_nothing_is_waited_for(self):
        names = self.name_server("engine-ns")
        call = support.Program([support.built("tools/engine-call"), NAME, "echo", "here"], **names)
        call.finish(code=1)
        self.assertEqual("Error: unknown name: test.echoserver\n", "".join(call.err))


if __name__ == "__main__":
    unittest.main(verbosity=2)
