"""Pyro4's own daemon with its default settings: the server of the competitor `pyro4`. Prints "ready ADDRESS" once it listens."""
import Pyro4


@Pyro4.expose
class Echo:
    def length(self, text):
        return len(text)

    def blob(self, data):
        return len(data)


Pyro4.config.SERIALIZERS_ACCEPTED = {"marshal", "msgpack"}  # which one is used, the client says
daemon = Pyro4.Daemon(host="127.0.0.1", port=0)
daemon.register(Echo(), "echo")
print("ready", daemon.locationStr, flush=True)
daemon.requestLoop()
