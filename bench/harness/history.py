"""The history of figures: bench/history.jsonl, one line per scenario and run, oldest first. Lines are only ever added.

What the micro benchmarks say is kept as Google Benchmark writes it, in bench/micro/results/, a file per program and run.
"""
import json
import os
import re


def append(path, rows):
    """Adds the lines in one write, so that a run that is cut off leaves none of them by half."""
    text = "".join(json.dumps(row) + "\n" for row in rows)
    with open(path, "a") as out:
        out.write(text)


def read(path):
    """The rows of a file of lines; throws ValueError with the number of the line that is none."""
    rows = []
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ValueError("%s, line %d: %s" % (path, number, error))
            if not isinstance(row, dict):
                raise ValueError("%s, line %d: not an object" % (path, number))
            rows.append(row)
    return rows


def micro_file(folder, facts, program):
    """Where the results of a micro benchmark of this run are kept: a name that sorts by time."""
    moment = re.sub(r"[^0-9T]", "", facts["date"].split("+")[0])
    return os.path.join(folder, "%s-%s-%s.json" % (moment, facts["commit"], program))


def without_paths(path):
    """Takes out of a kept file what says where it was made and not what was measured: the machine's name and the folder."""
    with open(path) as kept:
        said = json.load(kept)
    said["context"].pop("host_name", None)
    said["context"]["executable"] = os.path.basename(said["context"].get("executable", ""))
    with open(path, "w") as kept:
        json.dump(said, kept, indent=1)
        kept.write("\n")
