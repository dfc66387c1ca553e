"""What scripts/bench compares: the workloads and the systems that run them. What is promised of them is in promises.py.

A system is two command lines that keep to the conventions of docs/benchmarks.md. One whose programs have not been built (or
whose Python package is missing) is left out of a run, and the run says so.
"""
import os
from dataclasses import dataclass, field

BENCH = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"  # where the distribution installs Pyro4
WINDOWS = (64, 256, 1024)    # calls in flight; the best one counts
BESIDE = ("achieved_per_s", "burst_calls_per_s", "blob_mb_per_s", "alone_p50_us", "of_alone", "client_bytes_per_idle", "server_bytes_per_idle", "calls_per_core_s")  # what else a client reports; the median is kept
SETTINGS = ("window", "conns", "rate", "mb", "kb")  # kept with a figure
SIZES = tuple({"kb": 64 << shift} for shift in (0, 4, 8, 12, 14))  # 64 KB to 1 GB
PERCENTILES = ("p50_us", "p90_us", "p99_us", "p999_us", "max_us")  # what a client reports where it timed single calls


@dataclass(frozen=True)
class Workload:
    name: str
    settings: tuple = ({},)        # each is measured, the best median counts
    smoke_settings: tuple = ({},)
    longest: float = 1e9           # seconds a measurement may take, whatever was asked for
    sweep: bool = False            # each of the settings is a figure of its own; none is the best
    both_cores: bool = False       # server and client share all cores instead of having one each
    server_settings: dict = field(default_factory=dict)
    watches_server: bool = False   # the client is told the server's process, to see what it takes of the processor


WORKLOADS = (
    Workload("sync_call"),
    Workload("pipelined_call", tuple({"window": w} for w in WINDOWS), ({"window": 64},)),
    # Longer would run out of ports: a closed connection holds its client port for a while.
    Workload("connect", longest=0.5),
    Workload("many_connections", ({"conns": 1000},), ({"conns": 20},)),
    # A load that each of its systems can carry: what is compared is how long calls take, from when they were due.
    Workload("steady_load", ({"conns": 10000, "rate": 20000},), ({"conns": 20, "rate": 500},)),
    Workload("idle_crowd", ({"conns": 10000},), ({"conns": 20},)),
    Workload("mixed", both_cores=True, server_settings={"cores": 2}),
    Workload("one_core", ({"window": 256},), ({"window": 16},), both_cores=True, server_settings={"cores": 1}, watches_server=True),
    Workload("two_cores", ({"window": 256},), ({"window": 16},), both_cores=True, server_settings={"cores": 2}, watches_server=True),
    Workload("huge", ({"mb": 256},), ({"mb": 1},)),
    Workload("blob_up", SIZES, ({"kb": 64},), sweep=True),
    Workload("blob_down", SIZES, ({"kb": 64},), sweep=True),
    Workload("oneway"),
    Workload("batched"),
    Workload("stream"),
    Workload("lookup", smoke_settings=({"names": 20},)),
    Workload("lookup_pipelined", tuple({"window": w} for w in WINDOWS), ({"window": 64, "names": 20},)),
    Workload("register", tuple({"window": w} for w in WINDOWS), ({"window": 64},)),
)
NAMES = ("lookup", "lookup_pipelined", "register")


@dataclass(frozen=True)
class System:
    name: str
    server: tuple
    client: tuple
    unix: bool = False
    server_settings: dict = field(default_factory=dict)
    client_settings: dict = field(default_factory=dict)     # for every workload
    workload_settings: dict = field(default_factory=dict)   # workload -> settings that replace those of the workload
    workloads: tuple = tuple(w.name for w in WORKLOADS if w.name not in NAMES)
    chooses_port: bool = False                              # the server takes no addr=
    stores: bool = False                                    # the server is given a file to keep things in
    needs: tuple = ()                                       # commands that must be installed
    probe: tuple = ()                                       # a command line that fails where the machine cannot run it


FLOORS = ("sync_call", "pipelined_call", "connect", "many_connections", "huge", "blob_up", "blob_down", "batched")
ONE_THREAD = FLOORS + ("steady_load", "idle_crowd")       # ten thousand threads would be another scenario
THREADS = FLOORS + ("mixed",)                # one thread would not use the second core
SMALL = ("sync_call", "pipelined_call", "connect", "many_connections", "batched")  # what another way to wait and to receive can change
BY_MODE = {"blocking": THREADS, "epoll": ONE_THREAD, "uring": SMALL}


