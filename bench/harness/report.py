"""The table of "Ahead of every peer": each row with what it must reach and what the newest runs reached.

A ratio is made within one run; different rows may come from different runs, and which they were is said below the table. The figures of the
micro benchmarks, which Google Benchmark wrote, become rows as those of any other system.
"""
import os
import re
import statistics
from dataclasses import dataclass

import promises
import systems
from dashboard import model

from .tables import short


def micro_rows(name, context, benchmarks):
    """A row for the time of each benchmark, and one for its bytes per second. `name`: of the file, which ends with the program's."""
    program = re.sub(r"^.*-|\.json$", "", os.path.basename(name))
    about = {key: str(context.get(key, "unknown")) for key in ("date", "commit")}
    found = {}
    for each in benchmarks:
        found.setdefault((each["name"], each.get("time_unit", "ns")), []).append(model.micro_time(each))
        if isinstance(each.get("bytes_per_second"), (int, float)):
            found.setdefault((each["name"] + " MB/s", "MB/s"), []).append(each["bytes_per_second"] / 1e6)
    return [{"system": "engine", "workload": "%s:%s" % (program, benchmark), "value": statistics.median(values), "unit": unit, **about}
            for (benchmark, unit), values in found.items()]


def newest(promise, rows):
    """What the newest of the runs in which it was measured makes of a promise, and a row of that run."""
    by_run = {}
    for row in rows:
        if row["workload"] in (promise.workload, promise.their_workload, promise.loss_from) and not row.get("compared"):
            by_run.setdefault(str(row.get("date", "")), []).append(row)
    for date in sorted(by_run, reverse=True):
        reached = promises.reached(promise, by_run[date])
        if reached.value is not None:
            return reached, next(r for r in by_run[date] if r["workload"] == promise.workload)
    return promises.reached(promise, []), None


def wanted(promise, unit):
    if promise.theirs:
        return "%g × %s" % (promise.factor, promise.says)
    return "{:,.0f} {}{}".format(promise.factor, unit, " at most" if promise.at_most else "")


def shown(promise, reached, unit):
    """What was reached, and where that is not said already beside whom: two texts."""
    if reached.value is None:
        return "not measured", ""
    figure = "%.3g ×" % reached.value if promise.theirs else "%s %s" % (short(reached.value), unit)
    if promise.each:
        return figure, reached.mine
    words = ["through shared memory"] if "shared" in reached.mine else []
    words += [beside(promise, reached)] if len(promise.theirs) > 1 else []
    return figure, "; ".join(words)


def beside(promise, reached):
    """The best of the others, and how many there were where some of them are missing: the best of few flatters."""
    able = [s.name for s in systems.SYSTEMS if s.name in promise.theirs and promise.their_workload in s.workloads]
    return reached.theirs if reached.others == len(able) else "%s, the best of %d of %d" % (reached.theirs, reached.others, len(able))


UNITS = {"micro_dispatch": "ns", "micro_serializers": "MB/s", "stream": "items/s"}  # where nothing was measured that would say it


@dataclass(frozen=True)
class Cell:
    """One condition of a row. `state`: pass, short, or - where it was not measured."""
    wanted: str
    figure: str
    beside: str
    state: str

    def markdown(self):
        return ("**%s**" if self.state == "short" else "%s") % self.figure + (" (%s)" % self.beside if self.beside else "")


@dataclass(frozen=True)
class Entry:
    """One row of the table, and the runs that it was made of, in words."""
    scenario: str
    cells: tuple
    runs: tuple

    @property
    def outcome(self):
        return next((s for s in ("short", "-") if s in [cell.state for cell in self.cells]), "pass")


def entry(row, rows):
    cells, runs = [], []
    for promise in row.musts:
        reached, source = newest(promise, rows)
        unit = source["unit"] if source else UNITS.get(promise.workload.partition(":")[0], "calls/s")
        cells.append(Cell(wanted(promise, unit), *shown(promise, reached, unit), "-" if reached.value is None else "pass" if reached.kept else "short"))
        runs += [run_words(source)] if source else []
    return Entry(row.scenario, tuple(cells), tuple(dict.fromkeys(runs)))


def entries(rows):
    return [entry(row, rows) for row in promises.ROWS]


def lines(rows):
    """The table as Markdown, then what is short, then the runs."""
    yield from ("| scenario | must reach | reached | |", "|---|---|---|---|")
    told = entries(rows)
    for each in told:
        yield "| %s | %s | %s | %s |" % (each.scenario, "; ".join(c.wanted for c in each.cells), "; ".join(c.markdown() for c in each.cells), each.outcome)
    yield ""
    yield "%d of %d rows pass; what is bold is short." % (sum(each.outcome == "pass" for each in told), len(told))
    notes = [("short", [e.scenario for e in told if e.outcome == "short"]), ("not wholly measured", [e.scenario for e in told if e.outcome == "-"])]
    notes += [(run, [e.scenario for e in told if run in e.runs]) for run in dict.fromkeys(run for e in told for run in e.runs)]
    yield from ("- %s: %s" % (words, "; ".join(scenarios)) for words, scenarios in notes if scenarios)


def run_words(row):
    return "commit %s%s on %s%s" % (row.get("commit", "unknown"), " with changes" if row.get("dirty") else "", str(row.get("date", "an unknown day"))[:16].replace("T", " "),
                                    ", load %s" % row["load"] if "load" in row else "")
