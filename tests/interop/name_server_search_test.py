"""Where programs look for a name server, step by step: pyro4-nsc and engine-nsc knock at the same ears, which write down who knocks and let nobody in."""
import os
import random
import selectors
import socket
import subprocess
import tempfile
import threading
import unittest

import Pyro4

import support

TOOLS = {"pyro4-nsc": [support.sys.executable, "-m", "Pyro4.nsc"], "engine-nsc": [support.built("tools/engine-nsc")]}
NOBODY = "Error: Failed to locate the nameserver\n"


class Ears:
    """TCP ports at two addresses of this machine, and a UDP port. What comes is written down in its order; connections are closed at once."""

    def __init__(self, answer=None):
        self.heard, self.answer = [], answer
        self.sockets = selectors.DefaultSelector()
        self.end, self.ended = socket.socketpair()
        self.sockets.register(self.ended, selectors.EVENT_READ, None)
        self.port = self.add_pair(("127.0.0.1", socket.SOCK_STREAM, "127.0.0.1 port"), ("127.0.1.1", socket.SOCK_STREAM, "127.0.1.1 port"))
        self.other_port = self.add_pair(("127.0.0.1", socket.SOCK_STREAM, "127.0.0.1 other port"),
                                        ("127.0.0.1", socket.SOCK_DGRAM, "question at the other port"))
        self.bc_port = self.add(self.open("127.0.0.1", socket.SOCK_DGRAM, 0), "question")
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    @staticmethod
    def open(host, kind, port):
        # Not one that the kernel gives away: callers of a killed server knock at its port for a while, whoever has it by then.
        while True:
            ear = socket.socket(socket.AF_INET, kind)
            try:
                ear.bind((host, port or random.randrange(20000, 32000)))
                break
            except OSError:
                ear.close()
                if port:
                    raise
        if kind == socket.SOCK_STREAM:
            ear.listen()
        return ear

    def add_pair(self, first, second):
        """Two at the same port, which somebody else may have at one of the places."""
        while True:
            one = self.open(*first[:2], 0)
            try:
                self.add(self.open(*second[:2], one.getsockname()[1]), second[2])
            except OSError:
                one.close()
                continue
            return self.add(one, first[2])

    def add(self, ear, name):
        self.sockets.register(ear, selectors.EVENT_READ, name)
        return ear.getsockname()[1]

    def run(self):
        while True:
            for ready, _ in self.sockets.select():
                ear = ready.fileobj
                if ready.data is None:
                    return
                if ear.type == socket.SOCK_STREAM:
                    ear.accept()[0].close()
                    self.heard.append(ready.data)
                    continue
                text, asker = ear.recvfrom(100)
                self.heard.append(ready.data if text == b"GET_NSURI" else repr(text))
                if self.answer:
                    ear.sendto(self.answer.encode(), asker)

    def close(self):
        self.end.close()
        self.thread.join()
        for ear in list(self.sockets.get_map().values()):
            ear.fileobj.close()
        self.sockets.close()


