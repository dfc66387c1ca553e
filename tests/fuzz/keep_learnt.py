#!/usr/bin/python3
"""Keeps what scripts/fuzz has learnt: the few short inputs that reach code which the corpus does not.

/usr/bin/python3 tests/fuzz/keep_learnt.py TARGET…     rewrites tests/fuzz/corpus/learnt/TARGET.hex from build-fuzz/corpus/TARGET

One input per line, in hexadecimal: the tests replay them with the corpus, and scripts/fuzz begins with them.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
MOST = 48  # bytes of an input: what is longer mostly says the same again


def short_ones(folder, to):
    for file in folder.iterdir():
        if file.stat().st_size <= MOST:
            shutil.copy(file, to)


def learnt(target):
    known, build = TOP / "tests/fuzz/corpus" / target, TOP / "build-fuzz"
    with tempfile.TemporaryDirectory() as chosen, tempfile.TemporaryDirectory() as candidates:
        short_ones(build / "corpus" / target, candidates)
        for file in known.iterdir():
            shutil.copy(file, chosen)
        before = set(pathlib.Path(chosen).iterdir())
        subprocess.run([build / "tests/fuzz" / ("fuzz_" + target), "-set_cover_merge=1", "-use_counters=0", "-use_cmp=0", chosen, candidates],
                       check=True, stderr=subprocess.DEVNULL)
        return sorted(file.read_bytes() for file in set(pathlib.Path(chosen).iterdir()) - before)


def main():
    for target in sys.argv[1:]:
        inputs = learnt(target)
        (TOP / "tests/fuzz/corpus/learnt" / (target + ".hex")).write_text("".join(one.hex() + "\n" for one in inputs if one))
        print("%s: %d inputs, %d bytes" % (target, len(inputs), sum(map(len, inputs))))


main()
