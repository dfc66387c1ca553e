"""A name server that is flooded with questions and with rubbish by datagrams: its callers are served meanwhile, it keeps nothing of it, and the next
question is answered."""
import os
import random
import socket
import threading
import unittest

import Pyro4

import support

DATAGRAMS = 20_000  # of each sender
CALLS = 300


def rubbish(number, chance):
    """Something that is no question, though it may look like one."""
    almost = (b"", b"GET_NSUR", b"GET_NSURI ", b"get_nsuri", b"GET_NSURI\0", b"\0GET_NSURI", b"GET_NSURI" * 150)
    return almost[number % 16] if number % 16 < len(almost) else chance.randbytes(number % 1400)


class BroadcastFlood(support.InteropTest):
    def memory_of(self, server):
        """Of it that is resident, in KiB; nothing is known of a program with a sanitizer, which keeps what was freed (and reserves terabytes)."""
        with open("/proc/%d/status" % server.process.pid) as file:
            status = dict(line.split(":", 1) for line in file)
        reserved, resident = (int(status[key].split()[0]) for key in ("VmSize", "VmRSS"))
        return resident if reserved < 1 << 30 else 0

    def descriptors_of(self, server):
        return len(os.listdir("/proc/%d/fd" % server.process.pid))

    def sender(self, to, text_of):
        """Sends all it has; a full queue drops what it likes, and answers are read by nobody."""
        def send():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
                for number in range(DATAGRAMS):
                    out.sendto(text_of(number), to)
        return threading.Thread(target=send)

    def answer(self, to):
        """Of the name server to a question that comes again until it is answered: those before may have been dropped."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(0.2)
            for _ in range(100):
                asker.sendto(b"GET_NSURI", to)
                try:
                    return asker.recv(1000)
                except TimeoutError:
                    pass
        return None

    def test_callers_are_served_during_a_flood_and_nothing_of_it_is_kept(self):
        server = self.start(support.Program([support.built("tools/engine-ns"), "-n", "0.0.0.0", "-p", "0", "--bcport", "0"]))
        to = ("127.0.0.1", int(server.wait_for(r"Broadcast server running on 0\.0\.0\.0:(\d+)\n").group(1)))
        port = int(server.wait_for(r"URI = PYRO:Pyro.NameServer@0\.0\.0\.0:(\d+)\n").group(1))
        expected = b"PYRO:Pyro.NameServer@127.0.0.1:%d" % port
        with Pyro4.locateNS("127.0.0.1", port) as names:
            names.register("a.name", "PYRO:obj@host:1")
            self.assertEqual(expected, self.answer(to))
            memory, descriptors = self.memory_of(server), self.descriptors_of(server)
            chance = random.Random(1)
            senders = [self.sender(to, lambda number: b"GET_NSURI"), self.sender(to, lambda number: rubbish(number, chance))]
            for each in senders:
                each.start()
            calls = 0
            while calls < CALLS or any(each.is_alive() for each in senders):
                self.assertEqual("PYRO:obj@host:1", names.lookup("a.name").asString())
                calls += 1
            for each in senders:
                each.join()
            self.assertEqual(expected, self.answer(to))
            self.assertEqual(descriptors, self.descriptors_of(server))
            self.assertLess(self.memory_of(server) - memory, 4096, "KiB more than before")
            self.assertEqual(["Pyro.NameServer", "a.name"], sorted(names.list()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
