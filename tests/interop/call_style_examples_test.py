"""Pyro4's examples of the styles of calling, unmodified, against ours in both roles: each prints what it prints with its own counterpart."""
import re
import tempfile

import support
from example_support import ExampleTest, main_together, together

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class CallStyles(ExampleTest):
    def test_streams_are_iterated_over_in_all_pairs(self):
        ours, theirs = self.our_server("streaming").uri(), self.python_server("streaming").uri()
        (with_ours, _), (with_theirs, _), our_client_says = together(
            lambda: self.python_client("streaming", ours + "\n"), lambda: self.python_client("streaming", theirs + "\n"),
            lambda: self.our_client("streaming", theirs))
        self.assertEqual(with_theirs, with_ours)
        self.assertEqual(with_theirs.partition("uri: ")[2], our_client_says)
        self.assertIn("slow generator:\n1\n2\n3\n4\n5\n6\n7\n8\n9\n", our_client_says)
        with self.proxy(ours) as p:
            numbers = p.fibonacci()
            self.assertEqual([0, 1, 1, 2, 3, 5, 8, 13], [next(numbers) for _ in range(8)])

    def test_instances_are_made_per_call_per_session_or_once(self):
        ours, theirs = self.names(), self.names()
        self.our_server("instancemode", **ours).wait_for("registered")
        self.python_server("instancemode", **theirs).wait_for("daemon running")
        printed = [self.python_client("instancemode", **ours)[0], self.our_client("instancemode", **ours),
                   self.our_client("instancemode", **theirs)]
        for nr, said in enumerate(printed):
            said = re.sub("(?m)^.*id of the instance.*$", "", re.sub(UUID, "<id>", said))
            numbers = re.findall(r"(?m)^[([]?(\d+)(?:, '<id>'[)\]])?$", said)
            self.assertEqual(15, len(numbers), said)
            calls, first, second, single = numbers[:3], numbers[3:6], numbers[6:9], numbers[9:]
            self.assertEqual([1, 1, 1], [len(set(group)) for group in (first, second, single)], said)
            if nr < 2:  # Python's ids come again when an instance is gone
                self.assertEqual(3 + 1 + 1 + 1, len(set(calls + first + second + single)), said)

    def test_a_context_comes_with_every_call(self):
        ours, theirs = self.our_server("callcontext"), self.python_server("callcontext")
        (with_ours, _), (with_theirs, _) = [self.python_client("callcontext", server.uri() + "\n\n") for server in (ours, theirs)]
        def same(said):
            said = re.sub(r"(?m)'(CORR|HMAC)': b.*?(?=, '[A-Z]{4}'|}$)", r"'\1': <id>", said)
            return sorted(re.sub(UUID, "<id>", said).splitlines())
        self.assertIn("      DDAA -> b'custom response annotation set by the daemon'\n", with_ours)
        self.assertEqual(same(with_theirs), same(with_ours))
        heard = "".join(ours.out)
        self.assertEqual(4 + 5 + 2 + 1, heard.count("custom annotation 'XYZZ': Hello, I am a custom annotation from the proxy!"))
        self.assertIn("custom annotation 'XYZZ': custom annotation from client via new way(1)\n", heard)
        self.assertIn("context.correlation_id: " + re.search("set to: (%s)" % UUID, with_ours).group(1), heard)
        for server in ours, theirs:
            said = self.our_client("callcontext", server.uri())
            self.assertEqual(4, said.count("    DDAA -> custom response annotation set by the daemon\n    CORR -> mine\n"), said)
            server.wait_for("Got Message: hello-ONEWAY")
            server.wait_for("context.correlation_id: 00112233-4455-6677-8899-aabbccddeeff", 5)  # one of the calls was oneway

    def test_a_handshake_lets_in_who_knows_the_secret(self):
        server = self.our_server("handshake")
        said, _ = self.python_client("handshake", server.uri() + "\npancakes\n")
        theirs, _ = self.python_client("handshake", self.python_server("handshake").uri() + "\npancakes\n")
        self.assertEqual(theirs, said)
        self.assertIn("Proxy received handshake response data:  ['how', 'are', 'you', 'doing']\n", said)
        _, refused = self.python_client("handshake", server.uri() + "\nwaffles\n", code=1)
        self.assertIn("wrong secret code, connection refused", "".join(refused.err))
        server.wait_for("Secret code wrong! Connection refused.")
        for uri in server.uri(), self.python_server("handshake").uri():
            self.assertIn("connecting...\nProxy received handshake response data:  ['how', 'are', 'you', 'doing']\nConnection ok!\ndone.\n", self.our_client("handshake", uri, typed="pancakes\n"))
            self.assertIn("wrong secret code, connection refused\ndone.\n", self.our_client("handshake", uri, typed="waffles\n"))
        server.wait_for(r"Daemon client disconnects: 127.0.0.1:\d+")

    def test_resources_go_with_their_client(self):
        for server, client in ((self.our_server("resourcetracking"), self.python_program("resourcetracking/client.py")),
                               (self.our_server("resourcetracking"), self.our_program("resourcetracking_client")),
                               (self.python_server("resourcetracking"), self.our_program("resourcetracking_client"))):
            client.process.stdin.write(server.uri() + "\n")
            client.process.stdin.flush()
            taken = [client.wait_for(r"allocating resource... (.+)\n", n).group(1) for n in (1, 2)]
            client.wait_for("hit Enter")
            with self.proxy(server.uri()) as p:
                self.assertEqual(set(taken), set(p.list()))
            client.kill()
            for name in taken:
                server.wait_for("Resource: closing " + name)
            server.wait_for("client disconnects")
        said, _ = self.python_client("resourcetracking", self.our_server("resourcetracking").uri() + "\n\n")
        self.assertIn("currently allocated resources: []\n", said)
        self.assertIn("allocated resources: []\ndone.\n", said)

    def test_sessions_keep_users_apart_and_a_single_object_does_not(self):
        names = self.names()
        server = self.our_server("usersession", **names)
        server.wait_for("registered")
        said, client = self.python_client("usersession", "\n\n", **names)
        self.assertIn("[SessionboundDatabase] new instance and connection for user: user123", "".join(server.out))
        self.assertEqual(4, "".join(server.out).count("[SessionboundDatabase] new instance"))
        self.assertEqual(1, "".join(server.out).count("[SingletonDatabase] new instance"))
        bound, _, single = said.partition("***** Multiple concurrent proxies on the Singleton Database")
        self.assertEqual(6, len(re.findall(r"(?m)\] num=\d+$", bound)), said)
        fine = len(re.findall(r"\] num=\d+", single))
        refused = "".join(client.err).count("RuntimeError: ERROR: concurrent connection access")
        self.assertGreater(refused, 0)
        self.assertEqual(6, fine + refused, "".join(client.err))
        theirs = self.names()
        self.python_server("usersession", **theirs).wait_for("daemon running")
        for said in together(lambda: self.our_client("usersession", **names), lambda: self.our_client("usersession", **theirs)):
            alone, _, at_once = said.partition("***** Multiple concurrent proxies on the Singleton Database")
            self.assertEqual(12, len(re.findall(r"(?m)^\[\S+\] num=\d+$", alone)), said)
            self.assertEqual(6, len(re.findall(r"(?m)^\[\S+\] (?:num=\d+|ERROR: concurrent connection access .*)$", at_once)), said)

    def test_a_closed_connection_is_opened_again(self):
        ours, theirs = self.our_server("disconnects", PYRO_COMMTIMEOUT="0.4"), self.python_server("disconnects")
        client = self.python_program("disconnects/client.py")
        client.process.stdin.write(ours.uri() + "\n")
        client.process.stdin.flush()
        client.wait_for("Press enter to continue:")
        ours.wait_for("client disconnected")
        said = client.finish("\n")
        self.assertIn("<proxy: Connection lost. REBINDING...>\n  <proxy: Connection restored", said)
        self.assertEqual(2, said.count("result = 12345\n"))
        self.assertEqual(2, "".join(ours.out).count("echo:  '12345'\n"))
        there = self.our_program("disconnects_client", theirs.uri())
        here = self.our_program("disconnects_client", ours.uri())
        ours.wait_for("client disconnected", 3)
        support.wait_until(lambda: "receiving: timeout" in "".join(theirs.err), "Pyro's server closes the connection")
        for client in (here, there):
            self.assertEqual(2, client.finish("\n").count("result = 12345\n"))

    def test_a_unix_socket_serves_as_well(self):
        said = []
        for start in (self.our_server, self.python_server):
            with tempfile.TemporaryDirectory() as folder:
                server = start("unixdomainsock", cwd=folder)
                uri = server.uri() + "\n"
                said += [self.python_client("unixdomainsock", uri, cwd=folder)[0], self.our_client("unixdomainsock", typed=uri, cwd=folder)]
                server.wait_for("Message received: Hello there!", 2)
                server.stop()
        self.assertEqual(["enter the server uri: Response was: Roger!\n"] * 4, said)

    def test_a_socket_without_a_file_serves_as_well(self):
        said = []
        for start in (lambda: self.our_server("unixdomainsock", "abstract"), lambda: self.python_program("unixdomainsock/abstract_namespace_server.py")):
            server = start()
            uri = server.wait_for(r"'(PYRO:\S+)'").group(1) + "\n"
            said += [self.python_client("unixdomainsock", uri)[0], self.our_client("unixdomainsock", typed=uri)]
            server.wait_for("Message received: Hello there!", 2)
            server.stop()
        self.assertEqual(["enter the server uri: (uri contains 0-byte)\nResponse was: Roger!\n"] * 4, said)


if __name__ == "__main__":
    main_together()