CORES = ("one_core", "two_cores")


def raw(name, mode, spin=0, **more):
    workloads = BY_MODE[mode] + (CORES if mode == "epoll" and not spin else ())
    return System(name, ("{programs}/raw_server",), ("{programs}/raw_client",), server_settings={"mode": mode, "spin": spin},
                  client_settings={"spin": spin}, workloads=workloads, probe=("{programs}/raw_server", "mode=uring", "probe=1") if mode == "uring" else (), **more)


def ours(name, spin=0, shared=0, **more):
    # With spinning on both sides and several clients there are more busy threads than cores: no floor does that either.
    how = {"spin": spin, "shared": shared}
    return System(name, ("{programs}/engine_server",), ("{programs}/engine_client",), server_settings=how, client_settings=how,
                  workloads=tuple(w.name for w in WORKLOADS if w.name not in NAMES and not (spin and w.name in ("mixed",) + CORES)), **more)


def names(name, spin=0, **more):
    return System(name, ("{programs}/names_server",), ("{programs}/names_client",), server_settings={"spin": spin},
                  client_settings={"spin": spin}, workloads=NAMES, **more)


# A competitor's server and client are in its folder, and built when its library is installed.
def peer(name, workloads, server=None, **more):
    program = "{programs}/%s/%s_" % (name, name)
    return System(name, server or (program + "server",), (program + "client",), workloads=workloads, **more)


# Asked by our client, which is the same for each: what differs is the server. A larger window does not help it.
def pyros_names(name, window, **more):
    return System(name, (PYTHON, BENCH + "/names/pyro4.py"), ("{programs}/names_client",), chooses_port=True, workloads=NAMES,
                  workload_settings={w: ({"window": window},) for w in ("lookup_pipelined", "register")}, **more)


SYSTEMS = (
    raw("tcp-blocking", "blocking"),
    ours("engine-tcp"),
    raw("tcp-epoll", "epoll"),
    raw("tcp-epoll-spin", "epoll", spin=1),
    raw("tcp-uring-spin", "uring", spin=1),
    ours("engine-tcp-spin", spin=1),
    ours("engine-tcp-shared-spin", spin=1, shared=1),
    raw("unix-blocking", "blocking", unix=True),
    ours("engine-unix", unix=True),
    raw("unix-epoll", "epoll", unix=True),
    raw("unix-epoll-spin", "epoll", spin=1, unix=True),
    raw("unix-uring-spin", "uring", spin=1, unix=True),
    ours("engine-unix-spin", spin=1, unix=True),
    ours("engine-shared-spin", spin=1, unix=True, shared=1),
    # Pyro4 as installed, with the serializer that is its fastest in each workload. Its client is blocking, so it cannot drive
    # many connections; its window is a number of threads.
    System("pyro4", (PYTHON, BENCH + "/pyro4/server.py"), (PYTHON, BENCH + "/pyro4/client.py"), chooses_port=True,
           client_settings={"serializer": "marshal"}, workloads=("sync_call", "pipelined_call", "connect", "huge", "blob_up", "blob_down", "oneway", "batched", "stream"),
           workload_settings={"blob_up": SIZES[:-1], "blob_down": SIZES[:-1],  # a gigabyte takes it half a minute
                              "pipelined_call": ({"window": 64},), "connect": ({"serializer": "msgpack"},), "batched": ({"serializer": "msgpack"},)}),
    names("engine-ns"),
    names("engine-ns-spin", spin=1),
    pyros_names("pyro4-ns", window=64),
    names("engine-ns-sql", stores=True),
    names("engine-ns-sql-spin", spin=1, stores=True),
    pyros_names("pyro4-ns-sql", window=8, stores=True),
    peer("redis", ("sync_call", "pipelined_call", "connect", "huge"), server=(PYTHON, BENCH + "/redis/server.py"), chooses_port=True, needs=("redis-server",)),
    peer("nng", ("sync_call", "pipelined_call", "connect", "huge", "oneway")),
    peer("capnp", ("sync_call", "pipelined_call", "connect", "huge")),
    peer("omniorb", ("sync_call", "huge", "oneway")),
    peer("ice", ("sync_call", "pipelined_call", "connect", "huge", "oneway")),
    peer("grpc", ("sync_call", "pipelined_call", "connect", "huge")),
    System("zeromq", ("{programs}/zmq_server",), ("{programs}/zmq_client",), workloads=("sync_call", "pipelined_call", "oneway")),
)
