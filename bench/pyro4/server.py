"""Pyro4's own daemon with its default settings: the server of the competitor `pyro4`. Prints "ready ADDRESS" once it listens."""
import Pyro4


@Pyro4.expose
class Echo:
    notes = 0
    kept = b""

    def length(self, text):
        return len(text)

    def blob(self, data):
        return len(data)

    def fetch(self, size):
        if len(Echo.kept) != size:
            Echo.kept = b"\7" * size
        return Echo.kept

    @Pyro4.oneway
    def note(self, text):
        Echo.notes += 1

    def noted(self):
        return Echo.notes

    def count_to(self, last):
        yield from range(1, last + 1)


Pyro4.config.ONEWAY_THREADED = False  # a thread for each call would only make it slower
Pyro4.config.SERIALIZERS_ACCEPTED = {"marshal", "msgpack"}  # which one is used, the client says
daemon = Pyro4.Daemon(host="127.0.0.1", port=0)
daemon.register(Echo(), "echo")
print("ready", daemon.locationStr, flush=True)
daemon.requestLoop()
