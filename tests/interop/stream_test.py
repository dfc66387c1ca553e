"""Streams that outlive their connection, as Pyro4 has them: read on over another one while they linger, gone with it where they do not, forgotten
when they are left for longer; and ids that nobody knows. Pyro's client and ours, with Pyro's server and ours."""
import unittest

import Pyro4.errors

import support

PYTHON_SERVER = """
import Pyro4
@Pyro4.expose
@Pyro4.behavior(instance_mode="single")
class Counter(object):
    living = 0
    def count(self, to):
        Counter.living += 1
        try:
            for i in range(1, to + 1):
                yield i
        finally:
            Counter.living -= 1
    def alive(self):
        return Counter.living
Pyro4.Daemon.serveSimple({Counter: "counter"}, ns=False)
"""

LINGERING, NOT, BRIEFLY = {"PYRO_ITER_STREAM_LINGER": "60"}, {"PYRO_ITER_STREAM_LINGER": "0"}, {"PYRO_ITER_STREAM_LINGER": "0.2", "PYRO_POLLTIMEOUT": "0.1"}


class StreamsAndConnections(support.InteropTest):
    def pyros_server(self, **changes):
        return self.serving(support.python("-u", "-c", PYTHON_SERVER, **changes))

    def our_server(self, **changes):
        return self.serving(support.Program([support.built("tests/interop/stream_peer"), "serve"], **changes))

    def serving(self, program):
        uri = self.start(program).uri()
        self.bystander = self.proxy(uri)
        return uri

    def servers(self, **changes):
        changes["PYRO_SERIALIZERS_ACCEPTED"] = ",".join(support.ALL)
        for start in self.pyros_server, self.our_server:
            with self.subTest(server=start.__name__):
                yield start(**changes)

    def all_end(self):
        support.wait_until(lambda: self.bystander.alive() == 0, "no stream is left")

    def item_by_hand(self, p, stream_id):
        return p._pyroInvoke("get_next_stream_item", [stream_id], {}, objectId="Pyro.Daemon")

    def assert_unknown(self, call):
        with self.assertRaises(Pyro4.errors.PyroError) as caught:
            call()
        self.assertIs(Pyro4.errors.PyroError, type(caught.exception))
        self.assertEqual(("item stream terminated",), caught.exception.args)

    def test_pyros_client_reads_on_over_a_new_connection_while_the_stream_lingers(self):
        for uri in self.servers(**LINGERING):
            for serializer in support.ALL:
                with self.subTest(serializer=serializer), self.proxy(uri, serializer) as p:
                    items = p.count(6)
                    self.assertEqual([1, 2], [next(items), next(items)])
                    first = p._pyroConnection
                    p._pyroRelease()
                    with self.assertRaisesRegex(Pyro4.errors.ConnectionClosedError, "^the proxy for this stream result has been closed$"):
                        next(items)
                    self.assertEqual(1, self.bystander.alive())
                    p._pyroReconnect(3)
                    self.assertIsNot(first, p._pyroConnection)
                    self.assertEqual([3, 4, 5, 6], list(items))
                    self.all_end()

    def test_another_client_that_knows_its_id_reads_on(self):
        for uri in self.servers(**LINGERING):
            with self.proxy(uri) as p, self.proxy(uri, "msgpack") as other:
                items = p.count(4)
                self.assertEqual([1, 2, 3], [next(items), self.item_by_hand(other, items.streamId), next(items)])
                p._pyroRelease()
                self.assertEqual(4, self.item_by_hand(other, items.streamId))
                with self.assertRaises(StopIteration):
                    self.item_by_hand(other, items.streamId)

    def test_without_linger_a_stream_goes_with_its_connection(self):
        for uri in self.servers(**NOT):
            with self.proxy(uri) as p:
                items = p.count(6)
                self.assertEqual(1, next(items))
                p._pyroRelease()
                self.all_end()
                p._pyroReconnect(3)
                self.assert_unknown(lambda: next(items))
                self.assertEqual([1, 2, 3], list(p.count(3)))

    def test_a_stream_that_is_left_for_longer_is_forgotten(self):
        for uri in self.servers(**BRIEFLY):
            with self.proxy(uri) as p:
                items = p.count(6)
                self.assertEqual(1, next(items))
                p._pyroRelease()
                self.all_end()
                p._pyroReconnect(3)
                self.assert_unknown(lambda: next(items))

    def test_ids_that_are_not_or_no_longer_known_are_refused_in_pyros_words(self):
        for uri in self.servers():
            for serializer in support.ALL:
                with self.subTest(serializer=serializer), self.proxy(uri, serializer) as p:
                    for never in "nothing", "", "27e75da8-c7d8-4b0d-b305-6c40b5a915af":
                        self.assert_unknown(lambda: self.item_by_hand(p, never))
                    finished = p.count(1)
                    name = finished.streamId
                    self.assertEqual([1], list(finished))
                    self.assert_unknown(lambda: self.item_by_hand(p, name))
                    closed = p.count(3)
                    name = closed.streamId
                    self.assertEqual(1, next(closed))
                    closed.close()
                    self.all_end()
                    self.assert_unknown(lambda: self.item_by_hand(p, name))
                    connection = p._pyroConnection
                    self.assertEqual([1, 2], list(p.count(2)))
                    self.assertIs(connection, p._pyroConnection)

    # ---- our client

    def reader(self, uri, *steps):
        program = support.Program([support.built("tests/interop/stream_peer"), "read", uri, *steps])
        self.addCleanup(program.kill)
        return program

    def test_our_client_reads_on_over_a_new_connection_to_pyros_server(self):
        program = self.reader(self.pyros_server(**LINGERING), "3", "release", "1", "connect", "2", "release", "connect", "end")
        closed = "Pyro4.errors.ConnectionClosedError: the proxy for this stream result has been closed"
        self.assertEqual(["1", "2", "3", closed, "4", "5", "6", "7", "8", "9", "10", "end"], program.finish().splitlines())
        self.all_end()

    def test_our_client_loses_the_items_that_our_server_has_sent_ahead_and_says_so(self):
        program = self.reader(self.our_server(**LINGERING), "3", "release", "connect", "1", "1")
        self.assertEqual(["1", "2", "3", "Pyro4.errors.ConnectionClosedError: the proxy has been released", "end"], program.finish().splitlines())

    def test_our_client_is_told_that_pyros_server_knows_its_stream_no_longer(self):
        for settings in NOT, BRIEFLY:
            with self.subTest(**settings):
                program = self.reader(self.pyros_server(**settings), "3", "release", "line", "connect", "1", "1")
                program.wait_for("3\n")
                self.all_end()
                self.assertEqual(["1", "2", "3", "Pyro4.errors.PyroError: item stream terminated", "end"], program.finish("\n").splitlines())


if __name__ == "__main__":
    unittest.main(verbosity=2)
