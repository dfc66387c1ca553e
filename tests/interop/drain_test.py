"""A daemon of ours that drains, as Pyro4's clients see it: the call that runs is answered, what waits behind it is not begun, whoever is idle or comes
anew is turned away."""
import unittest

import Pyro4.errors
import Pyro4.message

import support


class Draining(support.InteropTest):
    def setUp(self):
        super().setUp()
        self.server = support.Program([support.built("tests/interop/drain_peer")])
        self.addCleanup(self.server.kill)
        self.uri = self.server.uri()

    def request(self, method, *arguments, sequence):
        body = Pyro4.util.get_serializer("serpent").dumpsCall("worker", method, arguments, {})
        return Pyro4.message.Message(Pyro4.message.MSG_INVOKE, body, Pyro4.util.get_serializer("serpent").serializer_id, 0, sequence).to_bytes()

    def test_running_calls_are_answered_and_nothing_is_begun_any_more(self):
        with self.proxy(self.uri) as running, self.proxy(self.uri) as idle, self.proxy(self.uri) as late:
            self.assertEqual("quick", idle.quick())
            running._pyroBind()
            connection = running._pyroConnection
            connection.send(self.request("work", "one", sequence=1) + self.request("work", "two", sequence=2))
            self.server.wait_for("working on one\n")
            self.server.type("drain\n")
            self.assertEqual(b"", idle._pyroConnection.sock.recv(1))  # it is told, and closes as well
            self.assertRaises(Pyro4.errors.ConnectionClosedError, idle.quick)
            port = int(self.uri.rpartition(":")[2])
            refused = r"^cannot connect to \('localhost', %d\): \[Errno 111\] Connection refused$" % port
            for client in late, idle:
                with self.assertRaisesRegex(Pyro4.errors.CommunicationError, refused):
                    client.quick()
            self.server.type("go\n")
            answer = Pyro4.message.Message.recv(connection, [Pyro4.message.MSG_RESULT])
            self.assertEqual((1, "one is done"), (answer.seq, Pyro4.util.get_serializer("serpent").loads(answer.data)))
            self.assertEqual(b"", connection.sock.recv(1))
            running._pyroRelease()
            self.server.wait_for("drained: true\n")
        self.assertTrue(self.server.finish().endswith("drained: true\n1 calls had begun\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
