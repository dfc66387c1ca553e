"""Pyro4's examples in which objects travel: autoproxy, callback, chatbox, blob-dispatch; unmodified, with ours in every place."""
import gzip
import os
import re
import tempfile

import support
from example_support import ExampleTest, main_together, together


def in_order(text, *parts):
    """What lies between does not matter."""
    at = 0
    for part in parts:
        found = text.find(part, at)
        assert found >= 0, "%r is missing behind character %d of:\n%s" % (part, at, text)
        at = found + len(part)


class TravellingObjects(ExampleTest):
    def test_things_made_by_a_factory_are_spoken_to_where_they_are(self):
        ours, theirs = self.our_server("autoproxy"), self.python_server("autoproxy")
        for server in ours, theirs:
            uri = server.wait_for(r"PYRO:\S+(?=\s)").group()
            said = together(lambda: self.our_client("autoproxy", uri), lambda: self.python_program("autoproxy/client.py").finish(uri + "\n"))
            for text in said:
                self.assertTrue(text.endswith("Creating things.\nSpeaking stuff.\n"), text)
            for number, message in (1, "I am the first"), (2, "I am second"), (3, "I am last then..."):
                server.wait_for(re.escape("Thingy %d says: %s" % (number, message)), 2)

    def test_a_thing_that_was_made_comes_with_what_it_offers_and_no_connection(self):
        seen = []
        for server in self.our_server("autoproxy"), self.python_server("autoproxy"):
            with self.proxy(server.wait_for(r"PYRO:\S+(?=\s)").group()) as factory, factory.createSomething(7) as thing:
                seen.append((type(thing), set(thing._pyroMethods), set(thing._pyroAttrs), set(thing._pyroOneway), thing._pyroConnection,
                             thing._pyroUri.object.startswith("obj_"), thing._pyroUri.location == factory._pyroUri.location))
                thing.speak("I know what I can do")
                server.wait_for("Thingy 7 says: I know what I can do\n")
        self.assertEqual(({"speak"}, set(), set(), None, True, True), seen[0][1:])
        self.assertEqual(*seen)

    def test_workers_call_their_clients_back(self):
        ours, theirs = self.names(), self.names()
        servers = [self.our_program("callback_server", **ours), self.hurried_program("callback/server.py", **theirs)]
        for server in servers:
            server.wait_for("daemon running")
        clients = [lambda names=names: self.our_client("callback", **names) for names in (ours, theirs)]
        clients.append(lambda: self.python_client("callback", **ours)[0])
        for said in together(*clients):
            # Threads of Python print a line and its end apart: another's line may come between.
            self.assertEqual(5, len(set(re.findall(r"callback: worker (\d+) reports work is done!", said))), said)
            in_order(said, "creating a bunch of workers\n", "waiting for all work complete...\n", "done!\n")
        servers[0].wait_for("Worker 10 done. Informing callback client.")
        servers[1].wait_for("Worker 5 done. Informing callback client.")

    def test_callbacks_that_throw_are_told_to_the_server_and_a_marked_one_to_its_owner(self):
        ours, theirs = self.names(), self.names()
        servers = {"ours": (self.our_program("callback2_server", **ours), ours), "theirs": (self.python_program("callback/server2.py", **theirs), theirs)}
        for server, names in servers.values():
            server.wait_for("daemon running")
            logged = dict(names, PYRO_LOGLEVEL="WARNING", PYRO_LOGFILE="{stderr}")
            for client in self.our_program("callback2_client", **logged), self.python_program("callback/client2.py", **names):
                client.wait_for("callback 2 received from server!\ngoing to crash - but you will see the exception here too\n")
                client.wait_for(r"(?s)callback.*ZeroDivisionError", of=client.err)
            server.wait_for("server: callbacks done.\n", 2)
            said = "".join(server.out)
            self.assertEqual(4, said.count("got an exception from the callback:"), said)
            self.assertEqual(4, len(re.findall(r"(?m)^ \| ZeroDivisionError: integer division or modulo by zero$", said)), said)

    def bus_folder(self):
        """Pyro4's example as a package that can be imported, and a place for its file of messages."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        source = os.path.join(support.EXAMPLES, "messagebus")
        for at, _, names in os.walk(source):
            target = os.path.join(folder.name, os.path.relpath(at, source))
            os.makedirs(target, exist_ok=True)
            for name in names:
                opened = gzip.open if name.endswith(".gz") else open
                with opened(os.path.join(at, name), "rb") as packed, open(os.path.join(target, name.removesuffix(".gz")), "wb") as plain:
                    plain.write(packed.read())
        return folder.name

    def bus_server(self, whose, folder, names, storage):
        if whose == "ours":
            server = self.our_program("messagebus_server", storage, cwd=folder, **names)
        else:
            server = self.killed_in_the_end(support.python("-u", "-m", "messagebus.server", "-s", storage, cwd=folder, **names))
        server.wait_for("Server running, storage is %s" % storage)
        return server

    def test_a_bus_brings_messages_from_and_to_both_languages(self):
        for whose, storage in ("ours", "memory"), ("ours", "sqlite"), ("theirs", "memory"):
            with self.subTest(server=whose, storage=storage):
                names, folder = self.names(), self.bus_folder()
                self.bus_server(whose, folder, names, storage)
                python = lambda program: self.killed_in_the_end(support.python("-u", program, cwd=folder, **names))
                subscribers = [self.our_program("messagebus_subscriber", **names), python("subscriber.py")]
                for each in subscribers:
                    each.type("\n")
                    each.wait_for("Subscribed on weather-forecast")
                for place, publisher in ("Oslo", self.our_program("messagebus_publisher", **names)), ("Rome", python("publisher.py")):
                    publisher.type(place + "\n")
                    for each in subscribers:
                        each.wait_for(r"GOT MESSAGE:\n   topic: weather-forecast\n   msgid: [0-9a-f-]{36}\n created: 20\d\d-\d\d-\d\d[T ][0-9:.]+\n"
                                      r"    data: [\[(]'%s', '[a-z]+'[\])]\n" % place)
                manual = python("subscriber_manual_consume.py")
                manual.type("\n")
                manual.wait_for("(?s)PROCESSING MESSAGE:.*End.*Unsubscribed from the topic.*End")

    def test_a_killed_bus_goes_on_with_its_file_in_either_language(self):
        names, folder = self.names(), self.bus_folder()
        server = self.bus_server("ours", folder, names, "sqlite")
        subscriber = self.our_program("messagebus_subscriber", **names)
        subscriber.type("\n")
        subscriber.wait_for("Subscribed on weather-forecast")
        publisher = self.our_program("messagebus_publisher", **names)
        publisher.type("Oslo\n")
        for number, whose in enumerate(["theirs", "ours", "theirs"], 1):
            subscriber.wait_for("GOT MESSAGE", 5 * number)
            server.kill()
            server = self.bus_server(whose, folder, names, "sqlite")
            before = "".join(subscriber.out).count("GOT MESSAGE")
            subscriber.wait_for("GOT MESSAGE", before + 5)

    def test_people_of_both_languages_chat(self):
        for server_of in self.our_program, self.python_program:
            names = self.names()
            server = server_of("chatbox_server" if server_of == self.our_program else "chatbox/server.py", **names)
            server.wait_for("daemon running")
            ann = self.our_program("chatbox_client", **names)
            ann.type("room\nAnn\n")
            ann.wait_for("Joined channel room as Ann\nPeople on this channel: Ann\nReady for input! Type /quit to quit\n")
            bob = self.python_program("chatbox/client.py", **names)
            support.wait_until(bob.port, "Bob has a daemon")
            with self.proxy("PYRO:Pyro.Daemon@localhost:%d" % bob.port()) as daemon:
                daemon.ping()  # answered once its loop runs: what it sends before it is registered there is no proxy
            bob.type("room\nBob\n")
            bob.wait_for("The following people are on the server: Ann\nThe following channels already exist: room\n")
            bob.wait_for("People on this channel: Ann, Bob\n")
            ann.wait_for(r"\[SERVER\] \*\* Bob joined \*\*")
            ann.type("hello Bob\n")
            bob.wait_for(r"\[Ann\] hello Bob\n")
            bob.type("h\u00e9 Ann\n")
            ann.wait_for("\\[Bob\\] h\u00e9 Ann\n")
            ann.finish("/quit\n")
            bob.wait_for(r"\[SERVER\] \*\* Ann left \*\*")
            if server_of == self.our_program:
                # Pyro's own server trips over one who went without a goodbye: it can no longer be connected to, which it does not expect.
                carl = self.our_program("chatbox_client", **names)
                carl.type("room\nCarl\n")
                bob.wait_for(r"\[SERVER\] \*\* Carl joined \*\*")
                carl.kill()
                # What is said at once may still find the connection as it was.
                support.wait_until(lambda: bob.type("is anybody there?\n") or "Removed dead listener Carl" in "".join(server.out), "Carl is taken off")
            bob.finish("/quit\n")
            server.wait_for("Bob LEFT room\n")

    def test_blobs_go_through_a_dispatcher_that_knows_nothing_of_them(self):
        received = r"Received custom data \(type=(<class 'customdata\.CustomData'>|CustomData)\):\n    a=42, b=hello world, c=20\d\d-\d\d-\d\dT"
        for dispatcher_of, program in (self.our_program, "blob_dispatch_dispatcher"), (self.python_program, "blob-dispatch/dispatcher/dispatcher.py"):
            names = self.names()
            dispatcher = dispatcher_of(program, **names)
            dispatcher.wait_for("daemon running")
            listeners = [self.our_program("blob_dispatch_listener", "news", **names), self.python_program("blob-dispatch/listeners/main.py", "news", **names)]
            for listener in listeners:
                listener.wait_for("Listener for topic news waiting for data.\n")
            dispatcher.wait_for("New listener for topic news registered: PYRO:", 2)
            said = together(lambda: self.our_program("blob_dispatch_client", **names).finish("news\nold\n\n"),
                            lambda: self.python_program("blob-dispatch/client/client.py", **names).finish("news\nold\n\n"))
            for text in said:
                self.assertEqual(2, text.count("processed\n"), text)
            for listener in listeners:
                listener.wait_for(received, 2)


if __name__ == "__main__":
    main_together()
