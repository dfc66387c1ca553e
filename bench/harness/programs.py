"""The programs of the benchmarks: where they are, and how a server and a client are started on a core of their own and ended."""
import collections
import contextlib
import ctypes
import glob
import json
import os
import selectors
import shutil
import signal
import subprocess
import tempfile

import systems as registry

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
START_SECONDS = 20    # a server that has not said "ready" by then never will
CLIENT_SECONDS = 120  # more than the slowest client needs


Serving = collections.namedtuple("Serving", "address pid")


class Failure(Exception):
    """A benchmark that did not work; the text says which and why."""


def find_programs(top):
    built = glob.glob(os.path.join(top, "build*", "bench", "raw_server"))
    if not built:
        raise Failure("nothing is built: meson setup build-release --buildtype=release -Db_ndebug=true && ninja -C build-release")
    return os.path.dirname(max(built, key=os.path.getmtime))


def command(words, programs):
    return [word.replace("{programs}", programs) for word in words]


def is_there(system, programs):
    server = command(system.server, programs)
    if system.needs and not all(shutil.which(name) for name in system.needs):
        return False
    if server[0] == registry.PYTHON and not system.needs:
        probe = [registry.PYTHON, "-c", "import Pyro4, msgpack"]
        return os.path.exists(registry.PYTHON) and subprocess.run(probe, stderr=subprocess.DEVNULL).returncode == 0
    if not os.path.exists(server[0]) or not os.path.exists(command(system.client, programs)[0]):
        return False
    return not system.probe or subprocess.run(command(system.probe, programs), stderr=subprocess.DEVNULL).returncode == 0


def two_cores():
    """A core for the server and one for the client; (None, None) where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (None, None)


def start(words, core, **more):
    """Starts a program on its core; it ends with us, whatever becomes of us."""

    def prepare():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if core is not None:
            os.sched_setaffinity(0, {core})

    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYRO_")}
    return subprocess.Popen(words, preexec_fn=prepare, env=environment, text=True, **more)


def wait_until_ready(server, log):
    """The address that the server says it listens at."""
    with selectors.DefaultSelector() as selector:
        selector.register(server.stdout, selectors.EVENT_READ)
        line = server.stdout.readline() if selector.select(START_SECONDS) else ""
    if not line.startswith("ready "):
        raise Failure("the server did not start: " + tail(log))
    return line.split()[1]


def tail(log):
    log.seek(0)
    return log.read()[-500:].strip() or "it said nothing"


@contextlib.contextmanager
def running_server(system, workload, programs, core, folder):
    """A fresh server of the system; gives where it listens and its process. Throws Failure where it has died meanwhile."""
    words = command(system.server, programs)
    if not system.chooses_port:
        words.append("addr=" + ("./u:%s/socket" % folder if system.unix else "127.0.0.1:0"))
    if system.stores:
        words.append("storage=%s/stored" % folder)
    words += ["%s=%s" % pair for pair in {**system.server_settings, **workload.server_settings}.items()]
    with tempfile.TemporaryFile("w+") as log:
        server = start(words, core, stdout=subprocess.PIPE, stderr=log)
        try:
            yield Serving(wait_until_ready(server, log), server.pid)
            if server.poll() is not None:
                raise Failure("the server died: " + tail(log))
        finally:
            server.kill()
            server.wait()
            server.stdout.close()
            for left in os.listdir(folder):
                os.unlink(os.path.join(folder, left))


def run_client(system, workload, settings, serving, programs, core):
    words = command(system.client, programs) + [workload.name, "addr=" + serving.address]
    words += ["server_pid=%d" % serving.pid] if workload.watches_server else []
    words += ["%s=%s" % pair for pair in settings.items()]
    client = start(words, core, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, error = client.communicate(timeout=CLIENT_SECONDS)
    except subprocess.TimeoutExpired:
        client.kill()
        client.communicate()
        raise Failure("the client did not end")
    lines = [line for line in out.splitlines() if line.startswith("{")]
    if client.returncode != 0 or not lines:
        raise Failure("the client failed (%s): %s" % (client.returncode, error[-500:].strip()))
    result = json.loads(lines[-1])
    if not result["ops"]:
        raise Failure("the client finished not one operation")
    return result
