"""No hot path costs more instructions than bench/instruction_budgets.py allows it. The first argument is the folder of the bench programs. Ends with
77, which meson calls skipped, where callgrind is missing or the build is of a kind without budgets.
"""
import json
import os
import shutil
import sys
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "bench"))
import instruction_budgets
from harness import facts, instructions

SKIPPED = 77
TRIES = 5  # a client that has to wait on a busy machine executes more; what the call itself costs is the least


def options_of(programs):
    with open(os.path.join(os.path.dirname(programs), "meson-info", "intro-buildoptions.json")) as given:
        return {option["name"]: option["value"] for option in json.load(given)}


class Budgets(unittest.TestCase):
    def test_every_path_has_a_budget_for_each_kind_of_build(self):
        self.assertEqual({(p.system, p.workload) for p in instructions.PATHS}, set(instruction_budgets.BUDGETS))
        self.assertEqual({len(budgets) for budgets in instruction_budgets.BUDGETS.values()}, {len(set(instruction_budgets.KINDS.values()))})

    def test_only_a_build_that_they_were_taken_for_is_held_to_them(self):
        build = {"optimization": "2", "b_ndebug": "false", "b_sanitize": "none", "b_lto": False}
        self.assertEqual(instruction_budgets.of_build("g++ 12.2.0", build).keys(), instruction_budgets.BUDGETS.keys())
        for other in ({"optimization": "0"}, {"b_sanitize": "address"}, {"b_lto": True}, {"b_ndebug": "true"}):
            self.assertIsNone(instruction_budgets.of_build("g++ 12.2.0", {**build, **other}))
        self.assertIsNone(instruction_budgets.of_build("clang version 19", build))


class Limits(unittest.TestCase):
    """A test for each path, named after it."""


def held_to(path, programs, budget):
    def test(self):
        counts = []
        for _ in range(TRIES if path.client else 1):
            counts.append(round(instructions.per_call(path, programs), 1))
            if counts[-1] <= budget:
                return
        self.fail("%s of %s: %s instructions, and the budget is %d" % (path.workload, path.system, " or ".join(map(str, counts)), budget))
    return test


def main():
    programs = sys.argv.pop(1)
    budgets = instruction_budgets.of_build(facts.compiler(os.path.join(programs, "engine_server")), options_of(programs))
    if not shutil.which("valgrind") or budgets is None:
        print("skipped: " + ("there are no budgets for this kind of build" if shutil.which("valgrind") else "valgrind is not installed"))
        sys.exit(SKIPPED)
    for path in instructions.PATHS:
        setattr(Limits, "test_%s_of_%s" % (path.workload, path.system.replace("-", "_")), held_to(path, programs, budgets[path.system, path.workload]))
    unittest.main(verbosity=2)


if __name__ == "__main__":
    main()
