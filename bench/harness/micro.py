"""The programs of Google Benchmark: which are there, how each is started, and where what it says is kept."""
import fnmatch
import glob
import os

from . import history
from .programs import Failure, start, two_cores

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEPT = os.path.join(BENCH, "micro", "results")


def chosen(programs, only=""):
    """The built programs whose names match one of the comma-separated patterns. Throws Failure where there is none."""
    found = [p for p in sorted(glob.glob(os.path.join(programs, "micro_*"))) if os.access(p, os.X_OK) and os.path.isfile(p)]
    matching = [p for p in found if not only or any(fnmatch.fnmatch(os.path.basename(p), pattern) for pattern in only.split(","))]
    if not matching:
        raise Failure("no micro benchmark is built, or --only matches none of them")
    return matching


def command(program):
    """The documents of one of them are dumped by Python."""
    if os.path.basename(program) != "micro_python_dumps":
        return [program]
    return [os.path.join(BENCH, "micro", "python_serializers.py"), "dumps", program]


def run(programs, seconds, now, folder=None):
    """Runs each, and keeps its JSON in the folder, if any: a file per program and run. Throws Failure; what was kept before stays."""
    if folder:
        os.makedirs(folder, exist_ok=True)
    for program in programs:
        name = os.path.basename(program)
        kept = folder and history.micro_file(folder, now, name)
        words = command(program) + ["--benchmark_min_time=%g" % seconds]
        if kept:
            words += ["--benchmark_out=" + kept, "--benchmark_out_format=json", "--benchmark_context=commit=" + now["commit"]]
        if start(words, two_cores()[1]).wait() != 0:
            if kept and os.path.exists(kept):
                os.unlink(kept)
            raise Failure(name + " failed")
        if kept:
            history.without_paths(kept)
