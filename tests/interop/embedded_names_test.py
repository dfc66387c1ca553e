"""A name server inside of a program: in its own poll() loop and on a thread beside it. Pyro4's clients and ours find it, register and look up."""
import os
import socket
import tempfile
import threading
import unittest

import Pyro4

import support


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


class NameServersInsideOfPrograms(support.InteropTest):
    def each_kind(self):
        for kind in ("loop", "threads"):
            for storage in ("memory", "sql"):
                for backend in ("uring", "epoll"):
                    with self.subTest(kind=kind, storage=storage, backend=backend), tempfile.TemporaryDirectory() as folder:
                        file = "" if storage == "memory" else ":" + os.path.join(folder, "names.db")
                        program = self.embedded(kind, storage + file, ENGINE_BACKEND=backend)
                        yield program
                        program.finish()

    def embedded(self, *words, **changes):
        program = support.Program([support.built("tests/interop/embedded_names"), *words], **changes)
        self.addCleanup(program.kill)
        program.port = program.wait_for(r"URI = PYRO:Pyro.NameServer@\S+:(\d+)\n").group(1)
        program.bc_port = program.wait_for(r"responder at \S+:(\d+)\n").group(1)
        return program

    def test_pyros_clients_find_it_by_broadcast_register_and_look_up(self):
        for program in self.each_kind():
            Pyro4.config.NS_HOST, Pyro4.config.NS_PORT, Pyro4.config.BROADCAST_ADDRS = "127.0.0.1", 1, "127.0.0.1"
            Pyro4.config.NS_BCPORT = int(program.bc_port)
            with Pyro4.locateNS() as names:
                self.assertEqual("PYRO:Pyro.NameServer@127.0.0.1:" + program.port, names._pyroUri.asString())
                names.register("other", "PYRO:obj@host:1")
                self.assertEqual(["Pyro.NameServer", "greeter", "other"], sorted(names.list()))
                with Pyro4.Proxy(names.lookup("greeter")) as greeter:
                    self.assertEqual("hello Ann", greeter.greet("Ann"))
            program.type("\n")
            program.wait_for(r"\n3 names\n")

    def test_our_clients_find_it_by_broadcast_register_and_look_up(self):
        for program in self.each_kind():
            here = {"PYRO_NS_HOST": "127.0.0.1", "PYRO_NS_PORT": "1", "PYRO_BROADCAST_ADDRS": "127.0.0.1", "PYRO_NS_BCPORT": program.bc_port}
            tool = support.built("tools/engine-nsc")
            support.Program([tool, "register", "other", "PYRO:obj@host:1"], **here).finish()
            self.assertIn("other --> PYRO:obj@host:1", support.Program([tool, "list"], **here).finish())
            call = [support.built("tools/engine-call"), "PYROMETA:friendly", "greet", "Ann"]
            self.assertEqual("'hello Ann'\n", support.Program(call, **here).finish().replace('"', "'"))

    @unittest.skipUnless(has_ipv6(), "no IPv6 here")
    def test_our_clients_find_it_by_ipv6(self):
        for kind in ("loop", "threads"):
            with self.subTest(kind=kind):
                program = self.embedded(kind, "memory", "::")
                here = {"PYRO_NS_HOST": "127.0.0.1", "PYRO_NS_PORT": "1", "PYRO_PREFER_IP_VERSION": "6", "PYRO_NS_BCPORT": program.bc_port}
                call = [support.built("tools/engine-call"), "PYRONAME:greeter", "greet", "Ann"]
                self.assertEqual("'hello Ann'\n", support.Program(call, **here).finish().replace('"', "'"))
                program.finish()

    def test_many_clients_at_once_are_served_by_the_loop_of_the_program(self):
        program = self.embedded("loop", "memory")

        def register(thread):
            with Pyro4.Proxy("PYRO:Pyro.NameServer@127.0.0.1:" + program.port) as names:
                for i in range(50):
                    names.register("n%d.%d" % (thread, i), "PYRO:obj@host:1")
        threads = [threading.Thread(target=register, args=(i,)) for i in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(support.LIMIT)
        program.type("\n")
        program.wait_for("402 names\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
