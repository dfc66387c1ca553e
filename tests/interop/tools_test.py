"""engine-echoserver beside Pyro4's own test echo server, and engine-call as a user of the shell sees it."""
import json
import os
import re
import tempfile
import unittest

import Pyro4.errors

import support


# Streams of more than text, and one that breaks off.
STREAMS = """
import Pyro4
@Pyro4.expose
class Streams:
    def numbers(self):
        yield 1
        yield [2, 3]
    def broken(self):
        yield 1
        raise ValueError("no more")
Pyro4.Daemon.serveSimple({Streams: "streams"}, ns=False)
"""


def echo_server(*options, **changes):
    return support.Program([support.built("tools/engine-echoserver"), *options], **changes)


def python_echo_server(*options, **changes):
    return support.python("-u", "-m", "Pyro4.test.echoserver", *options, **changes)


class EchoServer(support.InteropTest):
    def both(self, *options, **changes):
        return [self.start(start(*options, **changes)) for start in (python_echo_server, echo_server)]

    def printed(self, server):
        """What was printed, without what differs from one start to the next."""
        text = re.sub(r"localhost:\d+", "<address>", "".join(server.out))
        return re.sub(r"(?m)^\w{3} \w{3} [ \d]\d [\d:]{8} \d{4} - ", "<time> - ", text)

    def serves(self, path):
        """Whether the object can be had already: the socket is there, and listens, somewhat earlier."""
        try:
            with self.proxy("PYRO:test.echoserver@./u:" + path) as p:
                p._pyroBind()
        except Pyro4.errors.CommunicationError:
            return False
        return True

    def test_the_help_offers_the_same_options(self):
        theirs, ours = [set(re.findall(r"(?<!\w)--?\w+", start("--help").finish())) for start in (python_echo_server, echo_server)]
        self.assertEqual(set(), theirs - ours)
        self.assertEqual(set(), ours - theirs)

    def test_the_start_and_the_verbose_log_read_the_same(self):
        for options in ((), ("-v",), ("-q",), ("-q", "-v")):
            printed = []
            for start in (python_echo_server, echo_server):
                # Quiet ones do not tell their address, so that one is theirs to choose.
                with tempfile.TemporaryDirectory() as folder:
                    path = os.path.join(folder, "s")
                    server = self.start(start("-u", path, *options))
                    support.wait_until(lambda: self.serves(path) or server.process.poll() is not None, "the object is there")
                    with self.proxy("PYRO:test.echoserver@./u:" + path) as p:
                        said = [p.echo({"a": [1, "h\xe9'"]}), support.outcome(p.error), support.outcome(p.error_with_text), p.nan() != p.nan(),
                                p.inf(), p.__dunder__(), p.oneway_echo("x"), list(p.generator()), p.verbose, sorted(p._pyroMethods)]
                        p.echo("the oneway call has been served")
                        p.shutdown()
                    server.finish()
                    printed.append((said, self.printed(server).replace(folder, "<folder>")))
            with self.subTest(options=options):
                self.assertEqual(printed[0], printed[1])

    def test_the_object_is_the_same_for_its_callers(self):
        seen = []
        for server in self.both():
            with self.proxy(server.uri()) as p:
                p._pyroBind()
                p.verbose = "anything true"
                said = [sorted(p._pyroMethods), sorted(p._pyroOneway), sorted(p._pyroAttrs), p.verbose]
                p.verbose = []
                said += [p.verbose, support.outcome(lambda: p._pyroInvoke("_private", (), {})), support.outcome(lambda: p.echo()),
                         support.outcome(lambda: p.echo(message=1)), support.outcome(lambda: p.echo(1, 2))]
                seen.append(said)
        self.assertEqual(seen[0], seen[1])

    def test_a_key_is_asked_for_by_option_or_environment_but_not_by_both(self):
        for server in self.both("-k", "secr3t") + self.both(PYRO_HMAC_KEY="secr3t"):
            with self.proxy(server.uri()) as p:
                p._pyroHmacKey = b"secr3t"
                self.assertEqual(1, p.echo(1))
            self.assertNotIn("Warning: HMAC key not set", "".join(server.out))
        for start in (python_echo_server, echo_server):
            server = start("-k", "secr3t", PYRO_HMAC_KEY="secr3t")
            server.finish(code=1)
            self.assertIn("error: don't use -k and PYRO_HMAC_KEY at the same time", "".join(server.err))

    def test_it_brings_a_name_server_along(self):
        printed = []
        for start in (python_echo_server, echo_server):
            names = {"PYRO_NS_PORT": "0"}  # any free one
            server = self.start(start("-N", "-v", **names))
            names["PYRO_NS_PORT"] = server.wait_for(r"using name server at \S+:(\d+)\n").group(1)
            server.wait_for("echoserver running.\n")
            printed.append(self.printed(server))
            uri = server.wait_for(r"echo uri: (\S+)").group(1)
            self.assertEqual(uri, support.python("-m", "Pyro4.nsc", "lookup", "test.echoserver", **names).finish().split()[0])
            with self.proxy(uri) as p:
                p.shutdown()
            server.finish()
        self.assertEqual(printed[0], printed[1])

    def test_the_configuration_is_printed_under_pyros_names(self):
        changed = {"PYRO_COMMTIMEOUT": "2.5", "PYRO_NS_PORT": "1234", "PYRO_SERIALIZER": "json", "PYRO_LOGLEVEL": "DEBUG"}
        theirs = support.python("-m", "Pyro4.configuration", **changed).finish()
        ours = support.Program([support.built("tools/engine-check-config")], **changed).finish()
        heading = "Currently active configuration settings:\n"
        mine, others = [dict(line.split(" = ") for line in text[text.index(heading) + len(heading):].splitlines()) for text in (ours, theirs)]
        self.assertEqual(sorted(mine), list(mine))
        same = {"COMMTIMEOUT": "2.5", "NS_PORT": "1234", "SERIALIZER": "json", "LOGLEVEL": "DEBUG", "LOGFILE": "None", "AUTOPROXY": "True"}
        for name, value in same.items():
            self.assertEqual((value, value), (mine[name], others[name]), name)
        refused = support.Program([support.built("tools/engine-check-config")], PYRO_NS_PORT="x")
        refused.finish(code=1)
        self.assertIn("PYRO_NS_PORT=x is not a number in range", "".join(refused.err))

    def test_it_registers_with_pyros_name_server(self):
        names_server, names = support.name_server()
        self.start(names_server)
        printed = []
        for start in (python_echo_server, echo_server):
            server = self.start(start("-n", "-v", **names))
            server.wait_for("echoserver running.\n")
            printed.append(self.printed(server))
            uri = server.wait_for(r"echo uri: (\S+)").group(1)
            self.assertEqual(uri, support.python("-m", "Pyro4.nsc", "lookup", "test.echoserver", **names).finish().split()[0])
            with self.proxy(uri) as p:
                p.shutdown()
            server.finish()
        self.assertEqual(printed[0], printed[1])


