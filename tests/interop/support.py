"""What the interop tests share: starting real programs, waiting for what they print, stopping them cleanly.

Programs are found below ENGINE_BUILD_ROOT. Everything waits for an event and has a limit; ports are always free ones. Without a
Pyro4 package for this Python the tests are skipped (exit code 77).
"""
import codecs
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest

try:
    import Pyro4
    import Pyro4.core
    import Pyro4.errors
    import Pyro4.util
except ImportError as missing:
    print("skipped: Pyro4 is not installed for %s (%s)" % (sys.executable, missing))
    sys.exit(77)

from rows import described

LIMIT = 20
HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = "/usr/share/doc/pyro4/examples"
BOTH = ("serpent", "msgpack")
ALL = ("serpent", "json", "marshal", "msgpack")
URI = re.compile(r"PYRO:\S+(?=\s)")  # all of it has come


def built(path):
    return os.path.join(os.environ["ENGINE_BUILD_ROOT"], path)


def environment(**changes):
    """This process's environment without Pyro's settings, but with `changes`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYRO_")}
    kept.update({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore", "PYTHONUNBUFFERED": "1", "TZ": "UTC"} | changes)
    return kept


class Program:
    """A running program. Its output is collected as it comes, so it never blocks on a full pipe."""

    def __init__(self, command, cwd=None, pass_fds=(), **changes):
        self.name = os.path.basename(command[-1 if command[0] == sys.executable else 0])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        cwd=cwd, pass_fds=pass_fds, env=environment(**changes))
        self.changed = threading.Condition()
        self.out, self.err = [], []
        self.open = 2
        self.readers = [threading.Thread(target=self._collect, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for reader in self.readers:
            reader.start()

    def _collect(self, stream, parts):
        """Questions as well, which end without a newline."""
        text = codecs.getincrementaldecoder("utf-8")("replace")
        while part := os.read(stream.fileno(), 1 << 16):
            with self.changed:
                parts.append(text.decode(part))
                self.changed.notify_all()
        stream.close()
        with self.changed:
            self.open -= 1
            self.changed.notify_all()

    def said(self):
        return "--- %s printed:\n%s--- and to stderr:\n%s" % (self.name, "".join(self.out), "".join(self.err))

    def port(self):
        """The TCP port of IPv4 at which it accepts connections; None before it does."""
        sockets = set()
        for descriptor in os.scandir("/proc/%d/fd" % self.process.pid):
            with contextlib.suppress(FileNotFoundError):  # it is opened and closed meanwhile
                sockets.add(os.readlink(descriptor.path))
        with open("/proc/net/tcp") as table:
            for _, local, _, state, *others in map(str.split, table):
                if state == "0A" and "socket:[%s]" % others[5] in sockets:
                    return int(local.rpartition(":")[2], 16)
        return None

    def type(self, text):
        """What a person would type meanwhile."""
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def wait_for(self, pattern, count=1, of=None):
        """The `count`th match of `pattern` in the program's output, or what it wrote to stderr (of=program.err)."""
        def found():
            return list(re.finditer(pattern, "".join(self.out if of is None else of)))
        with self.changed:
            good = self.changed.wait_for(lambda: len(found()) >= count or self.open == 0, LIMIT)
            matches = found()
        if not good or len(matches) < count:
            self.kill()
            raise AssertionError("%r did not come\n%s" % (pattern, self.said()))
        return matches[count - 1]

    def uri(self, count=1):
        return self.wait_for(URI.pattern, count).group()

    def finish(self, typed="", code=0):
        """Feeds stdin, waits for the end, returns what was printed."""
        try:
            if not self.process.stdin.closed:
                self.process.stdin.write(typed)
                self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            got = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("did not end\n" + self.said())
        self._drain()
        if code is not None and got != code:
            raise AssertionError("exit code %d instead of %d\n%s" % (got, code, self.said()))
        return "".join(self.out)

    def stop(self):
        """SIGTERM, after which a server of ours must end with 0. Python's dies of it."""
        python = self.process.args[0] == sys.executable
        if self.process.poll() is None:
            if not python:
                wait_until(self._handles_sigterm, "%s handles SIGTERM" % self.name)
            self.process.send_signal(signal.SIGTERM)
        self.finish(code=None if python else 0)

    def _handles_sigterm(self):
        """Whether it has got as far as run(), which is where daemons of ours begin to handle signals; or has ended."""
        with open("/proc/%d/status" % self.process.pid) as status:
            caught = re.search(r"SigCgt:\s*(\w+)", status.read())
        return self.process.poll() is not None or int(caught.group(1), 16) >> (signal.SIGTERM - 1) & 1

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LIMIT)
        self._drain()

    def _drain(self):
        for reader in self.readers:
            reader.join(LIMIT)
        if not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass


def python(*arguments, **changes):
    return Program([sys.executable, *arguments], **changes)


class InteropTest(unittest.TestCase):
    """Programs started by a test or a class end with it."""
    maxDiff = None
    longMessage = True

    def start(self, program):
        self.addCleanup(program.stop)
        return program

    @classmethod
    def start_for_all(cls, program):
        cls.addClassCleanup(program.stop)
        return program

    def setUp(self):
        Pyro4.config.reset(False)

    def proxy(self, uri, serializer="serpent", timeout=LIMIT):
        made = Pyro4.core.Proxy(uri)
        made._pyroSerializer = serializer
        made._pyroTimeout = timeout
        self.addCleanup(made._pyroRelease)
        return made


def peer_server(*options, **changes):
    """Our server with the object of peer_server.cpp."""
    changes.setdefault("PYRO_SERIALIZERS_ACCEPTED", "serpent,msgpack,json,marshal,pickle")
    return Program([built("tests/interop/peer_server"), *options], **changes)


def mirror_server(*options, **changes):
    """Pyro4's server with the same object in Python."""
    changes.setdefault("PYRO_SERIALIZERS_ACCEPTED", "serpent,msgpack,json,marshal,pickle")
    return python(os.path.join(HERE, "peer_mirror.py"), *options, **changes)


def connected(uri):
    """A connection without a handshake."""
    where = Pyro4.core.URI(uri)
    return Pyro4.socketutil.SocketConnection(Pyro4.socketutil.createSocket(connect=(where.host, where.port), timeout=LIMIT))


def name_server():
    """Pyro4's own, and the environment by which programs find it."""
    server = python("-m", "Pyro4.naming", "-n", "127.0.0.1", "-p", "0", "-x")
    port = server.wait_for(r"URI = PYRO:Pyro.NameServer@127.0.0.1:(\d+)").group(1)
    return server, {"PYRO_NS_HOST": "127.0.0.1", "PYRO_NS_PORT": port}


def register(names, where, uri):
    python("-m", "Pyro4.nsc", "register", where, uri, **names).finish()


def outcome(call):
    """What came of a call, in a form that compares: types count, nan is itself, errors are class and text."""
    try:
        return described(call())
    except Exception as error:
        return "raised %s: %s" % (type(error).__name__, error)


def wait_until(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("never: " + what)
        time.sleep(0.01)
