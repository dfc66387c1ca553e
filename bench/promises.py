"""What the project promises of its figures: the rows of "Ahead of every peer", and what the name server is held to.

A promise is a ratio of two figures of one run, or a plain figure. `reached()` says what a run's rows make of it; `harness/report.py` makes the
table of the rows from the newest runs.
"""
from dataclasses import dataclass

from systems import SYSTEMS

ENGINE_TCP = ("engine-tcp", "engine-tcp-spin")
AS_BY_DEFAULT = "engine-tcp-shared-spin"  # two of our programs on one machine; the others are kept to their sockets
RAW_TCP_SPIN = ("tcp-epoll-spin", "tcp-uring-spin")
RAW_TCP = ("tcp-blocking", "tcp-epoll") + RAW_TCP_SPIN
ENGINE_UNIX = ("engine-unix", "engine-unix-spin")
ENGINE_SHARED = ("engine-shared-spin",)
RAW_UNIX_SPIN = ("unix-epoll-spin", "unix-uring-spin")
RAW_UNIX = ("unix-blocking", "unix-epoll") + RAW_UNIX_SPIN
ENGINE_NS = ("engine-ns", "engine-ns-spin")
ENGINE_NS_SQL = ("engine-ns-sql", "engine-ns-sql-spin")
PEERS = tuple(s.name for s in SYSTEMS if not s.name.startswith(("engine-", "tcp-", "unix-")) and "-ns" not in s.name)


@dataclass(frozen=True)
class Promise:
    """The best of `ours` reaches at least `factor` times the best of `theirs`; without `theirs` it reaches `factor` itself, in the workload's unit."""
    workload: str
    ours: tuple
    theirs: tuple
    factor: float
    floor: tuple = ()      # printed beside it: what the same ratio is without any protocol, the most that can be had
    beside: str = ""       # the workload of `theirs`, where that is another
    key: str = "value"     # which figure of a row
    loss_from: str = ""    # not the figures are compared but each one's ratio to its own in this workload: a loss is allowed where `theirs` lose as well
    at_most: bool = False  # less is better
    each: bool = False     # of every figure that the rows name, not of the best: the one that gains the least counts
    says: str = ""         # in the table: what the ratio is to, or the plain figure's words

    @property
    def their_workload(self):
        return self.beside or self.workload


@dataclass(frozen=True)
class Reached:
    value: float = None  # None: not measured, `lacking` says of whom
    kept: bool = False
    mine: str = ""
    theirs: str = ""
    others: int = 0      # how many of `theirs` were measured
    lacking: tuple = ()
    floor: tuple = ()    # (system, ratio)


@dataclass(frozen=True)
class Row:
    """A row of the table: a scenario and all that it must reach."""
    scenario: str
    musts: tuple


NO_LOSS = 0.95  # of what a server's second core costs, ours beside the floor's: where servers and clients share two cores, medians scatter by this much


def per_core(ours, raw, transport):
    return Promise("two_cores", (ours,), (raw,), NO_LOSS, key="calls_per_core_s", loss_from="one_core", says="what the raw floor keeps, " + transport)


