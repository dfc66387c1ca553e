"""Options, arguments and what is typed: pyro4-nsc and engine-nsc, pyro4-ns and engine-ns side by side, the same output and the same exit codes. What is
different on purpose (docs/deviations.md) stands in tests of its own."""
import os
import re
import signal
import tempfile
import unittest

import support

TOOLS = {"pyro4-nsc": [support.sys.executable, "-m", "Pyro4.nsc"], "engine-nsc": [support.built("tools/engine-nsc")]}
SERVERS = {"pyro4-ns": [support.sys.executable, "-u", "-m", "Pyro4.naming"], "engine-ns": [support.built("tools/engine-ns")]}
HERE = {"PYRO_NS_HOST": "127.0.0.1", "PYRO_NS_PORT": "1", "PYRO_BROADCAST_ADDRS": "127.0.0.1", "PYRO_NS_BCPORT": "1"}
AT = ("-n", "127.0.0.1", "-p", "PORT")
KEYED = ("-n", "127.0.0.1", "-p", "KEYED")

QUESTIONS = [  # options and arguments, and what is typed
    *((AT + ("removematching", "x.*"), typed) for typed in ("", "n\n", "y", " Y \n", "\ty\t\n", "y y\n", "yes\n", "\n")),
    (AT + ("removematching",), ""), (AT + ("removematching", "a", "b"), "y\n"), (AT + ("removematching", ""), "y\n"),
    *(((*AT, "register", name, "PYRO:obj@host:1"), "") for name in ("", "x.1", "x.2", "n\u00e9", "x.1")), (AT + ("removematching", "x.*"), "y\n"),
    (AT + ("list",), ""), (AT + ("list", ""), ""), (AT + ("list", "n"), ""), (AT + ("list", "n", "more"), ""), (AT + ("listmatching", ""), ""),
    (AT + ("lookup", ""), ""), (AT + ("lookup", "a", "b"), ""), (AT + ("setmeta", "n\u00e9", "b", "it's", "\u00e9"), ""), (AT + ("lookup", "n\u00e9"), ""),
    (AT + ("setmeta", "n\u00e9"), ""), (AT + ("remove", ""), ""), (AT + ("remove", "a", "b"), ""), (AT + ("remove", "Pyro.NameServer"), ""),
    (AT + ("ping", "more"), ""), (AT + ("PING",), ""), (AT + ("count",), ""), (AT + ("register", "a", "b", "c"), ""),
    (AT + ("register", "-x", "PYRO:obj@host:1"), ""), (AT + ("register", "--", "-x", "PYRO:obj@host:1"), ""), (AT + ("lookup", "--", "-x"), ""),
    (AT + ("lookup", "-x"), ""), (("ping", *AT), ""), (("-n", "127.0.0.1", "ping", "-p", "PORT"), ""), (AT + ("--", "ping"), ""),
    (("--host=127.0.0.1", "--port", "PORT", "ping"), ""), (("-n", "", "-p", "PORT", "ping"), ""), (AT + ("-v", "ping"), ""), (("-v",), ""),
    (("-n",), ""), (("--nonsense", "ping"), ""), (("--bchost", "x", "ping"), ""), (("-p", "abc", "list"), ""),
    (("-n", "127.0.0.1", "-p", "70000", "list"), ""), (("-n", "127.0.0.1", "-p", "-1", "list"), ""), (("-p", "70000", "list"), ""), (("-p", "-1", "list"), ""),
    (("-n", "::1", "-p", "1", "list"), ""),
    (("-u", "SOCKET", "ping"), ""), (("-uSOCKET", "ping"), ""), (("--unixsocket=SOCKET", "-v", "ping"), ""), (("-u", "SOCKET.none", "ping"), ""),
    (("-u", "SOCKET", "-n", "127.0.0.1", "-p", "1", "ping"), ""), (KEYED + ("-k", "secret", "ping"), ""), (KEYED + ("--key", "wrong", "ping"), ""),
    (KEYED + ("ping",), ""), (AT + ("-k", "secret", "ping"), ""),
]
STARTS = [
    (("-n", "127.0.0.1", "-p", "0"), {}), (("-p", "0"), {"PYRO_HOST": "127.0.0.1"}), (("-n", "127.0.0.1"), {"PYRO_NS_PORT": "0"}),
    (("-n", "127.0.0.1", "-p", "70000"), {}), (("-n", "127.0.0.1", "-p", "-1"), {}), (("-p",), {}), (("-p", "x"), {}), (("--nonsense",), {}),
    (("-n", "0.0.0.0", "-p", "0", "--bcport", "0", "--bchost", "127.0.0.1"), {}), (("-n", "0.0.0.0", "-p", "0", "-x"), {}),
    (("-n", "0.0.0.0", "-p", "0", "--bcport", "70000"), {}), (("-u", "SOCKET"), {}), (("--unixsocket", "SOCKET", "-x"), {}),
    (("-n", "127.0.0.1", "-p", "0", "-k", "secret"), {}), (("-n", "127.0.0.1", "-p", "0", "-k", "secret"), {"PYRO_HMAC_KEY": "secret"}),
    (("-n", "127.0.0.1", "-p", "0", "-k", ""), {}), (("-n", "127.0.0.1", "-p", "0"), {"PYRO_HMAC_KEY": ""}),
    (("-n", "127.0.0.1", "-p", "0", "--nathost", "example.org"), {}), (("-n", "127.0.0.1", "-p", "0", "--natport", "5"), {}),
    (("-n", "127.0.0.1", "-p", "0"), {"PYRO_NATHOST": "example.org", "PYRO_NATPORT": "5"}), (("-n", "127.0.0.1", "-p", "0", "-s", ""), {}),
    (("-n", "127.0.0.1", "-p", "0", "-s", "sql:"), {}), (("-n", "127.0.0.1", "-p", "0", "-s", "sql::memory:"), {}),
]


