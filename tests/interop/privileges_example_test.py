"""Server and client under different users, over a Unix socket: ours in both roles, and Pyro4's in both with the very rights. Needs root, to become
somebody else."""
import os
import pwd
import stat
import sys
import tempfile
import unittest

import support

if os.geteuid() != 0:
    print("skipped: only root can start programs under other users")
    sys.exit(77)

KEEPER = """
import os, pwd, sys
import Pyro4

@Pyro4.expose
class Keeper:
    def user(self):
        return pwd.getpwuid(os.geteuid()).pw_name
    def secret(self):
        try:
            return open(sys.argv[2]).readline().strip()
        except OSError:
            raise PermissionError("%s cannot be read by %s" % (sys.argv[2], self.user()))

os.umask(0o777 & ~int(sys.argv[3], 8))
with Pyro4.Daemon(unixsocket=sys.argv[1]) as daemon:
    if len(sys.argv) > 4:
        who = pwd.getpwnam(sys.argv[4])
        os.setgroups([]), os.setgid(who.pw_gid), os.setuid(who.pw_uid)
    print("uri=", daemon.register(Keeper(), "example.keeper"), flush=True)
    daemon.requestLoop()
"""
ASKING = """
import os, pwd, sys
import Pyro4

if len(sys.argv) > 2:
    who = pwd.getpwnam(sys.argv[2])
    os.setgroups([]), os.setgid(who.pw_gid), os.setuid(who.pw_uid)
try:
    with Pyro4.Proxy(sys.argv[1]) as keeper:
        print("I am %s, the server is %s" % (pwd.getpwuid(os.geteuid()).pw_name, keeper.user()))
        print("The secret:", keeper.secret())
except Pyro4.errors.CommunicationError as e:
    print("Not for me:", e)
except PermissionError as e:
    print("Not for the server: builtins.PermissionError:", e)
"""
SECRET = "nobody knows it"


class Privileges(support.InteropTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)  # others may look, only root may create
        self.socket, self.file = os.path.join(folder.name, "keeper.sock"), os.path.join(folder.name, "secret")
        with open(self.file, "w") as secret:
            os.chmod(self.file, 0o600)
            secret.write(SECRET + "\n")

    def servers(self, mode, *user):
        """One after the other on the same socket: ours, Pyro4's."""
        words = [self.socket, self.file, mode, *user]
        for program in (lambda: support.Program([support.built("examples/privileges_server"), *words]),
                        lambda: support.python("-u", "-c", KEEPER, *words)):
            if os.path.exists(self.socket):
                os.unlink(self.socket)
            server = self.start(program())
            yield server, server.uri()
            server.stop()

    def asked_by(self, uri, *user):
        """What clients of both languages print, which is the same."""
        said = {support.Program([support.built("examples/privileges_client"), uri, *user]).finish(),
                support.python("-c", ASKING, uri, *user).finish()}
        self.assertEqual(1, len(said), said)
        return said.pop()

    def test_a_server_with_rights_does_one_thing_for_those_without(self):
        for server, uri in self.servers("666"):
            self.assertEqual("I am nobody, the server is root\nThe secret: %s\n" % SECRET, self.asked_by(uri, "nobody"))
            self.assertEqual(0o666, stat.S_IMODE(os.stat(self.socket).st_mode))

    def test_a_server_that_gives_its_rights_up_has_none_for_anybody(self):
        for server, uri in self.servers("666", "nobody"):
            for thread in os.scandir("/proc/%d/task" % server.process.pid):
                self.assertEqual(pwd.getpwnam("nobody").pw_uid, thread.stat().st_uid)
            self.assertEqual("I am root, the server is nobody\nNot for the server: builtins.PermissionError: %s cannot be read by nobody\n" % self.file,
                             self.asked_by(uri))

    def test_the_rights_of_the_socket_say_who_may_connect(self):
        for server, uri in self.servers("600"):
            ours = support.Program([support.built("examples/privileges_client"), uri, "nobody"]).finish()
            theirs = support.python("-c", ASKING, uri, "nobody").finish()
            for said in ours, theirs:
                self.assertRegex(said, "^Not for me: cannot connect to .*Permission denied")
            self.assertEqual("I am root, the server is root\nThe secret: %s\n" % SECRET, self.asked_by(uri))


if __name__ == "__main__":
    unittest.main()
