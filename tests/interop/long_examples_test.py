"""Pyro4's examples that work or wait for seconds, unmodified, against ours in both roles. They run side by side."""
import re
import signal

from example_support import ExampleTest, main_together, together


class LongExamples(ExampleTest):
    def test_oneway_calls_go_on_in_the_background(self):
        ours, theirs = self.names(), self.names()
        server, there = self.our_program("oneway_server", **ours), self.python_server("oneway", **theirs)
        server.wait_for("Server ready")
        there.wait_for("daemon running")
        (with_ours, _), with_theirs = together(lambda: self.python_client("oneway", **ours), lambda: self.our_client("oneway", **theirs))
        for said in with_ours, with_theirs:
            self.assertIn("starting server using a oneway call\ndoing some more oneway calls inbetween\n", said)
            # "no, trying again" as often as it takes: on a busy machine the work may be done before it is asked for
            self.assertIn("yes!\ngetting the result from the server: The result :)\n", said)
        server.wait_for("work work.. 1")  # the client has gone
        heard = "".join(server.out)
        self.assertRegex(heard, r"(?s)start request received. Starting work...\n.*6\n.*5\n.*1\nwork is done!\n.*ready status requested \(True\)")
        self.assertEqual(4, heard.count("nothing got called, doing nothing"))
        there.wait_for("nothing got called, doing nothing", 4)
        self.assertIn("yes!", self.our_client("oneway", **ours))

    def test_a_server_of_type_thread_serves_in_parallel(self):
        for_python, said = self.servertypes("t")
        self.assertIn("Servertype is thread. All calls will run in parallel.", for_python)
        self.assertIn("The calls were served in parallel.", said)

    def test_a_server_of_type_multiplex_serves_one_call_after_the_other(self):
        for_python, said = self.servertypes("m")
        self.assertIn("Servertype is multiplex. The threads will need to get in line.", for_python)
        self.assertIn("The calls were served one after the other.", said)
        self.assertEqual(1, len(set(re.findall("processed by: (.*?) *]", for_python))))

    def servertypes(self, kind):
        """What Pyro4's client prints with our server of that kind, and ours with Pyro4's."""
        ours, theirs = self.names(), self.names()
        for server, ready in ((self.our_program("servertypes_server", **ours), "ready"), (self.python_server("servertypes", **theirs), "daemon running")):
            server.process.stdin.write(kind + "\n")
            server.process.stdin.flush()
            server.wait_for(ready)
        (for_python, _), said = together(lambda: self.python_client("servertypes", **ours), lambda: self.our_client("servertypes", **theirs))
        self.assertIn("Number of completed calls in the server: 0\n", for_python)
        self.assertIn("Number of completed calls in the server: 10\n", for_python)
        self.assertIn("Done. Number of completed calls in the server: 5\n", for_python)
        self.assertIn("Done with the oneway calls. Completed: 0 ", said)
        return for_python, said

    def test_files_come_by_call_by_stream_by_annotation_and_by_socket(self):
        server = self.our_server("filetransfer")
        said, client = self.python_client("filetransfer", server.uri() + "\n\n\n\n\n", PYRO_SERIALIZER="marshal")
        self.assertEqual(8, len(re.findall(r"done, \d+\.\d\d Mb/sec\.", said)), "".join(client.err))
        said = self.our_client("filetransfer", server.uri())
        self.assertEqual(3, said.count(": 10485760 bytes, "))

    def test_our_client_gets_files_from_pyros_server(self):
        said = self.our_client("filetransfer", self.python_server("filetransfer").uri())
        self.assertEqual(3, said.count(": 10485760 bytes, "))

    def test_huge_messages_go_through_in_every_serializer(self):
        for serializer in "serpent", "marshal", "msgpack", "pickle":
            for server, environment in self.huge_servers(serializer):
                said = self.our_client("hugetransfer", server.uri(), **environment)
                self.assertEqual((20, 3), (said.count("transferring 5242880 bytes\n"), said.count("seconds to transfer 50 mb.\n")))
                server.wait_for("received 5242880 bytes\n", 20)
            said, _ = self.python_client("hugetransfer", self.our_server("hugetransfer", **environment).uri() + "\n", **environment)
            self.assertEqual((30, 4), (said.count("transferring 5242880 bytes\n"), said.count("seconds to transfer 50 mb.\n")))

    def test_json_sends_huge_texts_and_refuses_bytes_on_either_side(self):
        refused = "don't know how to serialize class <class 'bytes'> using serializer JsonSerializer. Give it vars() or an appropriate __getstate__\n"
        for server, environment in self.huge_servers("json"):
            said, client = self.python_client("hugetransfer", server.uri() + "\n", code=1, **environment)
            self.assertEqual(1, said.count("seconds to transfer 50 mb.\n"))
            self.assertTrue("".join(client.err).endswith("Pyro4.errors.SerializeError: " + refused), client.said())
            ours = self.our_program("hugetransfer_client", server.uri(), **environment)
            ours.finish(code=-signal.SIGABRT)
            self.assertTrue("".join(ours.err).endswith(refused), ours.said())
            server.wait_for("received 5242880 bytes\n", 20)

    def huge_servers(self, serializer):
        environment = {"PYRO_SERIALIZER": serializer, "PYRO_SERIALIZERS_ACCEPTED": "serpent,json,marshal,msgpack,pickle"}
        for start in self.our_server, self.python_server:
            with self.subTest(serializer=serializer, server=start.__name__):
                yield start("hugetransfer", **environment), environment


if __name__ == "__main__":
    main_together()
