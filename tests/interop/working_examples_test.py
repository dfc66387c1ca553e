"""Pyro4's examples in which several programs work together, unmodified, with ours in every place: servers, workers and clients."""
import os
import re
import socket
import tempfile

import Pyro4
import support
from example_support import ExampleTest, main_together, together


class WorkingTogether(ExampleTest):
    def test_batches_of_forty_thousand_calls_are_served(self):
        server = self.our_server("batchedcalls")
        said, _ = self.python_client("batchedcalls", server.uri() + "\n")
        self.assertIn("results= [0, 42, 30, 2, 0]\n", said)
        self.assertRegex(said, r"= 33\n.*= 50\n.*= 100\nA divide by zero error occurred during the batch! \(expected\)\n")
        for said_by in "beginning", "end of":
            for number in 1, 2, 3:  # the second and the third at the same time
                server.wait_for("%s batch #%d\n" % (said_by, number))

    def test_our_client_sends_batches(self):
        ours, theirs = self.our_server("batchedcalls"), self.python_server("batchedcalls")
        said = together(*[lambda uri=server.uri(): self.our_client("batchedcalls", uri) for server in (ours, theirs)])
        with_ours, with_theirs = [re.sub("(?m)^that took .*$", "", text) for text in said]
        self.assertEqual(with_theirs, with_ours)
        self.assertEqual(["1440000", "1440000", "72"], re.findall("total= (.*)", with_ours))
        self.assertIn("100//3 = 33\n100//2 = 50\n100//1 = 100\nA divide by zero error occurred during the batch! (expected): ", with_ours)
        for server in ours, theirs:
            for number in 1, 2, 3:  # the second goes on in the background
                server.wait_for("end of batch #%d\n" % number)

    def test_our_client_chains_what_follows_a_result(self):
        theirs, ours = self.hurried_program("async/server.py"), self.our_server("async", "0.3")
        said = together(*[lambda uri=server.uri(): self.our_program("async_callchain", uri).finish() for server in (theirs, ours)])
        self.assertEqual(*said)
        self.assertIn("ERRORHANDLER: integer division or modulo by zero\nexpected error occurred", said[0])
        self.assertEqual(["23", "26"], re.findall("final value= (.*)", said[0]))

    def test_asynchronous_calls_are_served_side_by_side(self):
        uri = self.our_server("async", "0.3").uri() + "\n"
        plain, batched, chained = together(*[lambda name=name: self.hurried_program("async/client%s.py" % name).finish(uri)
                                             for name in ("", "_batch", "_callchain")])
        self.assertIn("result value available? False\n", plain)
        self.assertIn("got exception (expected): ZeroDivisionError('integer division or modulo by zero')\n", plain)
        self.assertIn("getting values...\nresult= 14\nresult= 16\nresult= 20\nresult= 25\nresult= 33\n\ndone.\n", plain)
        self.assertIn("resultvalues= [20, 11, 277]\n", batched)
        self.assertIn("final value= [23, 14, 280]\n", batched)
        self.assertEqual(["23", "23", "36", "26"], re.findall("final value= (.*)", chained))
        self.assertIn("ERRORHANDLER:  integer division or modulo by zero\n", chained)

    def test_our_client_calls_asynchronously(self):
        theirs, ours = self.hurried_program("async/server.py"), self.our_server("async", "0.3")
        said = together(*[lambda uri=server.uri(): self.our_client("async", uri) for server in (theirs, ours)])
        self.assertEqual(*said)
        self.assertIn("result value available? false\n", said[0])
        self.assertIn("got exception (expected): builtins.ZeroDivisionError: integer division or modulo by zero\n", said[0])
        self.assertIn("status after waiting for 0.05 seconds= false\nstatus after waiting for 10 seconds= true\n", said[0])
        self.assertIn("result= 14\nresult= 16\nresult= 20\nresult= 25\nresult= 33\n", said[0])

    def test_our_client_sends_batches_in_the_background(self):
        theirs, ours = self.hurried_program("async/server.py"), self.our_server("async", "0.3")
        said = together(*[lambda uri=server.uri(): self.our_program("async_batch", uri).finish() for server in (theirs, ours)])
        self.assertEqual(*said)
        self.assertIn("result values available? false\nclient can do other stuff here.\nresult values= 20 11 277\n", said[0])
        self.assertIn("final values= 21 12 278\n", said[0])
        self.assertIn("the first result= 1\ngot exception (expected): integer division or modulo by zero\n"
                      "got exception (expected): this call was not executed: call 2 of the batch threw before it\n", said[0])
        self.assertIn("status after waiting for 0.05 seconds= false\nstatus after waiting for 10 seconds= true\nresult values= 20 11 277\n\ndone.\n", said[0])

    def test_a_shared_proxy_waits_and_own_ones_work_in_parallel(self):
        ours, theirs = self.names(), self.names()
        self.our_program("proxysharing_server", "0.05", **ours).wait_for("Server ready")
        self.python_server("proxysharing", **theirs).wait_for("daemon running")
        client, with_theirs = together(lambda: self.hurried_program("proxysharing/client.py", **ours).finish(), lambda: self.our_client("proxysharing", **theirs))
        shared, own = [int(done) for done in re.findall("--> work done on the server: (.*)", client)]
        self.assertGreater(own, 2 * shared)
        self.assertNotIn("Exception", client)
        self.assertIn("5000 calls done.", with_theirs)
        self.assertEqual(["yes", "no"], re.findall("--> one after the other: (.*)", with_theirs))
        self.assertIn("5000 calls done.", self.our_client("proxysharing", **ours))

    def test_quotes_are_streamed_from_several_markets(self):
        ours, theirs = self.names(), self.names()
        self.our_program("stockquotes_market", **ours).wait_for("Stockmarkets available")
        self.python_program("stockquotes/phase2/stockmarket.py", **theirs).wait_for("Stockmarkets available")
        quote = r"(?m)^(NASDAQ\.(AAPL|MSFT)|NYSE\.IBM): \d+(\.\d\d?)?$"
        for phase in "phase2", "phase3":
            viewer = self.python_program("stockquotes/%s/viewer.py" % phase, **ours)
            viewer.wait_for("found market example.stockmarket.nasdaq\n")
            viewer.wait_for(quote, 3)
            viewer.kill()
        said = self.our_program("stockquotes_viewer", "3", **theirs).finish()
        self.assertIn("found market example.stockmarket.newyork\n", said)
        self.assertGreaterEqual(len(re.findall(quote, said)), 3)

    def test_a_lost_connection_is_tried_again(self):
        ours, theirs = self.names(), self.names()
        self.our_program("autoretry_server", **ours).wait_for("Server ready")
        self.python_server("autoretry", **theirs).wait_for("daemon running")
        (with_ours, _), (with_theirs, _) = together(lambda: self.python_client("autoretry", **ours), lambda: self.python_client("autoretry", **theirs))
        self.assertEqual(with_theirs, with_ours)
        self.assertIn("Calling remote function 3rd time (will not raise any exceptions)\n", with_ours)
        for said in together(lambda: self.our_client("autoretry", **ours), lambda: self.our_client("autoretry", **theirs)):
            self.assertIn("Calling remote function 3rd time (will not throw)\n3 + 3 = 6\n", said)

    def test_a_server_that_comes_back_is_found_again(self):
        names = self.names()
        first = self.our_server("autoreconnect", "0")
        support.register(names, "example.autoreconnect", first.uri())
        clients = [self.hurried_program("autoreconnect/client.py"), self.hurried_program("autoreconnect/clientNS.py", **names),
                   self.our_program("autoreconnect_client", first.uri())]
        clients[0].process.stdin.write(first.uri() + "\n")
        clients[0].process.stdin.flush()
        for client in clients:
            client.wait_for("call...", 2)
        first.stop()
        for client in clients:
            client.wait_for("Connection lost. REBINDING...")
        self.our_server("autoreconnect", first.uri().rpartition(":")[2])
        for client in clients:
            client.wait_for("(?s)REBINDING.*call...\n.*call...")

    def test_our_client_finds_pyros_server_again(self):
        names = self.names()
        first = self.python_program("autoreconnect/serverNS.py", **names)
        first.wait_for("Server started")
        with self.proxy("PYRO:Pyro.NameServer@127.0.0.1:" + names["PYRO_NS_PORT"]) as name_server:
            uri = name_server.lookup("example.autoreconnect").asString()
        client = self.our_program("autoreconnect_client", uri)
        first.wait_for("Method called with 42", 2)
        first.kill()
        client.wait_for("Connection lost. REBINDING...")
        self.python_program("autoreconnect/serverNS.py", **names).wait_for("Method called with 42", 2)

    def test_a_circle_of_programs_is_closed_by_a_call(self):
        expected = "['passed on from A', 'passed on from B', 'passed on from C', 'complete at A']"
        for ours in "ABC", "B", "AC":
            names = self.names()
            for node, following in "AB", "BC", "CA":
                started = self.our_program("circular_node", node, following, **names) if node in ours else self.python_program("circular/serv%s.py" % node, **names)
                started.wait_for("Server started " + node)
            self.assertEqual("Result=%s\n" % expected, self.python_client("circular", **names)[0])
            self.assertEqual("Result=%s\n" % expected, self.our_client("circular", **names))

    def test_work_is_distributed_by_our_dispatcher_and_by_pyros(self):
        for start in (lambda names: self.our_program("distributed_computing_dispatcher", **names),
                      lambda names: self.python_program("distributed-computing/dispatcher.py", **names)):
            names = self.names()
            start(names).wait_for("Dispatcher ready|daemon running")
            mine = self.our_program("distributed_computing_worker", **names)
            theirs = self.python_client("distributed-computing", **names)[0]
            self.python_program("distributed-computing/worker.py", **names).wait_for("getting work")
            ours = self.our_client("distributed_computing", **names)
            for said in theirs, ours:
                self.assertEqual(40, len(re.findall(r"(?m)^Got result: <Workitem id=\d+> \(from Worker_\d+@\S+\)$", said)))
                for number, factors in re.findall(r"(?m)^(\d+) --> \[(.*)\]$", said):
                    product = 1
                    for factor in factors.split(", "):
                        product *= int(factor)
                    self.assertEqual(int(number), product)
            mine.wait_for("factorized")

    def test_the_mandelbrot_set_looks_the_same_whoever_calculates_it(self):
        pictures = []
        for servers in ("ours", "ours"), ("ours", "theirs"), ("theirs", "theirs"):
            names = self.names()
            for number, whose in enumerate(servers):
                self.mandelbrot_server(whose, str(number), names).wait_for("#%d ready" % number)
            with tempfile.TemporaryDirectory() as folder:
                said = self.our_program("distributed_mandelbrot_client", os.path.join(folder, "m.ppm"), **names).finish()
                with open(os.path.join(folder, "m.ppm"), "rb") as picture:
                    pictures.append((said.splitlines(), picture.read()))
            if servers == ("ours", "ours"):
                self.zoom(names)
        for lines, picture in pictures:
            self.assertEqual(["2 mandelbrot calculation servers found."] * 2, [lines[0], lines[-1]])
            self.assertEqual([100] * 40, [len(line) for line in lines[1:-1]])
            self.assertEqual(len(b"P6\n160 128\n255\n") + 160 * 128 * 3, len(picture))
            self.assertGreater(len(set(picture)), 50)
            self.assertEqual(pictures[0], (lines, picture))

    def test_a_pair_of_sockets_connects_two_programs(self):
        for serializer in "pickle", "serpent":
            mine, others = socket.socketpair()
            server = self.our_program("socketpair_server", str(others.fileno()), pass_fds=[others.fileno()])
            others.close()
            with Pyro4.Proxy("echo", connected_socket=mine) as p:
                p._pyroSerializer = serializer
                self.assertEqual(["thank you"] * 2, [p.echo("hello!"), p.echo("hello again!")])
            mine.close()
            self.assertEqual("server runs on its socket\nserver got message:  hello!\nserver got message:  hello again!\nserver ends\n", server.finish())
        said = self.our_client("socketpair", support.built("examples/socketpair_server"))
        self.assertEqual(2, said.count("client got reply: thank you\n"))
        self.assertTrue(said.endswith("server ends\n\nThe end.\n"))

    def mandelbrot_server(self, whose, number, names):
        if whose == "ours":
            return self.our_program("distributed_mandelbrot_server", number, **names)
        return self.python_program("distributed-mandelbrot/server.py", number, **names)

    def zoom(self, names):
        """Pyro's client draws by batches, for thirty seconds: the first frames will do."""
        client = self.hurried_program("distributed-mandelbrot/client_asciizoom.py", **names)
        frame = client.wait_for(r"FPS time=.*\n((?:.{100}\n){40})", 3)
        self.assertGreater(len(set(frame.group(1))), 20)
        client.kill()


if __name__ == "__main__":
    main_together()
