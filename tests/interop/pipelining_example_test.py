"""Calls upon results that are not there yet: the pipelining example with its own server, where they are one round trip, and with a Pyro4 server,
where they become several by themselves. What it prints is the same."""
import unittest

import support

LIBRARY = """
import Pyro4

@Pyro4.expose
class Author:
    def name(self):
        return "Herman Melville"

@Pyro4.expose
class Book:
    def __init__(self, by):
        self.by = by
    def page(self, number, mark):
        return "Moby-Dick, page %d%s" % (number, mark)
    def author(self):
        return self.by

@Pyro4.expose
class Library:
    def __init__(self, book):
        self.book = book
    def find(self, title):
        if title != "Moby-Dick":
            raise KeyError(title)
        return self.book

with Pyro4.Daemon() as daemon:
    author = Author()
    book = Book(author)
    daemon.register(author)
    daemon.register(book)
    print("uri =", daemon.register(Library(book), "example.library"), flush=True)
    daemon.requestLoop()
"""
PRINTED = "Moby-Dick, page 17!\nby Herman Melville\nMoby-Dick, page 18?\nno author: builtins.KeyError 'Moby-Duck'\n"


class Pipelining(support.InteropTest):
    def client(self, uri, **changes):
        return support.Program([support.built("examples/pipelining_client"), uri], **changes)

    def test_the_same_is_printed_whoever_serves(self):
        ours = self.start(support.Program([support.built("examples/pipelining_server")])).uri()
        theirs = self.start(support.python("-u", "-c", LIBRARY)).uri()
        for uri in ours, theirs:
            for serializer in "serpent", "json":  # marshal knows no proxies (AUTOPROXY)
                self.assertEqual(PRINTED, self.client(uri, PYRO_SERIALIZER=serializer).finish(), (uri, serializer))

    def test_python_gets_proxies_of_the_same_library(self):
        uri = self.start(support.Program([support.built("examples/pipelining_server")])).uri()
        with self.proxy(uri) as library:
            self.assertEqual("Herman Melville", library.find("Moby-Dick").author().name())

    def test_a_python_server_is_told_nothing_of_it(self):
        server = self.start(support.python("-u", "-c", LIBRARY, PYRO_LOGWIRE="1", PYRO_LOGLEVEL="DEBUG", PYRO_LOGFILE="{stderr}"))
        self.assertEqual(PRINTED, self.client(server.uri()).finish())
        server.wait_for("daemon wiredata received", 5, of=server.err)
        self.assertNotIn("ENGK", "".join(server.err))
        self.assertNotIn("ENGP", "".join(server.err))
        self.assertIn("ENGN", "".join(server.err))


if __name__ == "__main__":
    unittest.main()
