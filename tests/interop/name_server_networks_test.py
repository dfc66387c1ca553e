"""Name servers found by broadcast among several hosts: network namespaces that are joined by two bridges. The hub stands in both networks, as
does a traveller; left and right know one each. Every program keeps its default ports, for each host has ports of its own.

Needs the right to make namespaces, which is root's: skipped elsewhere, with the reason.
"""
import os
import subprocess
import sys
import unittest

import support

NETWORKS = {"left": "10.77.1.", "right": "10.77.2."}
IPV6 = {"left": "fd77:1::", "right": "fd77:2::"}
HOSTS = {"hub": {"left": "1", "right": "1"}, "left": {"left": "2"}, "right": {"right": "2"}, "traveller": {"left": "3", "right": "3"},
         "islander": {"left": "4"}}
EVERYWHERE = ", ".join(network + "255" for network in NETWORKS.values())
NAMES = "engine-%d-" % os.getpid()

SERVERS = {"pyro4-ns": ([sys.executable, "-u", "-m", "Pyro4.naming"]), "engine-ns": [support.built("tools/engine-ns")]}
TOOLS = {"pyro4-nsc": [sys.executable, "-m", "Pyro4.nsc"], "engine-nsc": [support.built("tools/engine-nsc")]}

# Asks each network once from one socket and prints all that is answered, until nothing more has come for a while.
ASKER = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
for to in sys.argv[1:]:
    s.sendto(b"GET_NSURI", (to, 9091))
heard = []
s.settimeout(20)
try:
    while True:
        heard.append(s.recvfrom(1000))
        if len(heard) >= len(sys.argv) - 1:
            s.settimeout(0.5)
except socket.timeout:
    pass
