"""Pyro4's timeout example client, unmodified, against our example server and Pyro4's name server. It measures its own delays."""
import os
import signal
import unittest

import support


@unittest.skipUnless(os.path.isdir(support.EXAMPLES), "pyro4-examples is not installed")
class TimeoutExample(support.InteropTest):
    def test_the_unmodified_client_waits_as_long_as_it_means_to(self):
        names_server, names = support.name_server()
        self.start(names_server)
        server = self.start(support.Program([support.built("examples/timeout_server")]))
        server.wait_for("Server ready.")
        support.register(names, "example.timeout", server.uri())
        support.register(names, "example.timeout.frozendaemon", server.uri(2))
        client = support.python(os.path.join(support.EXAMPLES, "timeout/client.py"), **names)
        self.addCleanup(client.kill)
        client.wait_for("Disabling timeout and trying to connect again.")
        client.wait_for("Feel free to abort")
        client.process.send_signal(signal.SIGINT)
        said = client.finish(code=None)
        self.assertEqual(3, said.count("TimeoutError! As expected!"))
        self.assertNotIn("!?", said)
        self.assertNotIn("AssertionError", "".join(client.err))
        self.assertIn("KeyboardInterrupt", "".join(client.err))

    def test_our_client_waits_as_long_as_it_means_to(self):
        names_server, names = support.name_server()
        self.start(names_server)
        server = support.python(os.path.join(support.EXAMPLES, "timeout/server.py"), **names)
        self.addCleanup(server.kill)
        server.wait_for("Server ready.")
        said = support.Program([support.built("examples/timeout_client")], **names).finish()
        self.assertIn("slept 1 seconds\n", said)
        self.assertEqual(3, said.count("timed_out! As expected!\n"), said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
