"""What scripts/bench says of a run: the facts beside each figure, the history that only grows, and two revisions in turns."""
import json
import os
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "bench"))
import systems
from harness import facts, history, revisions


class Harness(unittest.TestCase):
    def test_every_line_can_say_where_and_when_it_was_measured(self):
        about = facts.of(TOP, "/nowhere")
        for key in ("commit", "dirty", "date", "cpu", "cores", "kernel", "compiler", "build"):
            self.assertIn(key, about)
        self.assertEqual(about["kernel"], os.uname().release)
        self.assertGreaterEqual(about["cores"], 1)
        self.assertRegex(about["date"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$")
        json.dumps(about)

    def test_a_folder_without_a_repository_has_an_unknown_commit(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(facts.revision(folder)["commit"], "unknown")

    def test_lines_are_added_to_the_history_and_read_back_as_they_were(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "history.jsonl")
            history.append(path, [{"system": "a", "value": 1.5}])
            history.append(path, [{"system": "b", "value": 2}, {"system": "c\n", "value": 3}])
            self.assertEqual(history.read(path), [{"system": "a", "value": 1.5}, {"system": "b", "value": 2}, {"system": "c\n", "value": 3}])

    def test_a_damaged_history_is_refused_with_its_line(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "history.jsonl")
            with open(path, "w") as out:
                out.write('{"system": "a"}\n[1]\n')
            self.assertRaisesRegex(ValueError, "line 2", history.read, path)

    def test_only_our_own_systems_are_measured_at_another_revision(self):
        both = list(revisions.beside(systems.SYSTEMS, "abc", TOP, "/other"))
        other = [s for s in both if "@" in s.name]
        self.assertTrue(other)
        for system in other:
            self.assertTrue(system.name.startswith("engine-"), system.name)
            self.assertTrue(system.client[0].startswith("/other/"), system.client)
        names = [s.name for s in both]
        self.assertEqual(names.index("engine-tcp@abc"), names.index("engine-tcp") + 1)

    def test_an_unknown_revision_is_refused_by_name(self):
        self.assertRaisesRegex(revisions.CannotBuild, "no revision no-such-thing", revisions.build, TOP, "no-such-thing", "/nowhere")


if __name__ == "__main__":
    unittest.main()
