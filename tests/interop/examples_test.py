"""Pyro4's own example clients, unmodified, talk to our example servers, and our example clients to Pyro4's own servers, unmodified:
each must print what it prints with its own counterpart."""
import re
import unittest

import example_support
import support

OUR_ADDRESS = re.compile(r"localhost:\d+|obj_[0-9a-f]{32}")


def plain(text):
    return OUR_ADDRESS.sub("<address>", text)


class Examples(example_support.ExampleTest):
    def test_pyros_nonameserver_client_prints_the_same_with_our_server(self):
        server = self.our_server("nonameserver")
        for count in (1, 2):
            said, _ = self.python_client("nonameserver", server.uri(count) + "\n")
            quote = "It is not the fall that kills you; it is the sudden stop.\n"
            self.assertEqual("Enter the URI of the quote object: Getting some quotes...\n%s\n%s\n" % (quote, quote), said)
        theirs = self.python_server("nonameserver")
        theirs.uri(2)
        self.assertEqual(plain("".join(theirs.out)).strip(), plain("".join(server.out)).strip())

    def test_our_nonameserver_client_prints_the_same_with_pyros_server(self):
        theirs = self.python_server("nonameserver")
        said = self.our_client("nonameserver", theirs.uri(2))
        there, _ = self.python_client("nonameserver", theirs.uri(2) + "\n")
        self.assertEqual(there.partition("object: ")[2], said)

    def test_pyros_attributes_client_prints_the_same_with_our_server(self):
        with_ours, _ = self.python_client("attributes", self.our_server("attributes").uri() + "\n")
        with_theirs, _ = self.python_client("attributes", self.python_server("attributes").uri() + "\n")
        self.assertIn("ok, got expected error (local only): 'dict' object has no attribute 'foobar'", with_ours)
        self.assertEqual(plain(with_theirs), plain(with_ours))

    def test_our_attributes_client_prints_the_same_with_pyros_server(self):
        with_theirs = self.our_client("attributes", self.python_server("attributes").uri())
        with_ours = self.our_client("attributes", self.our_server("attributes").uri())
        self.assertIn("p.prop_value= 542\n", with_theirs)
        self.assertEqual(4, with_theirs.count("ok, got expected error: remote object"))
        self.assertEqual(plain(with_theirs), plain(with_ours))

    def test_pyros_exceptions_client_prints_the_same_with_our_server(self):
        names_server, names = support.name_server()
        self.start(names_server)
        support.register(names, "example.exceptions", self.our_server("exceptions").uri())
        with_ours, client = self.python_client("exceptions", code=1, **names)
        self.assertIn("Remote traceback:", "".join(client.err))
        theirs = self.python_server("exceptions", **names)  # takes the name over
        theirs.wait_for("running|Pyro daemon")
        with_theirs, _ = self.python_client("exceptions", code=1, **names)
        self.assertEqual(self.without_frames(with_theirs), self.without_frames(with_ours))

    def without_frames(self, text):
        """The frames of a traceback are each program's own, and Python has a text of its own for the division of floats."""
        text = text.replace("float division by zero", "division by zero")
        text = re.sub(r"(?m)^( \| )?  .*\n", "", text)
        return re.sub(r"(?m)^ \|     .*\n", "", text)

    def test_our_exceptions_client_prints_the_same_with_pyros_server(self):
        names_server, names = support.name_server()
        self.start(names_server)
        theirs = self.python_server("exceptions", **names)
        uri = theirs.wait_for(r"PYRO:\S+@\S+:\d+").group()
        with_theirs = self.our_client("exceptions", uri)
        with_ours = self.our_client("exceptions", self.our_server("exceptions").uri())
        self.assertIn("CAUGHT ERROR  >>> unsupported operand type(s) for //: 'str' and 'int'", with_theirs)
        self.assertEqual(self.without_frames(with_theirs), self.without_frames(with_ours))

    def echo_server(self, *options):
        return self.start(support.Program([support.built("tools/engine-echoserver"), *options]))

    def python_echo_server(self):
        return self.start(support.python("-u", "-m", "Pyro4.test.echoserver"))

    def test_pyros_echoserver_client_prints_the_same_with_our_server(self):
        ours = self.echo_server()
        with_ours, _ = self.python_client("echoserver", ours.uri() + "\n")
        ours.finish()  # the client told it to shut down
        with_theirs, _ = self.python_client("echoserver", self.python_echo_server().uri() + "\n")
        self.assertEqual(self.without_frames(with_theirs), self.without_frames(with_ours))
        self.assertEqual(with_ours.count("got element from remote iterator:"), 3)

    def test_our_echoserver_client_prints_the_same_with_pyros_server(self):
        ours, theirs = self.echo_server(), self.python_echo_server()
        with_theirs, with_ours = self.our_client("echoserver", theirs.uri()), self.our_client("echoserver", ours.uri())
        ours.finish()
        theirs.finish()
        self.assertEqual(self.without_frames(with_theirs), self.without_frames(with_ours))

    def test_pyros_maxsize_client_prints_the_same_with_our_echo_server(self):
        with_ours, _ = self.python_client("maxsize", self.echo_server().uri() + "\n")
        with_theirs, _ = self.python_client("maxsize", self.python_echo_server().uri() + "\n")
        self.assertRegex(with_ours, r"success.\n[^!]*\nEXCEPTION \(expected\): max message size exceeded \(\d+ where max=2500\)\n$")
        self.assertEqual(with_theirs, with_ours)

    def test_pyros_benchmark_client_runs_with_our_server(self):
        said, _ = self.python_client("benchmark", self.our_server("benchmark").uri() + "\n")
        self.assertEqual(12, len(re.findall(r"(?m)^call #\d+, 1000 times... \d+\.\d+$", said)))
        self.assertRegex(said, r"total method calls: 12000\n.*\(serializer: marshal\)\n$")

    def test_pyros_timezones_client_runs_with_our_server(self):
        server = self.our_server("timezones", TZ="<+0530>-5:30")
        said, client = self.python_client("timezones", server.uri() + "\n")
        parts = dict(re.findall(r"(?s)\*{7} (pickle|serpent|json|marshal) \*{7}\n(.*?)(?=\n\*{7} [a-z]+ \*{7}\n|$)", said))
        for title in "FIRST", "SECOND", "THIRD":
            self.assertIn(title, parts["pickle"])
        self.assertEqual(4, parts["pickle"].count("UTC+05:30 (<class 'datetime.timezone'>)"), parts["pickle"])
        self.assertIn("+05:30\n", "".join(server.out))
        # With Pyro's own server, too, the others end where a moment is wanted and a text comes, or none can be sent.
        self.assertEqual(2, "".join(client.err).count("AttributeError: 'str' object has no attribute 'tzinfo'"), "".join(client.err))
        self.assertIn("don't know how to serialize class <class 'datetime.datetime'> using serializer MarshalSerializer", "".join(client.err))

    def test_pyros_ser_custom_client_prints_the_same_with_our_server(self):
        ours = self.our_server("ser_custom")
        with_ours, _ = self.python_client("ser_custom", ours.uri() + "\n")
        with_theirs, _ = self.python_client("ser_custom", self.python_server("ser_custom").uri() + "\n")
        without_ids = [re.sub(r"@0x[0-9a-f]+", "@id", said) for said in (with_theirs, with_ours)]
        self.assertEqual(*without_ids)
        self.assertIn("type of response object: <class 'mycustomclasses.OtherThingy'>", with_ours)
        self.assertIn("method called, arg= <Thingy number=42>\n\nothermethod called, arg= <OtherThingy number=42>\n", "".join(ours.out))

    def test_our_ser_custom_client_exchanges_objects_with_pyros_server(self):
        ours, theirs = self.our_server("ser_custom"), self.python_server("ser_custom")
        with_ours, with_theirs = self.our_client("ser_custom", ours.uri()), self.our_client("ser_custom", theirs.uri())
        self.assertEqual("\nTransferring thingy...\nresponse: <Thingy number=999>\n"
                         "\nTransferring otherthingy...\nresponse: <OtherThingy number=999>\n", with_theirs)
        self.assertEqual(with_theirs, with_ours)
        theirs.wait_for(r"othermethod called, arg= <OtherThingy @0x[0-9a-f]+, number=42>\n")
        heard = "".join(theirs.out)
        # The server's hooks are told as by a Python client, and make objects of its own classes.
        for line in (r"(?m)^method called, arg= <Thingy @0x[0-9a-f]+, number=42>$",
                     r"(?m)^\{deserializer hook, converting to class: \{'__class__': 'waheeee-custom-thingy', 'number-attribute': 42\}\}$",
                     r"(?m)^\{deserializer hook, converting to class: \{'number': 42, '__class__': 'mycustomclasses.OtherThingy'\}\}$"):
            self.assertRegex(heard, line)

    def test_a_class_of_somebody_elses_library_is_exposed_as_it_is_and_by_an_adapter(self):
        weird = "couldn't call weird() due to serialization error of the result value! (is ok)"
        hidden = "couldn't call private(), it doesn't seem to be exposed! (is ok)"
        for ours, theirs, for_python, for_us in (("server", "server", [weird, "boo"], ["awesome, in a class of its own", "boo"]),
                                                 ("adapter", "server2", ["weird awesome", hidden], ["weird awesome", hidden])):
            program = self.our_program("thirdpartylib_" + ours)
            pyros = self.python_program("thirdpartylib/%s.py" % theirs)
            for server in program, pyros:
                with self.subTest(server=server.name):
                    uri = server.uri()
                    said, _ = self.python_client("thirdpartylib", uri + "\n")
                    self.assertEqual(["Enter the URI of the thirdparty library object: awesome", *for_python], said.splitlines())
                    self.assertEqual(["awesome", *for_us], self.our_client("thirdpartylib", uri).splitlines())
                    server.wait_for("how are you", 2)

    def test_local_futures_print_what_pyros_print(self):
        self.assertEqual(self.python_program("futures/futures.py").finish(), self.our_program("futures").finish())

    def test_greeting_is_the_dialogue_of_the_introduction(self):
        server = self.our_server("greeting")
        client = support.Program([support.built("examples/greeting_client")])
        said = client.finish(server.wait_for(r"^Ready. Object uri = (\S+)").group(1) + "\nAnn\n")
        with self.proxy(server.uri()) as p:
            fortune = p.get_fortune(name="Ann")
        self.assertEqual("What is the Pyro uri of the greeting object? What is your name? " + fortune + "\n", said)
        self.assertTrue(fortune.startswith("Hello, Ann. Here is your fortune message:\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
