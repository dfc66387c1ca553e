"""engine-ns --replica-of, as real processes and seen by unmodified Pyro4 programs: both name servers are asked and changed, and the first is killed."""
import os
import tempfile
import unittest

import Pyro4
import Pyro4.errors

import support
from name_server_test import STARTED, our_names, their_tool
from name_watch_test import items_of


class Replicas(support.InteropTest):
    def first(self, *options, **changes):
        """A name server, and where it is. It may be killed."""
        server = our_names("-n", "127.0.0.1", *options, **changes)
        self.addCleanup(server.kill)
        return server, server.wait_for(STARTED).group(1)

    def replica_of(self, location, **changes):
        server = self.start(our_names("-n", "127.0.0.1", "-p", "0", "--replica-of", location, **changes))
        return server, server.wait_for(STARTED).group(1)

    def names_at(self, location, key=None):
        names = self.proxy("PYRO:Pyro.NameServer@" + location)
        names._pyroHmacKey = key
        return names

    def listed(self, names):
        return {name: (uri, sorted(tags)) for name, (uri, tags) in names.list(prefix="a.", return_metadata=True).items()}

    def test_pyros_programs_look_up_register_and_watch_at_a_replica(self):
        _, at = self.first("-p", "0")
        second, there = self.replica_of(at)
        second.wait_for("Replica of %s\n" % at)
        here, copy = self.names_at(at), self.names_at(there)
        items = items_of(there, "a.")
        self.assertEqual("current", items.get(timeout=support.LIMIT)["what"])
        copy.register("a.1", "PYRO:x@h:1", metadata=["t"])
        self.assertEqual("PYRO:x@h:1", str(copy.lookup("a.1")))
        self.assertEqual({"a.1": ("PYRO:x@h:1", ["t"])}, self.listed(here))
        with self.assertRaisesRegex(Pyro4.errors.NamingError, "^name already registered: a.1$"):
            copy.register("a.1", "PYRO:x@h:2", safe=True)
        copy.set_metadata("a.1", ["u"])
        self.assertEqual({"a.1": ("PYRO:x@h:1", ["u"])}, self.listed(copy))
        here.register("a.2", "PYRO:x@h:2")
        self.assertEqual([("registered", "a.1"), ("tagged", "a.1"), ("registered", "a.2")],
                         [(each["what"], each["name"]) for each in (items.get(timeout=support.LIMIT) for _ in range(3))])
        self.assertEqual(2, copy.remove(prefix="a."))
        self.assertEqual(0, copy.remove(prefix="a."))
        self.assertEqual({}, self.listed(here))
        self.assertEqual("PYRO:Pyro.NameServer@" + there, str(copy.lookup("Pyro.NameServer")))

    def test_the_tool_of_pyro_lists_and_registers_at_a_replica(self):
        _, at = self.first("-p", "0")
        _, there = self.replica_of(at)
        where = ("-n", "127.0.0.1", "-p", there.rpartition(":")[2])
        self.assertEqual("Registered a.1\n", their_tool(*where, "register", "a.1", "PYRO:x@h:1").finish())
        self.assertEqual("Metadata updated\n", their_tool(*where, "setmeta", "a.1", "t").finish())
        expected = "--------START LIST - prefix 'a.'\na.1 --> PYRO:x@h:1\n    metadata: ['t']\n--------END LIST - prefix 'a.'\n"
        self.assertEqual(expected, their_tool(*where, "list", "a.").finish())
        self.assertEqual(expected, their_tool("-n", "127.0.0.1", "-p", at.rpartition(":")[2], "list", "a.").finish())

    def test_lookups_go_on_after_kill_9_and_what_was_missed_is_caught_up_with(self):
        with tempfile.TemporaryDirectory() as folder:
            storage = ("-s", "sql:" + os.path.join(folder, "names.db"))
            first, at = self.first("-p", "0", *storage)
            second, there = self.replica_of(at)
            copy = self.names_at(there)
            for i in range(20):
                copy.register("a.%d" % i, "PYRO:x@h:%d" % (i + 1))
            first.kill()
            second.wait_for(r"Replica of %s: it cannot be reached \(.*\)\. Names are answered from the copy, and changes refused\.\n" % at, of=second.err)
            self.assertEqual("PYRO:x@h:20", str(copy.lookup("a.19")))
            self.assertEqual(20, len(self.listed(copy)))
            refused = "^changes are refused: the name server at %s, which this one is a replica of, cannot be reached" % at
            for change in (lambda: copy.register("a.new", "PYRO:x@h:1"), lambda: copy.remove("a.1"), lambda: copy.set_metadata("a.1", ["t"])):
                with self.assertRaisesRegex(Pyro4.errors.NamingError, refused):
                    change()
            first, _ = self.first("-p", at.rpartition(":")[2], *storage)
            second.wait_for(r"Replica of %s: it can be reached again, and the names are up to date\.\n" % at, of=second.err)
            self.assertEqual(20, len(self.listed(copy)))
            copy.register("a.new", "PYRO:x@h:1")
            self.assertEqual("PYRO:x@h:1", str(copy.lookup("a.new")))
            first.kill()
            second.wait_for("it cannot be reached", 2, of=second.err)
            for file in os.listdir(folder):
                os.remove(os.path.join(folder, file))
            _, _ = self.first("-p", at.rpartition(":")[2], *storage)
            second.wait_for("it can be reached again", 2, of=second.err)
            self.assertEqual({}, self.listed(copy))
            self.assertEqual(2, "".join(second.err).count("cannot be reached"))

    def test_keys_and_unix_sockets_are_for_both(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ns")
            _, at = self.first("-p", "0", "-u", path, PYRO_HMAC_KEY="secret")
            _, there = self.replica_of("./u:" + path, PYRO_HMAC_KEY="secret")
            self.names_at(there, b"secret").register("a.1", "PYRO:x@h:1")
            self.assertEqual({"a.1": ("PYRO:x@h:1", [])}, self.listed(self.names_at(at, b"secret")))

    def test_what_makes_no_sense_is_refused(self):
        for options, complaint in ((("-s", "sql:x.db", "--replica-of", "127.0.0.1:1"), "^a replica keeps its names in memory: it has no storage of its own\n$"),
                                   (("--replica-of", "host:port"), "^invalid address of a name server to follow: 'host:port'\n$"),
                                   (("--replica-of", "::1"), "^invalid address of a name server to follow: '::1'\n$")):
            with self.subTest(options=options):
                server = our_names("-n", "127.0.0.1", "-p", "0", *options)
                server.finish(code=1)
                self.assertRegex("".join(server.err), complaint)
        self.assertFalse(os.path.exists("x.db"), "no file is made for what is refused")

    def test_one_that_has_never_reached_its_name_server_says_so(self):
        second, there = self.replica_of("127.0.0.1:1")
        second.wait_for(r"Replica of 127.0.0.1:1: it cannot be reached \(.*\)\. There is no copy of its names yet\.\n", of=second.err)
        with self.assertRaisesRegex(Pyro4.errors.NamingError, "^this replica has no copy yet of the names of 127.0.0.1:1$"):
            self.names_at(there).lookup("a.1")

    def test_pyros_name_server_is_not_followed(self):
        theirs = self.start(support.python("-u", "-m", "Pyro4.naming", "-n", "127.0.0.1", "-p", "0"))
        second, _ = self.replica_of(theirs.wait_for(STARTED).group(1))
        second.wait_for(r"it cannot be reached \(.*unknown object.*\)", of=second.err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
