"""What only engine-ns offers, to an unmodified Pyro4 program: names that are watched, and names with a lease."""
import os
import queue
import signal
import tempfile
import threading
import unittest

import Pyro4
import Pyro4.errors

import support
from name_server_test import STARTED, our_names


def items_of(location, *arguments, **keywords):
    """The items, as they come, and in the end the error."""
    said = queue.Queue()

    def read():
        try:
            with Pyro4.Proxy("PYRO:Engine.NameServer@" + location) as names:
                for item in names.watch(*arguments, **keywords):
                    said.put(item)
            said.put("the end")
        except Exception as e:
            said.put("%s: %s" % (type(e).__name__, e))
    threading.Thread(target=read, daemon=True).start()
    return said


def threads_of(program):
    with open("/proc/%d/status" % program.process.pid) as status:
        return next(line for line in status if line.startswith("Threads:"))


class Watching(support.InteropTest):
    def setUp(self):
        super().setUp()
        self.server = self.start(our_names(PYRO_SERIALIZERS_ACCEPTED=",".join(support.ALL)))
        self.at = self.server.wait_for(STARTED).group(1)
        self.names = self.proxy("PYRO:Pyro.NameServer@" + self.at)

    def next_of(self, items):
        return items.get(timeout=support.LIMIT)

    def change(self, what, name, uri="", tags=(), revision=0):
        return {"what": what, "name": name, "uri": uri, "metadata": list(tags), "revision": revision}

    def test_a_program_is_told_what_stands_and_every_change(self):
        self.names.register("a.1", "PYRO:obj@host:1", metadata=["t2", "t1"])
        for serializer in support.ALL:
            with self.subTest(serializer=serializer), self.proxy("PYRO:Engine.NameServer@" + self.at, serializer) as watched:
                r = watched.revision()
                items = iter(watched.watch("a."))
                self.assertEqual(self.change("listed", "a.1", "PYRO:obj@host:1", ["t1", "t2"], r), next(items))
                self.assertEqual(self.change("current", "", revision=r), next(items))
                self.names.register("a.2", "PYRO:obj@host:2")
                self.names.set_metadata("a.2", ["x"])
                self.names.register("b", "PYRO:obj@host:2")
                self.names.remove("a.2")
                self.assertEqual(self.change("registered", "a.2", "PYRO:obj@host:2", revision=r + 1), next(items))
                self.assertEqual(self.change("tagged", "a.2", "PYRO:obj@host:2", ["x"], r + 2), next(items))
                self.assertEqual(self.change("removed", "a.2", revision=r + 4), next(items))
                items.close()

    def test_nothing_changed_is_an_item_as_well(self):
        items = items_of(self.at, quiet=0.05, prefix="a")
        said = [self.next_of(items) for _ in range(3)]
        self.assertEqual(["current", "quiet", "quiet"], [item["what"] for item in said])
        with Pyro4.Proxy("PYRO:Engine.NameServer@" + self.at) as names:
            with self.assertRaisesRegex(ValueError, "^quiet must be 0.01 to 3600 seconds$"):
                names.watch("", 0)

    def test_watchers_hold_no_thread_and_up_nobody(self):
        before = threads_of(self.server)
        watchers = [items_of(self.at, "a", 3600) for _ in range(50)]
        for each in watchers:
            self.assertEqual("current", self.next_of(each)["what"])
        self.names.register("a", "PYRO:obj@host:1")
        for each in watchers:
            self.assertEqual("a", self.next_of(each)["name"])
        self.assertEqual(before, threads_of(self.server))
        self.assertEqual("PYRO:obj@host:1", str(self.names.lookup("a")))

    def test_a_server_that_is_stopped_ends_at_once_and_says_so(self):
        items = items_of(self.at, "", 3600)
        while self.next_of(items)["what"] != "current":
            pass
        support.wait_until(self.server._handles_sigterm, "it runs")
        self.server.process.send_signal(signal.SIGTERM)
        self.assertRegex(self.next_of(items), "^NamingError: the name server has ended$|^ConnectionClosedError: ")  # its next request came too late
        self.server.finish(code=0)

    def test_pyros_name_server_knows_no_such_object(self):
        theirs = self.start(support.python("-u", "-m", "Pyro4.naming", "-n", "127.0.0.1", "-p", "0"))
        at = theirs.wait_for(STARTED).group(1)
        self.assertRegex(self.next_of(items_of(at)), "unknown object")


class Leases(support.InteropTest):
    def test_a_program_leases_a_name_and_renews_it(self):
        server = self.start(our_names(PYRO_SERIALIZERS_ACCEPTED=",".join(support.ALL)))
        at = server.wait_for(STARTED).group(1)
        items = items_of(at, "a")
        self.assertEqual("current", items.get(timeout=support.LIMIT)["what"])
        for serializer in support.ALL:
            with self.subTest(serializer=serializer), self.proxy("PYRO:Engine.NameServer@" + at, serializer) as leases:
                leases.register("a.long", "PYRO:x@h:1", 1000, metadata=["t"])
                with self.assertRaisesRegex(Pyro4.errors.NamingError, "^name already registered: a.long$"):
                    leases.register("a.long", "PYRO:x@h:1", lease=1000, safe=True)
                self.assertEqual({}, leases.renew({"a.long": "PYRO:x@h:1"}))
                self.assertEqual({"a.long": "PYRO:x@h:1", "nobody": None}, leases.renew({"a.long": "PYRO:y@h:1", "nobody": "PYRO:x@h:1"}))
                leases.lease("a.long", 0.1)
                self.assertEqual(["registered", "removed"], [items.get(timeout=support.LIMIT)["what"] for _ in range(2)])
                with self.assertRaisesRegex(ValueError, "^a lease must be 0.1 to 31536000 seconds$"):
                    leases.register("a.long", "PYRO:x@h:1", 0)

    def test_leases_survive_kill_9_and_begin_anew(self):
        with tempfile.TemporaryDirectory() as folder:
            options = ("-n", "127.0.0.1", "-p", "0", "-s", "sql:" + os.path.join(folder, "names.db"))
            server = our_names(*options)
            self.addCleanup(server.kill)
            at = server.wait_for(STARTED).group(1)
            with self.proxy("PYRO:Engine.NameServer@" + at) as leases:
                leases.register("a.leased", "PYRO:x@h:1", 1)
            with self.proxy("PYRO:Pyro.NameServer@" + at) as names:
                names.register("a.plain", "PYRO:x@h:2")
            server.kill()
            again = self.start(our_names(*options))
            items = items_of(again.wait_for(STARTED).group(1), "a.")
            said = [(each["what"], each["name"]) for each in (items.get(timeout=support.LIMIT) for _ in range(4))]
            self.assertEqual([("listed", "a.leased"), ("listed", "a.plain"), ("current", ""), ("removed", "a.leased")], said)
            again.stop()
            pyros = self.start(support.python("-u", "-m", "Pyro4.naming", *options))
            with self.proxy("PYRO:Pyro.NameServer@" + pyros.wait_for(STARTED).group(1)) as names:
                self.assertEqual({"a.plain": "PYRO:x@h:2"}, names.list(prefix="a."))


if __name__ == "__main__":
    unittest.main(verbosity=2)