class WhereNameServersAreLookedFor(support.InteropTest):
    def search(self, *options, answer=None, before=(), **changes):
        """What the ears of each tool heard, and what it printed: both are to be the same. "PORT" and "OTHER" stand for the ears' ports."""
        running = {}
        for tool, command in TOOLS.items():
            ears = Ears(answer)
            self.addCleanup(ears.close)
            here = {"PYRO_NS_HOST": "127.0.0.1", "PYRO_NS_PORT": "PORT", "PYRO_NS_BCPORT": str(ears.bc_port), "PYRO_BROADCAST_ADDRS": "127.0.0.1"} | changes
            words = {"PORT": str(ears.port), "OTHER": str(ears.other_port)}
            here = {name: words.get(text, text) for name, text in here.items()}
            program = support.Program([*before, *command, *(words.get(each, each) for each in options), "ping"], **here)
            running[tool] = (program, ears)
        came = {tool: (ears.heard, program.finish()) for tool, (program, ears) in running.items()}
        self.assertEqual(came["pyro4-nsc"], came["engine-nsc"])
        return came["engine-nsc"]

    def named_second_loopback(self):
        """What runs a program where 127.0.1.1 has a name or has none, as Debian's hosts file has it."""
        folder = self.enterContext(tempfile.TemporaryDirectory())
        hosts = {}
        for name, line in (("with", "127.0.1.1 engine-test\n"), ("without", "")):
            with open(os.path.join(folder, name), "w") as file:
                file.write("127.0.0.1 localhost\n" + line)
            hosts[name] = ["unshare", "--mount", "sh", "-c", 'mount --bind %s /etc/hosts && exec "$@"' % file.name, "sh"]
        if subprocess.run([*hosts["with"], "true"], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("no right to a hosts file of one's own")
        return hosts["with"], hosts["without"]

    def test_on_this_machine_then_by_broadcast_then_where_it_is_configured(self):
        named, unnamed = self.named_second_loopback()
        asked = ["question"] * 3
        self.assertEqual((["127.0.0.1 port", *asked, "127.0.0.1 port"], NOBODY), self.search(before=unnamed))
        self.assertEqual((["127.0.0.1 port", "127.0.1.1 port", *asked, "127.0.0.1 port"], NOBODY), self.search(before=named))
        self.assertEqual((["127.0.1.1 port", *asked, "127.0.1.1 port"], NOBODY), self.search(before=named, PYRO_NS_HOST="127.0.1.1"))

    def test_another_machine_only_after_nobody_has_answered(self):
        """0.0.0.0 is none of the names of this machine, and leads to it all the same."""
        self.assertEqual((["question"] * 3 + ["127.0.0.1 port"], NOBODY), self.search(PYRO_NS_HOST="0.0.0.0"))

    def test_a_port_without_a_host_is_that_of_this_machine_and_of_the_question(self):
        heard, said = self.search("-p", "OTHER", PYRO_NS_HOST="127.0.0.1")
        self.assertEqual((["127.0.0.1 other port", *["question at the other port"] * 3, "127.0.0.1 port"], NOBODY), (without_second(heard), said))

    def test_a_host_alone_is_asked_and_nobody_else(self):
        self.assertEqual((["127.0.0.1 port"], NOBODY), self.search("-n", "127.0.0.1"))
        self.assertEqual((["127.0.0.1 other port"], NOBODY), self.search("-n", "127.0.0.1", "-p", "OTHER"))

    def test_nobody_is_asked_by_broadcast_where_one_is_on_this_machine(self):
        server = self.start(support.Program([support.built("tools/engine-ns"), "-n", "127.0.0.1", "-p", "0"]))
        port = server.wait_for(r"URI = PYRO:Pyro.NameServer@127.0.0.1:(\d+)\n").group(1)
        self.assertEqual(([], "Name server ping ok.\n"), self.search(PYRO_NS_PORT=port))

    def test_the_one_at_the_second_loopback_is_found_where_the_address_has_a_name(self):
        named, unnamed = self.named_second_loopback()
        server = self.start(support.Program([support.built("tools/engine-ns"), "-n", "127.0.1.1", "-p", "0"]))
        port = server.wait_for(r"URI = PYRO:Pyro.NameServer@127.0.1.1:(\d+)\n").group(1)
        self.assertEqual(([], "Name server ping ok.\n"), self.search(before=named, PYRO_NS_PORT=port))
        self.assertEqual((["question"] * 3, NOBODY), self.search(before=unnamed, PYRO_NS_PORT=port))

    def test_the_one_that_answers_is_asked(self):
        server = self.start(support.Program([support.built("tools/engine-ns"), "-n", "127.0.0.1", "-p", "0"]))
        uri = server.wait_for(r"URI = (PYRO:Pyro.NameServer@127.0.0.1:\d+)\n").group(1)
        heard, said = self.search(answer=uri)
        self.assertEqual((["127.0.0.1 port", "question"], "Name server ping ok.\n"), (without_second(heard), said))

    def test_behind_a_router_broadcasts_are_answered_with_the_address_on_this_side(self):
        for start in ([support.sys.executable, "-u", "-m", "Pyro4.naming"], [support.built("tools/engine-ns")]):
            server = self.start(support.Program([*start, "-n", "0.0.0.0", "-p", "0", "--bcport", "0", "--nathost", "example.org", "--natport", "4321"]))
            bc_port = int(server.wait_for(r"Broadcast server running on 0\.0\.0\.0:(\d+)\n").group(1))
            port = server.wait_for(r"internal URI = PYRO:Pyro.NameServer@0\.0\.0\.0:(\d+)\n").group(1)
            server.wait_for(r"external URI = PYRO:Pyro.NameServer@example.org:4321\n")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
                asker.settimeout(support.LIMIT)
                asker.sendto(b"GET_NSURI", ("127.0.0.1", bc_port))
                self.assertEqual(b"PYRO:Pyro.NameServer@127.0.0.1:" + port.encode(), asker.recv(100))
            with Pyro4.locateNS("127.0.0.1", int(port)) as names:
                self.assertEqual("PYRO:Pyro.NameServer@example.org:4321", names.lookup("Pyro.NameServer").asString())


def without_second(heard):
    """Whether 127.0.1.1 has a name here is the machine's affair."""
    return [each for each in heard if not each.startswith("127.0.1.1")]


if __name__ == "__main__":
    unittest.main(verbosity=2)
