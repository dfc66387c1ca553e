"""Instructions of a call by callgrind: the signal without noise, the same on a busy machine and on an idle one.

A program is run with two numbers of calls; the difference, divided, is what one call costs, and the start is not in it. The kernel's
instructions are not counted.
"""
import re
import shutil
import subprocess
import tempfile

FEW, MANY = 1000, 3000


class CannotCount(Exception):
    """valgrind is missing or a program failed under it; the text says which."""


def counted(words):
    """All instructions of one run of a program. Throws CannotCount."""
    with tempfile.NamedTemporaryFile(prefix="callgrind-") as out:
        done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out.name, *words], capture_output=True, text=True, timeout=300)
    said = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode != 0 or not said:
        raise CannotCount("%s under valgrind (%d): %s" % (words[0], done.returncode, done.stderr[-500:].strip()))
    return int(said.group(1))


def per_call(words):
    return (counted([*words, "count=%d" % MANY]) - counted([*words, "count=%d" % FEW])) / (MANY - FEW)


def row(system, workload, words, repetitions):
    if not shutil.which("valgrind"):
        raise CannotCount("valgrind is not installed")
    values = sorted(per_call(words) for _ in range(repetitions))
    return {"system": system, "workload": workload, "value": values[len(values) // 2], "unit": "instructions", "min": values[0], "max": values[-1], "reps": values}


def server_rows(programs, repetitions=1):
    """Frame to frame on the server: decode, dispatch, encode."""
    for format in ("msgpack", "serpent"):
        yield row("engine-" + format, "instructions_server", [programs + "/instructions_server", "serializer=" + format], repetitions)


def client_row(system, programs, address, repetitions=3):
    """A synchronous call in the client, whose server runs elsewhere: waiting takes a different way now and then, so the median counts."""
    return row(system, "instructions_client", [programs + "/engine_client", "counted_calls", "addr=" + address], repetitions)
