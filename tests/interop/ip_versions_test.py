"""PREFER_IP_VERSION where a host name stands for an IPv4 and an IPv6 address: which one servers listen at and clients connect to, ours as Pyro4's.

The name is put into a /etc/hosts of the programs' own, which needs the right to make a mount namespace: skipped elsewhere, with the reason.
"""
import os
import socket
import subprocess
import sys
import tempfile
import unittest

import support

ADDRESSES = {4: "127.0.0.1", 6: "::1"}
HIDDEN = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"']

SERVERS = {"theirs": [sys.executable, "-u", os.path.join(support.HERE, "peer_mirror.py")], "ours": [support.built("tests/interop/peer_server")]}
CLIENTS = {"theirs": [sys.executable, "-c", "import sys, Pyro4; print('add:', Pyro4.Proxy(sys.argv[1]).add(1, 2))"],
           "ours": [support.built("tests/interop/peer_client")]}


class IpVersions(support.InteropTest):
    @classmethod
    def setUpClass(cls):
        hosts = tempfile.NamedTemporaryFile("w", suffix=".hosts")
        cls.addClassCleanup(hosts.close)
        hosts.write("127.0.0.1 localhost both only4\n::1 both\nfd77::1 only6\n")
        hosts.flush()
        cls.hosts = hosts.name
        probe = cls.run_hidden(["getent", "ahosts", "both"])
        if probe.returncode or b"::1" not in probe.stdout:
            raise unittest.SkipTest("no /etc/hosts of our own, or no IPv6: %s" % (probe.stderr or probe.stdout).decode())

    @classmethod
    def run_hidden(cls, command):
        return subprocess.run([HIDDEN[0], *HIDDEN[1:], cls.hosts, *command], capture_output=True)

    def started(self, command, version):
        program = support.Program([*HIDDEN, self.hosts, *command], PYRO_PREFER_IP_VERSION=str(version))
        self.addCleanup(program.kill)
        return program

    def listens_by(self, port):
        """The versions of the addresses at which somebody accepts."""
        found = set()
        for version, at in ADDRESSES.items():
            try:
                socket.create_connection((at, port), support.LIMIT).close()
                found.add(version)
            except ConnectionRefusedError:
                pass
        return found

    def test_a_server_listens_by_the_version_it_prefers(self):
        for version in (4, 6):
            for who, command in SERVERS.items():
                with self.subTest(version=version, server=who):
                    server = self.started([*command, "--host", "both"], version)
                    port = int(server.wait_for(r"PYRO:thing@both:(\d+)").group(1))
                    self.assertEqual({version}, self.listens_by(port))

    def test_a_client_connects_by_the_version_it_prefers(self):
        for version, at in ADDRESSES.items():
            server = self.started([*SERVERS["ours"], "--host", at], 4)
            port = server.wait_for(r"PYRO:thing@\S+:(\d+)").group(1)
            for preferred in (4, 6):
                for who, command in CLIENTS.items():
                    with self.subTest(listens=version, preferred=preferred, client=who):
                        words = ["PYRO:thing@both:" + port] + (["add"] if who == "ours" else [])
                        said = self.started([*command, *words], preferred)
                        self.assertEqual(version == preferred, said.finish(code=None) == "add: 3\n", said.said())

    def test_without_a_preference_whatever_the_name_stands_for_will_do(self):
        for version, at in ADDRESSES.items():
            server = self.started([*SERVERS["ours"], "--host", at], 0)
            port = server.wait_for(r"PYRO:thing@\S+:(\d+)").group(1)
            said = self.started([*CLIENTS["ours"], "PYRO:thing@both:" + port, "add"], 0)
            self.assertEqual("add: 3\n", said.finish(code=None), said.said())

    def test_a_name_without_such_an_address_is_an_error_that_says_so(self):
        for name, version in (("only4", 6), ("only6", 4)):
            with self.subTest(name=name):
                server = self.started([*SERVERS["ours"], "--host", name], version)
                self.assertNotIn("PYRO:", server.finish(code=None))
                self.assertNotEqual(0, server.process.returncode)
                self.assertIn("cannot resolve " + name, "".join(server.err))


if __name__ == "__main__":
    unittest.main(verbosity=2)
