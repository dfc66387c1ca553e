"""Time, latency percentiles and the one JSON line of a benchmark client: the twin of measure.hpp for competitors in Python."""
import json
import sys
import time

now = time.perf_counter  # seconds


def settings():
    """The key=value arguments of this program."""
    return dict(argument.split("=", 1) for argument in sys.argv[1:] if "=" in argument)


class Timing:
    """A warm-up that is not counted, then a timed window. Settings: `warm` and `secs`, in seconds.

    The window stays open until something was counted, so that a tiny run on a busy machine ends with a number too.
    """

    def __init__(self, given):
        self.now = now()
        self.warm = self.now + float(given.get("warm", 0.2))
        self.end = self.warm + float(given.get("secs", 0.5))
        self.start = None
        self.operations = 0
        self.latencies = []

    def running(self):
        return self.now < self.end or self.operations == 0

    def finished(self, operations):
        """So many operations have finished now."""
        self.now = now()
        if self.start is not None:
            self.operations += operations
        elif self.now > self.warm:
            self.start = self.now

    def finished_call(self, started):
        """One operation that began at `started` has finished now."""
        counted = self.start is not None
        self.finished(1)
        if counted:
            self.latencies.append(self.now - started)

    def per_second(self):
        return self.operations / (self.now - self.start) if self.operations else 0.0


class WholeRun:
    """For what can only be counted at its end: the time until the last operation has finished counts. Setting: `secs`."""

    def __init__(self, given):
        self.start = now()
        self.end = self.start + float(given.get("secs", 0.5))
        self.operations, self.latencies, self.ended = 0, (), self.start

    def running(self):
        return now() < self.end

    def finished(self, operations):
        self.ended, self.operations = now(), operations

    def per_second(self):
        return self.operations / (self.ended - self.start)


def report(workload, value, unit, answer, operations, latencies=()):
    """Prints the result line. `answer` is what the server computed; scripts/bench compares it between competitors."""
    line = {"workload": workload, "value": round(value, 2), "unit": unit}
    if latencies:
        ordered = sorted(latencies)
        for name, p in (("p50_us", 0.5), ("p90_us", 0.9), ("p99_us", 0.99), ("p999_us", 0.999), ("max_us", 1)):
            line[name] = round(ordered[min(len(ordered) - 1, int(len(ordered) * p))] * 1e6, 2)
    line.update(ops=operations, answer=answer)
    print(json.dumps(line), flush=True)


def report_timing(workload, unit, answer, clock):
    report(workload, clock.per_second(), unit, answer, clock.operations, clock.latencies)