print(sorted((text.decode(), at[0]) for text, at in heard))
"""


def ip(*words):
    done = subprocess.run(["ip", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise OSError("ip %s: %s" % (" ".join(words), done.stderr.strip()))


def quiet_ipv6(host, network):
    """Link-local addresses are there at once, instead of after a look whether somebody else has them."""
    subprocess.run(["ip", "netns", "exec", NAMES + host, "sysctl", "-qw", "net.ipv6.conf.%s.accept_dad=0" % network], check=True)


def make_networks():
    ip("netns", "add", NAMES + "cables")
    for network in NETWORKS:
        ip("-n", NAMES + "cables", "link", "add", network, "type", "bridge")
        ip("-n", NAMES + "cables", "link", "set", network, "up")
    for host, places in HOSTS.items():
        ip("netns", "add", NAMES + host)
        ip("-n", NAMES + host, "link", "set", "lo", "up")
        for network, number in places.items():
            at, cable = NETWORKS[network] + number, host[0] + "-" + network
            ip("-n", NAMES + host, "link", "add", network, "type", "veth", "peer", "name", cable, "netns", NAMES + "cables")
            ip("-n", NAMES + "cables", "link", "set", cable, "master", network, "up")
            ip("-n", NAMES + host, "addr", "add", at + "/24", "broadcast", NETWORKS[network] + "255", "dev", network)
            quiet_ipv6(host, network)
            if host != "islander":
                ip("-n", NAMES + host, "addr", "add", IPV6[network] + number + "/64", "dev", network, "nodad")
            ip("-n", NAMES + host, "link", "set", network, "up")
        if len(places) == 1:
            ip("-n", NAMES + host, "route", "add", "255.255.255.255", "dev", network)  # no default: name lookups are to fail at once


def forget_networks():
    for host in ["cables", *HOSTS]:
        subprocess.run(["ip", "netns", "del", NAMES + host], stderr=subprocess.DEVNULL)


def on(host, command, **changes):
    return support.Program(["ip", "netns", "exec", NAMES + host, *command], **changes)


class NameServersAmongHosts(support.InteropTest):
    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(forget_networks)
        try:
            make_networks()
        except OSError as reason:
            raise unittest.SkipTest("no network namespaces here: %s" % reason)

    def serve(self, which, host, *options):
        # The kernel takes what a killed program had in io_uring apart a little after its end.
        listening = ["ip", "netns", "exec", NAMES + host, "ss", "-Htuln"]
        support.wait_until(lambda: b":909" not in subprocess.check_output(listening), "the ports of the server before are free")
        server = on(host, SERVERS[which] + list(options))
        self.addCleanup(server.kill)
        server.wait_for(r"URI = PYRO:Pyro.NameServer@\S+\n")
        return server

    def found(self, tool, host, **changes):
        """The name server that a tool finds, which it has also called."""
        program = on(host, TOOLS[tool] + ["-v", "ping"], **changes)
        said = program.finish(code=None)
        self.assertIn("Name server ping ok.", said, program.said())
        return support.URI.search(said).group()

    def test_each_network_is_answered_with_the_address_on_it(self):
        for server in SERVERS:
            running = self.serve(server, "hub", "-n", "0.0.0.0")
            for tool in TOOLS:
                with self.subTest(server=server, tool=tool):
                    self.assertEqual("PYRO:Pyro.NameServer@10.77.1.1:9090", self.found(tool, "left"))
                    self.assertEqual("PYRO:Pyro.NameServer@10.77.2.1:9090", self.found(tool, "right"))
            running.kill()

    def test_one_answer_comes_for_each_question_from_where_it_was_asked(self):
        for server in SERVERS:
            running = self.serve(server, "hub", "-n", "0.0.0.0")
            with self.subTest(server=server):
                for host, asked in (("traveller", ["10.77.1.255", "10.77.2.255"]), ("left", ["255.255.255.255"]), ("right", ["10.77.2.1"])):
                    expected = [("PYRO:Pyro.NameServer@%s1:9090" % to, to + "1") for to in
                                sorted(NETWORKS.values() if len(asked) > 1 else [NETWORKS[host]])]
                    self.assertEqual("%s\n" % expected, on(host, [sys.executable, "-c", ASKER, *asked]).finish())
            running.kill()

    def test_all_networks_of_broadcast_addrs_are_asked(self):
        """Not the first alone: nobody answers there."""
        for server in SERVERS:
            running = self.serve(server, "right", "-n", "0.0.0.0")
            for tool in TOOLS:
                with self.subTest(server=server, tool=tool):
                    self.assertEqual("PYRO:Pyro.NameServer@10.77.2.2:9090", self.found(tool, "traveller", PYRO_BROADCAST_ADDRS=EVERYWHERE))
            running.kill()

    def test_where_nobody_answers_both_say_the_same(self):
        self.serve("engine-ns", "right", "-n", "0.0.0.0")
        said = []
        for tool in TOOLS:
            program = on("traveller", TOOLS[tool] + ["ping"], PYRO_BROADCAST_ADDRS="10.77.1.255")
            said.append((program.finish(code=None), program.process.returncode))
        self.assertEqual(said[0], said[1])
        self.assertIn("Failed to locate the nameserver", said[0][0])

    def test_a_responder_of_one_network_or_none_is_not_heard_elsewhere(self):
        for options, networks in ((("-n", "10.77.2.1", "--bchost", "10.77.2.255"), ["right"]), (("-n", "0.0.0.0", "-x"), [])):
            for server in SERVERS:
                running = self.serve(server, "hub", *options)
                for host in ("left", "right"):
                    with self.subTest(server=server, host=host, options=options):
                        program = on(host, TOOLS["engine-nsc"] + ["-v", "ping"], PYRO_BROADCAST_ADDRS=NETWORKS[host] + "255")
                        said = program.finish(code=None)
                        self.assertEqual(host in networks, "PYRO:Pyro.NameServer@10.77.2.1:9090" in said, program.said())
                running.kill()

    def test_objects_are_called_by_name_from_other_hosts(self):
        """Neither side was told an address: the server registers where a broadcast leads it, as its callers look up."""
        for server in SERVERS:
            running = self.serve(server, "hub", "-n", "0.0.0.0")
            echoes = {"python": [sys.executable, "-u", "-m", "Pyro4.test.echoserver"], "cpp": [support.built("tools/engine-echoserver")]}
            for language, command in echoes.items():
                echo = on("left", command + ["-H", "10.77.1.2", "-n"])
                self.addCleanup(echo.kill)
                echo.wait_for("echoserver running")
                for caller in ([support.built("tools/engine-call"), "PYRONAME:test.echoserver", "echo", '"hi"'],
                               [sys.executable, "-c", "import Pyro4; print('\"%s\"' % Pyro4.Proxy('PYRONAME:test.echoserver').echo('hi'))"]):
                    with self.subTest(server=server, echo=language, caller=os.path.basename(caller[0])):
                        self.assertEqual('"hi"\n', on("traveller", caller, PYRO_BROADCAST_ADDRS=EVERYWHERE).finish())
                echo.kill()
            running.kill()

    def test_by_ipv6_each_network_is_answered_with_the_address_on_it(self):
        running = self.serve("engine-ns", "hub", "-n", "::")
        running.wait_for(r"Broadcast server running on \[::\]:9091\n")
        for version in ("0", "4", "6"):
            with self.subTest(version=version):
                self.assertEqual("PYRO:Pyro.NameServer@[fd77:1::1]:9090", self.found("engine-nsc", "left", PYRO_PREFER_IP_VERSION=version))
                self.assertEqual("PYRO:Pyro.NameServer@[fd77:2::1]:9090", self.found("engine-nsc", "right", PYRO_PREFER_IP_VERSION=version))

    def test_by_ipv6_a_host_with_nothing_but_a_link_local_address_is_served_and_serves(self):
        """The islander has no other. What it dials, and what it is dialled by, is a link-local address with the caller's own interface."""
        link_local = r"^PYRO:Pyro.NameServer@\[fe80::[0-9a-f:]+%\d+\]:9090$"
        for server, client in (("hub", "islander"), ("islander", "traveller"), ("islander", "islander")):
            running = self.serve("engine-ns", server, "-n", "::")
            with self.subTest(server=server, client=client):
                self.assertRegex(self.found("engine-nsc", client, PYRO_BROADCAST_ADDRS=""), link_local if server != client else r"\[(::1|fe80::.*)\]")
            running.kill()

    def test_by_ipv6_one_network_is_enough_or_this_machine(self):
        for options, networks in ((("-n", "::", "--bchost", "fd77:2::1"), ["right"]), (("-n", "::1"), []), (("-n", "::", "-x"), [])):
            running = self.serve("engine-ns", "hub", *options)
            for host in ("left", "right"):
                with self.subTest(host=host, options=options):
                    program = on(host, TOOLS["engine-nsc"] + ["-v", "ping"], PYRO_PREFER_IP_VERSION="6")
                    said = program.finish(code=None)
                    self.assertEqual(host in networks, "Name server ping ok." in said, program.said())
            if options == ("-n", "::1"):
                self.assertEqual("PYRO:Pyro.NameServer@[::1]:9090", self.found("engine-nsc", "hub"))
            running.kill()

    def test_by_ipv6_networks_that_come_later_are_heard_too(self):
        self.serve("engine-ns", "hub", "-n", "::")
        try:
            ip("-n", NAMES + "hub", "link", "add", "late", "type", "veth", "peer", "name", "late", "netns", NAMES + "islander")
            for host, number in (("hub", "1"), ("islander", "4")):
                quiet_ipv6(host, "late")
                ip("-n", NAMES + host, "addr", "add", "fd77:3::%s/64" % number, "dev", "late", "nodad")
                ip("-n", NAMES + host, "link", "set", "late", "up")
            ip("-n", NAMES + "islander", "link", "set", "left", "down")
            self.assertEqual("PYRO:Pyro.NameServer@[fd77:3::1]:9090", self.found("engine-nsc", "islander"))
        finally:
            ip("-n", NAMES + "hub", "link", "del", "late")
            ip("-n", NAMES + "islander", "link", "set", "left", "up")

    def test_name_servers_of_either_kind_stand_beside_each_other(self):
        """Pyro4's own client and ours find the one that is served by IPv4, ours that of IPv6 where it prefers that."""
        self.serve("engine-ns", "hub", "-n", "0.0.0.0")
        self.serve("engine-ns", "right", "-n", "::")
        for tool in TOOLS:
            self.assertEqual("PYRO:Pyro.NameServer@10.77.1.1:9090", self.found(tool, "left"))
        self.assertEqual("PYRO:Pyro.NameServer@[fd77:2::2]:9090", self.found("engine-nsc", "traveller", PYRO_PREFER_IP_VERSION="6"))

    def test_objects_are_called_by_name_over_ipv6_alone(self):
        self.serve("engine-ns", "hub", "-n", "::")
        echo = on("left", [support.built("tools/engine-echoserver"), "-H", "fd77:1::2", "-n"])
        self.addCleanup(echo.kill)
        echo.wait_for("echoserver running")
        for caller in ([support.built("tools/engine-call"), "PYRONAME:test.echoserver", "echo", '"hi"'],
                       [sys.executable, "-c", "import Pyro4; print('\"%s\"' % Pyro4.Proxy('PYRONAME:test.echoserver@[fd77:1::1]').echo('hi'))"]):
            with self.subTest(caller=os.path.basename(caller[0])):
                self.assertEqual('"hi"\n', on("traveller", caller, PYRO_PREFER_IP_VERSION="6").finish())


if __name__ == "__main__":
    unittest.main(verbosity=2)