class Call(support.InteropTest):
    def setUp(self):
        super().setUp()
        self.uri = self.start(support.mirror_server()).uri()
        self.ours = self.start(support.peer_server()).uri()

    def call(self, *words, code=0, **changes):
        self.program = support.Program([support.built("tools/engine-call"), *words], **changes)
        self.addCleanup(self.program.kill)
        return self.program.finish(code=code)

    def test_methods_are_called_with_python_literals_text_and_keywords(self):
        for uri in (self.uri, self.ours):
            for serializer in support.BOTH:
                self.assertEqual(3, json.loads(self.call("-s", serializer, uri, "add", "1", "2")))
                self.assertEqual("x/B/z", json.loads(self.call("-s", serializer, uri, "join", "x", "c=z")))
                self.assertEqual([1, "two", {"a": [None, 2.5, True]}], json.loads(self.call(uri, "echo", "[1, 'two', {'a': [None, 2.5, True]}]")))
                self.assertEqual(["f", ["1"], {}], json.loads(self.call("-x", uri, "collect", "f", "1")))
                self.assertEqual(-3, json.loads(self.call(uri, "add", "--", "-1", "-2")))
                self.assertEqual(1, json.loads(self.call(uri, "add", "-1", "b=2")))
                self.assertIsNone(json.loads(self.call(uri, "nothing")))

    def test_attributes_are_read_and_assigned(self):
        for uri in (self.uri, self.ours):
            self.assertEqual("5\n", self.call("-a", uri, "level"))
            self.assertEqual("", self.call("-a", uri, "level", "7"))
            self.assertEqual("7\n", self.call("-a", uri, "level"))
            self.call("-a", uri, "colour_name", "blue")
            self.assertEqual('"blue"\n', self.call("-a", uri, "colour_name"))

    def test_without_a_method_the_members_are_listed(self):
        for uri in (self.uri, self.ours):
            listed = json.loads(self.call(uri))
            self.assertEqual(["note"], listed["oneway"])
            self.assertEqual(["colour_name", "fixed", "level"], listed["attributes"])
            self.assertLessEqual({"add", "echo", "__len__", "note"}, set(listed["methods"]))

    def test_the_items_of_a_stream_come_one_on_each_line(self):
        for start in (python_echo_server, echo_server):
            uri = self.start(start()).uri()
            self.assertEqual(['"%s"' % word for word in self.items_of(uri)], self.call(uri, "generator").splitlines())

    def items_of(self, uri):
        with self.proxy(uri) as p:
            return list(p.generator())

    def test_a_stream_that_breaks_off_ends_with_its_error(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "streams.py")
            with open(path, "w") as program:
                program.write(STREAMS)
            uri = self.start(support.python(path)).uri()
            self.assertEqual("1\n[2, 3]\n", self.call(uri, "numbers"))
            self.assertEqual("1\n", self.call(uri, "broken", code=1))
            self.assertEqual("Error: builtins.ValueError - no more\n", "".join(self.program.err))

    def test_a_call_is_measured_by_repeating_it(self):
        for uri in (self.uri, self.ours):
            said = self.call("-b", "0.05", uri, "add", "1", "b=2")
            self.assertRegex(said, r"^\d+ calls, \d+ calls/s, microseconds: half [\d.]+, 99% [\d.]+, most [\d.]+\n$")
        self.assertEqual("", self.call("-b", "0.05", self.uri, "fail", "KeyError", code=1))
        self.assertIn("builtins.KeyError", "".join(self.program.err))

    def test_errors_go_to_stderr_and_end_with_1(self):
        for words, said in (
                ((self.uri, "fail", "ZeroDivisionError"), "Error: builtins.ZeroDivisionError - division by zero\n"),
                ((self.uri, "nope"), "Error: builtins.AttributeError - remote object '%s' has no exposed attribute or method 'nope'\n" % self.uri),
                ((self.uri, "fail", "NamingError"), "Error: unknown name: x\n"),
                (("PYRO:nonsense", "x"), "Error: invalid uri\n"),
                (("-s", "nosuch", self.uri, "add"), "Error: serializer 'nosuch' is unknown or not available\n"),
                (("-t", "0.3", self.uri, "nap", "2"), None), ((self.uri.replace("thing@", "nobody@"), "x"), None)):
            with self.subTest(words=words):
                self.assertEqual("", self.call(*words, code=1))
                error = "".join(self.program.err)
                self.assertEqual(said, error) if said else self.assertRegex(error, r"^Error: .*(imed? ?out|rejected: unknown object)")
        self.call("-T", self.uri, "fail", "KeyError", code=1)
        self.assertIn(" +--- This exception occured remotely (Pyro) - Remote traceback:\n | Traceback", "".join(self.program.err))

    def test_a_wrong_command_line_is_explained(self):
        for words in ((), ("--nosuch", self.uri)):
            program = support.Program([support.built("tools/engine-call"), *words])
            program.finish(code=None)
            self.assertEqual(program.process.returncode, 2)
            self.assertIn("--help", "".join(program.err))


if __name__ == "__main__":
    unittest.main(verbosity=2)
