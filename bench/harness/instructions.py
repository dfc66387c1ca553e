"""Instructions of a call by callgrind: the signal without noise, the same on a busy machine and on an idle one.

A program is run with two numbers of calls; the difference, divided, is what one call costs, and the start is not in it. The kernel's
instructions are not counted. PATHS is what is counted: the server from frame to frame, the client of a server that runs elsewhere, the server of such a
client.
"""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass

from .programs import Failure, start, wait_until_ready

SECONDS = 120  # longer than the slowest run; a program that hangs under valgrind is ended


class CannotCount(Exception):
    """valgrind is missing or a program failed under it; the text says which."""


@dataclass(frozen=True)
class Path:
    """One hot path. `client` and `server` are words of command lines; where both are there, `counts` says which of them runs under callgrind."""
    system: str
    workload: str
    server: tuple = ()
    client: tuple = ()
    counts: str = "server"
    unix: bool = True
    few: int = 1000
    many: int = 3000


def frames(system, workload, *words):
    return Path(system, workload, server=("instructions_server", *words))


def of_client(workload, style, system="engine-unix", **more):
    return Path(system, workload, ("engine_server",), ("engine_client", "counted_calls", "style=" + style), counts="client", **more)


ITEMS = {"few": 20_000, "many": 60_000}  # the window of a stream has grown to its size by then
# The server's calls that are no frame to frame: with epoll, since valgrind does not get along with its io_uring.
PATHS = tuple(frames("engine-" + format, "instructions_server", "serializer=" + format) for format in ("msgpack", "serpent", "json", "marshal", "pickle")) + (
    frames("engine-msgpack", "instructions_server_oneway", "style=oneway"),
    frames("engine-msgpack", "instructions_server_batch", "style=batch"),
    frames("engine-msgpack", "instructions_server_lookup", "style=lookup"),
    Path("engine-unix", "instructions_server_stream", ("engine_server", "backend=epoll"), ("engine_client", "counted_calls", "style=stream"), **ITEMS),
    of_client("instructions_client", "call"),
    of_client("instructions_client", "call", system="engine-tcp", unix=False),
    of_client("instructions_client_pipelined", "pipelined"),
    of_client("instructions_client_oneway", "oneway"),
    of_client("instructions_client_batch", "batch"),
    of_client("instructions_client_stream", "stream", **ITEMS),
    Path("engine-ns", "instructions_client_lookup", ("names_server",), ("names_client", "counted_lookups"), counts="client", unix=False),
)


def under_callgrind(words):
    return ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *words]


def collected(words, said):
    found = re.search(r"Collected\s*:\s*(\d+)", said)
    if not found:
        raise CannotCount("%s under valgrind: %s" % (words[0], said[-500:].strip()))
    return int(found.group(1))


def counted(words):
    """All instructions of one run of a program. Throws CannotCount."""
    try:
        done = subprocess.run(under_callgrind(words), capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as why:
        raise CannotCount("%s under valgrind: %s" % (words[0], why))
    if done.returncode != 0:
        raise CannotCount("%s under valgrind (%d): %s" % (words[0], done.returncode, done.stderr[-500:].strip()))
    return collected(words, done.stderr)


@contextlib.contextmanager
def listening(words, log):
    """A server that listens; gives the process and its address, and ends it."""
    server = start(words, None, stdout=subprocess.PIPE, stderr=log)
    try:
        yield server, wait_until_ready(server, log)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def all_of(path, programs, count):
    """Instructions of a run with so many calls. Throws CannotCount."""
    place = lambda words: [os.path.join(programs, words[0]), *words[1:]]
    if not path.client:
        return counted([*place(path.server), "count=%d" % count])
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, tempfile.TemporaryFile("w+") as log:
        server = [*place(path.server), "addr=" + ("./u:%s/socket" % folder if path.unix else "127.0.0.1:0")]
        client = [*place(path.client), "count=%d" % count]
        try:
            with listening(under_callgrind(server) if path.counts == "server" else server, log) as (process, address):
                client.append("addr=" + address)
                if path.counts == "client":
                    return counted(client)
                subprocess.run(client, check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)
                process.send_signal(signal.SIGTERM)
                process.wait(SECONDS)
        except (Failure, OSError, subprocess.SubprocessError) as why:
            raise CannotCount(str(why))
        log.seek(0)
        return collected(server, log.read())


def per_call(path, programs):
    """Throws CannotCount."""
    if not shutil.which("valgrind"):
        raise CannotCount("valgrind is not installed")
    return (all_of(path, programs, path.many) - all_of(path, programs, path.few)) / (path.many - path.few)


def row(path, programs, repetitions):
    """A line for the history. A client's wait takes another way now and then, so the median of the repetitions counts."""
    values = sorted(per_call(path, programs) for _ in range(repetitions if path.client else 1))
    return {"system": path.system, "workload": path.workload, "value": round(values[len(values) // 2], 1), "unit": "instructions", "min": values[0], "max": values[-1], "reps": values}
