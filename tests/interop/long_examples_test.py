"""Pyro4's examples that work or wait for seconds, unmodified, against ours in both roles. They run side by side."""
import re

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
        server.wait_for("work work.. 1\n")  # the client has gone
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
        server = self.our_server("hugetransfer")
        for serializer in "serpent", "marshal":
            said, _ = self.python_client("hugetransfer", server.uri() + "\n", PYRO_SERIALIZER=serializer)
            self.assertEqual(30, said.count("transferring 5242880 bytes\n"))
            self.assertEqual(4, said.count("seconds to transfer 50 mb.\n"))
        self.assertEqual(60, "".join(server.out).count("received 5242880 bytes\n"))

    def test_our_client_sends_huge_messages_to_pyros_server(self):
        server = self.python_server("hugetransfer")
        said = self.our_client("hugetransfer", server.uri())
        self.assertEqual(3, said.count("seconds to transfer 50 mb.\n"))
        self.assertEqual(20, "".join(server.out).count("received 5242880 bytes\n"))


if __name__ == "__main__":
    main_together()
