"""engine-ns and engine-nsc beside pyro4-ns and pyro4-nsc: the same questions to both name servers, the same commands from both tools, files that
either opens, programs of either language that find each other by name, and kill -9 in the middle of a storm."""
import contextlib
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import tempfile
import threading
import time
import unittest

import Pyro4
import Pyro4.errors

import support

STARTED = r"URI = PYRO:Pyro.NameServer@(\S+)\n"


def our_names(*options, **changes):
    return support.Program([support.built("tools/engine-ns"), *(options or ("-n", "127.0.0.1", "-p", "0"))], **changes)


def their_names(*options, **changes):
    return support.python("-u", "-m", "Pyro4.naming", *(options or ("-n", "127.0.0.1", "-p", "0")), **changes)


def our_tool(*words, **changes):
    return support.Program([support.built("tools/engine-nsc"), *words], **changes)


def their_tool(*words, **changes):
    return support.python("-m", "Pyro4.nsc", *words, **changes)


BOTH_SERVERS = (their_names, our_names)
BOTH_TOOLS = (their_tool, our_tool)


class NameServer(support.InteropTest):
    def port_of(self, server):
        return int(server.wait_for(STARTED).group(1).rpartition(":")[2])

    def test_every_method_answers_as_pyros(self):
        uri = Pyro4.URI("PYRO:obj@host:1234")

        def plain(p, name, **how):
            """Without what is kept in no order."""
            found = p.list(**how)
            return sorted((n, sorted(at[1]) if how.get("return_metadata") else at) for n, at in found.items()) if name == "list" else found
        questions = [
            lambda p: p.count(), lambda p: p.ping(), lambda p: sorted(p._pyroMethods), lambda p: sorted(p._pyroOneway),
            lambda p: p.register("a.b", "PYRO:obj@host:1234"), lambda p: p.register("a.c", uri.asString(), metadata=["m2", "m1"]),
            lambda p: p.register("b.c", "PYRO:obj@host:1234", safe=True, metadata=["m1"]), lambda p: p.count(),
            lambda p: p.register("b.c", "PYRO:obj@host:1", safe=True), lambda p: p.register("b.c", uri="PYRO:obj@host:2", metadata=["m3"]),
            lambda p: str(p.lookup("a.b")), lambda p: str(p.lookup(name="b.c")), lambda p: p.lookup("nobody"), lambda p: p.lookup(),
            lambda p: plain(p, "list"), lambda p: plain(p, "list", return_metadata=True), lambda p: plain(p, "list", prefix="a."),
            lambda p: plain(p, "list", prefix="A."), lambda p: plain(p, "list", regex=r"[ab]\.c"), lambda p: plain(p, "list", regex=".c"),
            lambda p: plain(p, "list", metadata_all=["m1", "m2"]), lambda p: plain(p, "list", metadata_any=["m1", "m3"], return_metadata=True),
            lambda p: plain(p, "list", metadata_any=["m4"]), lambda p: plain(p, "list", metadata_all=[]), lambda p: plain(p, "list", prefix=""),
            lambda p: p.list(prefix="a", regex="b"), lambda p: p.list(metadata_all="m1"), lambda p: p.list(metadata_any="m1"),
            lambda p: p.set_metadata("a.b", ["x", "y"]), lambda p: p.set_metadata("nobody", []), lambda p: p.set_metadata("a.b", "x"),
            lambda p: p.set_metadata("a.c", None), lambda p: plain(p, "list", return_metadata=True),
            lambda p: p.register("x", "nonsense"), lambda p: p.register("x", 5), lambda p: p.register(5, "PYRO:obj@host:1"),
            lambda p: p.register("x", "PYRO:obj@host:1", metadata="tag"), lambda p: p.register("x"),
            lambda p: p.register("x", Pyro4.Proxy("PYRO:obj@host:1")), lambda p: p.register("x", Pyro4.Proxy("PYRONAME:obj")),
            lambda p: p.register("x", ["PYRO", "obj", None, "host", 1]), lambda p: p.register("x", None), lambda p: plain(p, "list"),
            lambda p: p.register("u", Pyro4.URI("PYRO:obj@./u:/tmp/s")), lambda p: p.register("u.name", Pyro4.URI("PYRONAME:obj@host")),
            lambda p: p.register("u.tags", Pyro4.URI("PYROMETA:m1")), lambda p: plain(p, "list", prefix="u"), lambda p: p.remove(prefix="u"),
            lambda p: p.register("x", {"a": 1}), lambda p: p.register("y", "PYRO:obj@host:1", safe=0, metadata={"m8": 1, "m9": None}),
            lambda p: p.register("y", "PYRO:obj@host:1", safe="yes"), lambda p: p.register("y", "PYRO:obj@host:1", 1),
            lambda p: str(p.lookup("y", return_metadata="")),
            lambda p: plain(p, "list", return_metadata=1), lambda p: plain(p, "list", return_metadata=None), lambda p: p.remove(5), lambda p: p.remove("y"),
            lambda p: p.remove("nobody"), lambda p: p.remove("a.b"), lambda p: p.remove(prefix="a."), lambda p: p.remove(regex=".*c$"),
            lambda p: p.remove("Pyro.NameServer"), lambda p: p.remove(prefix="Pyro"), lambda p: p.remove(), lambda p: p.count(),
        ]
        for serializer in (*support.ALL, "pickle"):
            with self.subTest(serializer=serializer):
                accepted = {"PYRO_SERIALIZERS_ACCEPTED": "serpent,json,marshal,msgpack,pickle"}
                answers = []
                for start in BOTH_SERVERS:
                    port = self.port_of(self.start(start("-n", "127.0.0.1", "-p", "0", **accepted)))
                    p = self.proxy("PYRO:Pyro.NameServer@127.0.0.1:%d" % port, serializer)
                    answers.append([re.sub(r"127\.0\.0\.1:\d+", "…", support.outcome(lambda: question(p))) for question in questions])
                for number, (theirs, ours) in enumerate(zip(*answers)):
                    self.assertEqual(theirs, ours, "question %d" % number)

    def test_uri_objects_and_sets_are_registered_and_looked_up(self):
        port = self.port_of(self.start(our_names()))
        with Pyro4.locateNS("127.0.0.1", port) as names:
            names.register("a", Pyro4.URI("PYRO:obj@./u:/tmp/s"), metadata={"m1", "m2"})
            self.assertEqual(names.lookup("a", return_metadata=True), names.lookup("a", [0]))
            uri, tags = names.lookup("a", return_metadata=1)
            self.assertEqual((Pyro4.URI("PYRO:obj@./u:/tmp/s"), ["m1", "m2"]), (uri, sorted(tags)))
            with self.assertRaisesRegex(Pyro4.errors.NamingError, r"invalid regex: "):
                names.list(regex="((")

    def test_the_tools_print_the_same_whichever_server_they_ask(self):
        commands = [("ping",), ("list",), ("register", "x.y", "PYRO:obj@host:1"), ("register", "x.y", "PYRO:obj@host:1"), ("register", "x"),
                    ("setmeta", "x.y", "tag"), ("lookup", "x.y"), ("list",), ("list", "x"), ("list", "no"), ("listmatching", ".*y"), ("listmatching",),
                    ("listmeta_all", "tag"), ("listmeta_any", "tag"), ("listmeta_any",), ("setmeta", "x.y"), ("setmeta",), ("lookup", "x.y"),
                    ("lookup",), ("lookup", "nope"), ("setmeta", "nope", "t"), ("register", "bad", "nonsense"), ("-v", "ping"), ("remove", "x.y"),
                    ("remove", "x.y"), ("remove",), ("register", "x.z", "PYRO:obj@host:1"), ("removematching", "x.*"), ("count",), ()]
        seen = []
        for start in BOTH_SERVERS:
            port = self.port_of(self.start(start()))
            for tool in BOTH_TOOLS:
                said = []
                for command in commands:
                    program = tool("-n", "127.0.0.1", "-p", str(port), *command)
                    out = program.finish("y\n" if "removematching" in command else "", code=None)
                    said.append((command, program.process.returncode, re.sub(r":%d\b" % port, ":<port>", out)))
                seen.append(said)
        for others in seen[1:]:
            self.assertEqual(seen[0], others)

    def test_nobody_there_is_said_in_the_same_words(self):
        self.assertEqual(*["%s %d" % (program.finish(code=None), program.process.returncode)
                           for program in (tool("-n", "127.0.0.1", "-p", "1", "list") for tool in BOTH_TOOLS)])

    def test_the_servers_print_the_same(self):
        for options, changes in ((("-n", "127.0.0.1", "-p", "0"), {}), (("-n", "localhost", "-p", "0", "-x"), {}),
                                 (("-n", "127.0.0.1", "-p", "0", "--nathost", "example.org", "--natport", "4321"), {}),
                                 (("-n", "127.0.0.1", "-p", "0"), {"PYRO_HMAC_KEY": "secret"}), (("-n", "0.0.0.0", "-p", "0", "--bcport", "0"), {})):
            printed = []
            for start in BOTH_SERVERS:
                server = start(*options, **changes)
                port = server.wait_for(r"NS running on \S+?:(\d+) ").group(1)
                with self.proxy("PYRO:Pyro.NameServer@127.0.0.1:" + port) as p:  # answers are given in the loop that the signal is to end
                    p._pyroHmacKey = changes.get("PYRO_HMAC_KEY", "").encode() or None
                    p.ping()
                if start == our_names:
                    support.wait_until(server._handles_sigterm, "it runs")
                server.process.send_signal(signal.SIGINT)
                server.finish(code=None)
                printed.append(re.sub(r":\d+\b(?!\d)", ":<port>", "".join(server.out).replace(":4321", ":four")))
            with self.subTest(options=options):
                self.assertEqual(printed[0], printed[1])

    def refused(self, code, complaint, *options, **changes):
        """Does not start, with that code, and says why on stderr."""
        server = our_names(*options, **changes)
        server.finish(code=code)
        self.assertRegex("".join(server.err), complaint)

    def test_bad_options_end_it_with_a_line_on_stderr(self):
        taken = self.port_of(self.start(our_names()))
        self.refused(1, "invalid storage type 'paper'", "-s", "paper")
        self.refused(1, "dbm storage is not supported", "-s", "dbm:x")
        self.refused(1, "Address already in use", "-n", "127.0.0.1", "-p", str(taken))
        self.refused(2, "nonsense", "--nonsense")
        self.refused(2, "port", "-p", "abc")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hearing:
            hearing.bind(("0.0.0.0", 0))
            self.refused(1, "broadcast port %d.*Address already in use" % hearing.getsockname()[1],
                         "-n", "0.0.0.0", "-p", "0", "--bcport", str(hearing.getsockname()[1]))

    def test_bad_files_end_it_with_a_line_on_stderr(self):
        with tempfile.TemporaryDirectory() as folder:
            self.refused(1, "unable to open database file", "-s", "sql:" + folder + "/nowhere/x")
            file = os.path.join(folder, "names.db")
            with open(file, "w") as text:
                text.write("x" * 5000)
            self.refused(1, "file is not a database", "-s", "sql:" + file)
            os.unlink(file)
            with contextlib.closing(sqlite3.connect(file)) as db:
                db.execute("CREATE TABLE pyro_names(id integer PRIMARY KEY, name nvarchar NOT NULL UNIQUE, uri nvarchar NOT NULL)")
                db.executemany("INSERT INTO pyro_names(name, uri) VALUES(?,?)", [("name%d" % n, "PYRO:obj@host:1") for n in range(5000)])
                db.commit()
            with open(file, "rb") as whole:
                sound = whole.read()
            for damaged in (sound[:len(sound) // 2], sound[:8192] + b"\xa5" * 16384 + sound[24576:]):
                with open(file, "wb") as out:
                    out.write(damaged)
                self.refused(1, "malformed|disk I/O error|not a database", "-n", "127.0.0.1", "-p", "0", "-s", "sql:" + file)
            with open(file, "wb") as out:
                out.write(sound)
            with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
                other.execute("BEGIN EXCLUSIVE")
                self.refused(1, "database is locked", "-n", "127.0.0.1", "-p", "0", "-s", "sql:" + file)

    def test_programs_of_both_languages_find_each_other_by_name(self):
        for start in BOTH_SERVERS:
            port = str(self.port_of(self.start(start())))
            names = {"PYRO_NS_HOST": "127.0.0.1", "PYRO_NS_PORT": port}
            server = self.start(support.Program([support.built("tools/engine-echoserver"), "-n"], **names))
            server.wait_for("echoserver running")
            Pyro4.config.NS_HOST, Pyro4.config.NS_PORT = "127.0.0.1", int(port)
            with Pyro4.Proxy("PYRONAME:test.echoserver") as p:
                self.assertEqual("hello", p.echo("hello"))
            call = support.Program([support.built("tools/engine-call"), "PYRONAME:test.echoserver", "echo", '"hi"'], **names)
            self.assertEqual('"hi"\n', call.finish())
            with Pyro4.locateNS("127.0.0.1", int(port)) as ns:
                ns.set_metadata("test.echoserver", ["echo"])
            call = support.Program([support.built("tools/engine-call"), "PYROMETA:echo", "echo", "5"], **names)
            self.assertEqual("5\n", call.finish())

    def test_broadcasts_find_it(self):
        server = self.start(our_names("-n", "0.0.0.0", "-p", "0", "--bcport", "0"))
        port = int(server.wait_for(r"Broadcast server running on 0\.0\.0\.0:(\d+)\n").group(1))
        Pyro4.config.NS_HOST, Pyro4.config.NS_PORT, Pyro4.config.BROADCAST_ADDRS = "127.0.0.1", 1, "127.0.0.1"
        Pyro4.config.NS_BCPORT = port
        with Pyro4.locateNS() as names:
            self.assertEqual("127.0.0.1", names._pyroUri.host)
            self.assertEqual(1, names.count())
        theirs = self.start(their_names("-n", "0.0.0.0", "-p", "0", "--bcport", "0"))
        port = theirs.wait_for(r"Broadcast server running on 0\.0\.0\.0:(\d+)\n").group(1)
        said = our_tool("ping", PYRO_NS_HOST="127.0.0.1", PYRO_NS_PORT="1", PYRO_BROADCAST_ADDRS="127.0.0.1", PYRO_NS_BCPORT=port).finish()
        self.assertEqual("Name server ping ok.\n", said)

    def test_lookups_keep_a_connection_to_ours_and_none_to_pyros(self):
        """Each would cost pyro4-ns one of its few threads."""
        def connections(port):
            with open("/proc/net/tcp") as table:
                return sum(line.split()[1].endswith(":%04X" % port) and line.split()[3] == "01" for line in table)
        for start, kept in ((their_names, 0), (our_names, 1)):
            port = self.port_of(self.start(start()))
            client = support.Program([support.built("tests/interop/lookups"), "Pyro.NameServer@127.0.0.1:%d" % port, "50"])
            client.wait_for("found PYRO:Pyro.NameServer@127.0.0.1:%d" % port)
            support.wait_until(lambda: connections(port) == kept, "%d connections" % kept)
            client.finish()

    def test_a_sql_file_is_opened_by_either_program(self):
        with tempfile.TemporaryDirectory() as folder:
            storage = "sql:" + os.path.join(folder, "names.db")
            expected = {}
            for turn, start in enumerate((their_names, our_names, their_names, our_names)):
                server = start("-n", "127.0.0.1", "-p", "0", "-s", storage)
                with Pyro4.locateNS("127.0.0.1", self.port_of(server)) as names:
                    kept = {name: (uri, sorted(tags)) for name, (uri, tags) in names.list(prefix="n", return_metadata=True).items()}
                    self.assertEqual(expected, kept)
                    names.register("n%d" % turn, "PYRO:obj@host:%d" % (turn + 1), metadata=["m%d" % turn, "all"])
                    expected["n%d" % turn] = ("PYRO:obj@host:%d" % (turn + 1), sorted(["m%d" % turn, "all"]))
                    if turn:
                        names.remove("n%d" % (turn - 1))
                        del expected["n%d" % (turn - 1)]
                server.process.send_signal(signal.SIGINT)
                server.finish(code=None)

    def test_a_file_that_somebody_else_is_writing_is_said_and_nothing_is_lost(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "names.db")
            server = self.start(our_names("-n", "127.0.0.1", "-p", "0", "-s", "sql:" + file))
            with Pyro4.locateNS("127.0.0.1", self.port_of(server)) as names:
                names.register("first", "PYRO:obj@host:1")
                with sqlite3.connect(file, isolation_level=None) as other:
                    other.execute("BEGIN IMMEDIATE")
                    with self.assertRaisesRegex(Pyro4.errors.NamingError, "database is locked"):
                        names.register("second", "PYRO:obj@host:2")
                    self.assertEqual("host", names.lookup("first").host)
                    with self.assertRaises(Pyro4.errors.NamingError):
                        names.lookup("second")
                    other.execute("ROLLBACK")
                names.register("second", "PYRO:obj@host:2")
            server.stop()
            with sqlite3.connect(file) as db:
                self.assertEqual([("Pyro.NameServer",), ("first",), ("second",)], db.execute("SELECT name FROM pyro_names ORDER BY name").fetchall())

    def test_a_second_one_on_the_same_file_ends_with_a_line_on_stderr_until_the_first_is_killed(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(os.path.realpath(folder), "names.db")
            options = ("-n", "127.0.0.1", "-p", "0", "-s", "sql:" + file)
            first = our_names(*options)
            with Pyro4.locateNS("127.0.0.1", self.port_of(first)) as names:
                self.refused(1, r"\A%s is used by another name server\n\Z" % re.escape(file), *options)
                names.register("x", "PYRO:obj@host:1")
                with contextlib.closing(sqlite3.connect(file)) as db:
                    self.assertEqual([("PYRO:obj@host:1",)], db.execute("SELECT uri FROM pyro_names WHERE name='x'").fetchall())
            first.kill()
            second = self.start(our_names(*options))
            with Pyro4.locateNS("127.0.0.1", self.port_of(second)) as names:
                self.assertEqual("PYRO:obj@host:1", names.lookup("x").asString())
            self.refused(1, "is used by another name server", *options)
            embedded = support.Program([support.built("tests/interop/embedded_names"), "threads", "sql:" + file])
            embedded.finish(code=None)
            self.assertNotEqual(0, embedded.process.returncode)
            self.assertIn("is used by another name server", "".join(embedded.err))

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs to become somebody who may not write")
    def test_a_file_that_cannot_be_written_ends_it_with_a_line_on_stderr(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "names.db")
            self.start(our_names("-n", "127.0.0.1", "-p", "0", "-s", "sql:" + file)).stop()
            os.chmod(file, 0o444)
            os.chmod(folder, 0o555)
            server = support.Program(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", support.built("tools/engine-ns"),
                                      "-n", "127.0.0.1", "-p", "0", "-s", "sql:" + file])
            server.finish(code=None)
            if "Permission denied" in "".join(server.err):
                self.skipTest("the programs are where nobody else may read")
            self.assertEqual(1, server.process.returncode)
            self.assertRegex("".join(server.err), "readonly database|unable to open database file")

    def test_no_acknowledged_change_is_lost_by_kill_9(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "names.db")
            known = {}
            for turn in range(4):
                server = our_names("-n", "127.0.0.1", "-p", "0", "-s", "sql:" + file)
                port = self.port_of(server)
                acknowledged = [dict() for _ in range(4)]

                def storm(mine, number):
                    try:
                        with Pyro4.Proxy("PYRO:Pyro.NameServer@127.0.0.1:%d" % port) as names:
                            for count in range(100000):
                                name, uri = "%d.%d.%d" % (turn, number, count), "PYRO:obj@host:%d" % random.randint(1, 60000)
                                names.register(name, uri, metadata=["tag"])
                                mine[name] = uri, "tag"
                                if count % 3 == 0:
                                    del mine[name]  # until it is acknowledged, either may be found
                                    names.set_metadata(name, ["other"])
                                    mine[name] = uri, "other"
                                elif count % 3 == 1:
                                    del mine[name]
                                    names.remove(name)
                                    mine[name] = None
                    except Pyro4.errors.CommunicationError:
                        pass
                storms = [threading.Thread(target=storm, args=pair) for pair in zip(acknowledged, range(4))]
                for each in storms:
                    each.start()
                support.wait_until(lambda: sum(map(len, acknowledged)) > 200, "some are registered")
                server.process.kill()
                for each in storms:
                    each.join()
                server.kill()
                for mine in acknowledged:
                    known.update(mine)
                with sqlite3.connect(file) as db:
                    self.assertEqual([("ok",)], db.execute("PRAGMA integrity_check").fetchall())
                    self.assertEqual([("wal",)], db.execute("PRAGMA journal_mode").fetchall())
                    kept = {name: (uri, tag) for name, uri, tag in
                            db.execute("SELECT name, uri, metadata FROM pyro_names LEFT JOIN pyro_metadata ON object = pyro_names.id")}
                self.assertEqual({}, {name: (at, kept.get(name)) for name, at in known.items() if kept.get(name) != at})
            server = self.start(our_names("-n", "127.0.0.1", "-p", "0", "-s", "sql:" + file))
            with Pyro4.locateNS("127.0.0.1", self.port_of(server)) as names:
                self.assertEqual(len(kept), names.count())

    def test_a_hasty_autoclean_is_refused(self):
        server = our_names(PYRO_NS_AUTOCLEAN="2")
        server.finish(code=1)
        self.assertIn("NS_AUTOCLEAN cannot be smaller than 3", "".join(server.err))

    def test_autoclean_forgets_who_has_gone_and_nobody_else(self):
        with socket.socket() as here:
            here.bind(("127.0.0.1", 0))
            here.listen()
            port = self.port_of(self.start(our_names("-n", "127.0.0.1", "-p", "0", PYRO_NS_AUTOCLEAN="3", PYRO_COMMTIMEOUT="1")))
            with Pyro4.locateNS("127.0.0.1", port) as names:
                with socket.socket() as gone:
                    gone.bind(("127.0.0.1", 0))
                    names.register("gone", "PYRO:obj@127.0.0.1:%d" % gone.getsockname()[1])
                names.register("here", "PYRO:obj@127.0.0.1:%d" % here.getsockname()[1])
                end = time.monotonic() + 60
                while "gone" in names.list() and time.monotonic() < end:
                    time.sleep(0.5)
                self.assertEqual(["Pyro.NameServer", "here"], sorted(names.list()))

    def test_the_stress_example_runs_without_errors(self):
        port = str(self.port_of(self.start(our_names())))
        stress = support.python("-u", os.path.join(support.EXAMPLES, "nameserverstress", "stress.py"), PYRO_NS_HOST="127.0.0.1", PYRO_NS_PORT=port)
        self.addCleanup(stress.kill)
        stress.wait_for(r"\d ", 2000)  # as many requests
        stress.process.send_signal(signal.SIGINT)
        stress.wait_for("Break-- waiting for threads to stop.")
        stress.finish(code=None)
        self.assertNotIn("Traceback", stress.said())


if __name__ == "__main__":
    unittest.main(verbosity=2)
