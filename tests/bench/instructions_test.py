"""Counts of callgrind are a signal only if they do not differ from run to run. The first argument is the folder of the bench programs."""
import os
import shutil
import sys
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "bench"))
from harness import instructions

PROGRAMS = sys.argv.pop(1)


@unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
class Instructions(unittest.TestCase):
    def test_a_call_on_the_server_costs_the_same_number_of_instructions_each_time(self):
        path = instructions.PATHS[0]
        self.assertEqual(instructions.per_call(path, PROGRAMS), instructions.per_call(path, PROGRAMS))

    def test_a_program_that_fails_has_no_count(self):
        self.assertRaises(instructions.CannotCount, instructions.counted, [PROGRAMS + "/instructions_server", "count=none"])

    def test_a_client_that_fails_has_no_count_either(self):
        path = instructions.of_client("instructions_client", "no-such-style")
        self.assertRaisesRegex(instructions.CannotCount, "no such style", instructions.per_call, path, PROGRAMS)


if __name__ == "__main__":
    unittest.main()