ROWS = (
    Row("synchronous call, spinning, TCP", (Promise("sync_call", ("engine-tcp-spin",), RAW_TCP_SPIN, 0.92, says="the raw floor"),
                                            Promise("sync_call", ("engine-tcp-spin", AS_BY_DEFAULT), PEERS, 9, says="the best peer"))),
    Row("synchronous call, spinning, Unix socket", (Promise("sync_call", ("engine-unix-spin",), RAW_UNIX_SPIN, 0.88, says="the raw floor"),)),
    Row("synchronous call, nobody spins", (Promise("sync_call", ("engine-tcp",), ("tcp-blocking",), 0.97, says="the blocking raw floor"),)),
    Row("pipelined typed calls", (Promise("pipelined_call", ENGINE_TCP, (), 5e6),
                                  Promise("pipelined_call", ("engine-tcp-spin",), RAW_TCP_SPIN, 0.2, says="the raw floor"),
                                  Promise("pipelined_call", ENGINE_TCP + (AS_BY_DEFAULT,), ("redis",), 2.5, says="redis"))),
    Row("oneway calls", (Promise("oneway", ENGINE_TCP, (), 8e6), Promise("oneway", ENGINE_TCP, ("zeromq",), 1.5, says="ZeroMQ"))),
    Row("batched calls with results", (Promise("batched", ENGINE_TCP, (), 12e6), Promise("batched", ENGINE_TCP, RAW_TCP, 0.5, says="the raw floor"))),
    Row("items of a stream", (Promise("stream", ENGINE_TCP, (), 5e6),)),
    Row("connect and one call", (Promise("connect", ENGINE_TCP, RAW_TCP_SPIN, 0.9, says="the spinning raw floor"),)),
    Row("1,000 connections", (Promise("many_connections", ENGINE_TCP, RAW_TCP, 0.95, says="the better raw floor, TCP"),
                              Promise("many_connections", ENGINE_UNIX, RAW_UNIX, 0.95, says="the better raw floor, Unix"))),
    Row("a blob of 256 MB", (Promise("huge", ENGINE_TCP, RAW_TCP, 0.95, says="the better raw floor, TCP"),
                             Promise("huge", ENGINE_UNIX + ENGINE_SHARED, RAW_UNIX, 0.9, says="the better raw floor, Unix"),
                             Promise("huge", ENGINE_TCP, PEERS, 3, says="the best peer"))),
    Row("two server cores against one, calls per core", (per_core("engine-tcp", "tcp-epoll", "TCP"), per_core("engine-unix", "unix-epoll", "Unix"))),
    Row("small call on the server, msgpack, frame to reply", (Promise("micro_dispatch:small_call/msgpack", ("engine",), (), 60, at_most=True),)),
    Row("serpent of 1 MB decoded", (Promise("micro_serializers:serpent/mixed/decode MB/s", ("engine",), (), 300),)),
    Row("unmodified Python clients", (Promise("python_clients", ("engine-python",), ("pyro4-python",), 1, each=True, says="Python's server, every figure"),)),
)
NAME_SERVER = (
    Promise("lookup", ("engine-ns-spin",), ("engine-tcp-spin",), 0.75, beside="sync_call"),
    Promise("lookup_pipelined", ENGINE_NS, ("pyro4-ns",), 10),
    Promise("lookup_pipelined", ENGINE_NS, (), 1_000_000),
    Promise("lookup_pipelined", ENGINE_NS_SQL, (), 500_000),
    Promise("register", ENGINE_NS_SQL, ("pyro4-ns-sql",), 20),
)
SHARED_MEMORY = (Promise("sync_call", ENGINE_SHARED, (), 1e6), Promise("sync_call", ENGINE_SHARED, PEERS, 9), Promise("huge", ENGINE_SHARED, RAW_UNIX, 1))
BESIDE_PYRO4 = tuple(Promise(w, ENGINE_TCP, ("pyro4",), 10, RAW_TCP) for w in ("sync_call", "pipelined_call", "huge", "oneway", "stream"))
ALL = tuple(must for row in ROWS for must in row.musts) + SHARED_MEMORY + BESIDE_PYRO4 + NAME_SERVER


def best_of(names, workload, values):
    """(value, system) of the fastest one that was measured, or None."""
    return max(((values[n, workload], n) for n in names if (n, workload) in values), default=None)


def reached(promise, rows):
    """What the rows of one run make of a promise."""
    if promise.each:
        return least_of_each(promise, rows)
    values = {(r["system"], r["workload"]): r[promise.key] for r in rows if "kb" not in r and "figure" not in r and promise.key in r}
    if promise.loss_from:
        values = {(s, w): v / values[s, promise.loss_from] for (s, w), v in values.items() if w == promise.workload and values.get((s, promise.loss_from))}
        values.update({(s, w): min(v, 1) for (s, w), v in values.items() if s in promise.theirs})  # who gains loses nothing
    mine = best_of(promise.ours, promise.workload, values)
    theirs = best_of(promise.theirs, promise.their_workload, values)
    if mine is None or (promise.theirs and (theirs is None or not theirs[0])):
        return Reached(lacking=promise.ours if mine is None else promise.theirs)
    if not promise.theirs:
        return Reached(mine[0], mine[0] <= promise.factor if promise.at_most else mine[0] >= promise.factor, mine[1])
    floor = best_of(promise.floor, promise.workload, values)
    ratio = mine[0] / theirs[0]
    return Reached(ratio, ratio >= promise.factor, mine[1], theirs[1], sum((n, promise.their_workload) in values for n in promise.theirs), floor=(floor[1], floor[0] / theirs[0]) if floor else ())


def least_of_each(promise, rows):
    """The ratio of the figure that gains the least; `mine` names it."""
    values = {(r["system"], r["figure"]): r["value"] for r in rows if r["workload"] == promise.workload and "figure" in r}
    (ours,), (theirs,) = promise.ours, promise.theirs
    figures = sorted({figure for _, figure in values})
    lacking = tuple(name for name in (ours, theirs) if not figures or not all(values.get((name, figure)) for figure in figures))
    if lacking:
        return Reached(lacking=lacking)
    least, figure = min((values[ours, figure] / values[theirs, figure], figure) for figure in figures)
    return Reached(least, least >= promise.factor, figure, theirs)