class OptionsOfTheTools(support.InteropTest):
    def name_server(self, *options):
        """Its port."""
        server = self.start(support.Program([*SERVERS["engine-ns"], "-n", "127.0.0.1", "-p", "0", *options]))
        return server.wait_for(r"URI = PYRO:Pyro.NameServer@127.0.0.1:(\d+)\n").group(1)

    def ask(self, command, words, options, typed=""):
        def said(text):
            for word, meaning in words.items():
                text = text.replace(meaning, word)
            return text
        for word, meaning in words.items():
            options = [each.replace(word, meaning) for each in options]
        program = support.Program([*command, *options], **HERE)
        out = program.finish(typed, code=None)
        return program.process.returncode, said(out)

    def places(self):
        """A name server of its own, so that each tool meets the same names."""
        socket = os.path.join(self.enterContext(tempfile.TemporaryDirectory()), "names")
        return {"SOCKET": socket, "PORT": self.name_server("-u", socket), "KEYED": self.name_server("-k", "secret")}

    def test_pyro4_nsc_and_engine_nsc_do_the_same(self):
        answers = {}
        for tool, command in TOOLS.items():
            words = self.places()
            answers[tool] = [self.ask(command, words, options, typed) for options, typed in QUESTIONS]
        for question, theirs, ours in zip(QUESTIONS, *answers.values()):
            with self.subTest(question=question):
                self.assertEqual(theirs, ours)

    def begin_and_end(self, command, options, changes):
        """Exit code and output of a name server that is told to end as soon as it serves, if it gets as far."""
        with tempfile.TemporaryDirectory() as folder:
            server = support.Program([*command, *(each.replace("SOCKET", folder + "/names") for each in options)], **changes)
            self.addCleanup(server.kill)
            with server.changed:
                server.changed.wait_for(lambda: self.serves(server) or server.open == 0, support.LIMIT)
            if self.serves(server):
                where = re.search("NS running on (\\S+) ", "".join(server.out)).group(1).replace("0.0.0.0", "127.0.0.1")
                with self.proxy("PYRO:Pyro.NameServer@" + where) as names:  # answers are given in the loop that the signal is to end
                    names._pyroHmacKey = (changes.get("PYRO_HMAC_KEY") or ("secret" if "secret" in options else "")).encode() or None
                    names.ping()
                support.wait_until(lambda: self.minds_interrupts(server), "it runs")
                server.process.send_signal(signal.SIGINT)
            server.finish(code=None)
            return server.process.returncode, re.sub(r":\d{4,5}\b", ":<port>", "".join(server.out)).replace(folder, "FOLDER"), "".join(server.err)

    def serves(self, server):
        return re.search(r"^(external )?URI = PYRO:\S+\n", "".join(server.out), re.MULTILINE)

    def minds_interrupts(self, server):
        """Python minds them from its start."""
        return server.process.args[0] == support.sys.executable or server._handles_sigterm()

    def test_pyro4_ns_and_engine_ns_start_the_same(self):
        for options, changes in STARTS:
            with self.subTest(options=options, **changes):
                theirs, ours = (self.begin_and_end(command, options, changes) for command in SERVERS.values())
                self.assertEqual(theirs[:2], ours[:2])
                self.assertEqual("", ours[2] if ours[0] == 0 else "")
                self.assertNotEqual("", ours[2] if ours[0] else "a reason")

    def test_what_engine_nsc_does_otherwise_on_purpose(self):
        words = self.places()
        self.assertEqual((2, ""), self.ask(TOOLS["engine-nsc"], words, ("--ho", "127.0.0.1", "--port", "PORT", "ping")))
        self.assertEqual((0, "Error: Failed to locate the nameserver\n"), self.ask(TOOLS["engine-nsc"], words, ("-n", "[::1]", "-p", "1", "ping")))

    def test_what_engine_ns_does_otherwise_on_purpose(self):
        for options, code, complaint in ((("more",), 2, "more"), (("--ho", "127.0.0.1"), 2, "--ho"),
                                         (("--nathost", "example.org", "--natport", "70000"), 1, r"\Aport must be 0-65535\n\Z")):
            server = support.Program([*SERVERS["engine-ns"], "-n", "127.0.0.1", "-p", "0", *options])
            server.finish(code=code)
            self.assertRegex("".join(server.err), complaint)
        code, out, _ = self.begin_and_end(SERVERS["engine-ns"], ("-n", "0.0.0.0", "-p", "0", "--bcport", "0", "--bchost", "localhost"), {})
        self.assertEqual((0, "Broadcast server running on 127.0.0.1:<port>"), (code, out.partition("\n")[0]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
