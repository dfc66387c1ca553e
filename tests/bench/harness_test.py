"""What scripts/bench says of a run: the facts beside each figure, the history that only grows, and two revisions in turns."""
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "bench"))
import promises
import systems
from harness import facts, history, micro, programs, report, revisions, tables
from harness.run import Run


def measured(workload, *results):
    """A run in which each (system, settings, value, answer) was measured."""
    run = Run(None, "/nowhere", {system: {"commit": "abc"} for system, *_ in results})
    for system, settings, value, answer in results:
        line = {"system": system, "workload": workload, "value": value, "unit": "x", "answer": answer, **settings}
        run.results.setdefault((system, workload), {}).setdefault(json.dumps(settings), []).append(line)
    run.compare_answers(systems.WORKLOADS)
    return run


class Harness(unittest.TestCase):
    def promises_of(self, *measurements):
        """The lines that tell of them, as words."""
        rows = [{"workload": workload, "system": system, "value": value, "unit": "calls/s"} for workload, system, value in measurements]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            tables.print_promises(rows)
        return [line.split() for line in said.getvalue().splitlines()[2:]]

    def test_promises_may_be_ratios_to_another_workload_and_plain_figures(self):
        self.assertEqual([["FAIL", "lookup", ">=", "0.75", "0.50", "engine-ns-spin", "/", "engine-tcp-spin", "sync_call"]],
                         [words for words in self.promises_of(("lookup", "engine-ns-spin", 50), ("sync_call", "engine-tcp-spin", 100)) if "lookup" in words])
        self.assertEqual([["-", "lookup", ">=", "0.75", "not", "measured:", "engine-tcp-spin"]], self.promises_of(("lookup", "engine-ns-spin", 50)))
        told = self.promises_of(("lookup_pipelined", "engine-ns", 2_000_000), ("lookup_pipelined", "pyro4-ns", 5_000), ("lookup_pipelined", "engine-ns-sql", 400_000))
        self.assertEqual([["pass", "lookup_pipelined", ">=", "10.00", "400.00", "engine-ns", "/", "pyro4-ns"],
                          ["pass", "lookup_pipelined", ">=", "1,000,000", "calls/s", "2,000,000", "engine-ns"],
                          ["FAIL", "lookup_pipelined", ">=", "500,000", "calls/s", "400,000", "engine-ns-sql"]], told)
        self.assertEqual(["-", "lookup_pipelined", ">=", "500,000", "calls/s", "not", "measured:", "engine-ns-sql,", "engine-ns-sql-spin"],
                         self.promises_of(("lookup_pipelined", "engine-ns", 1))[-1])

    def test_what_a_second_core_costs_is_compared_with_what_it_costs_the_floor(self):
        per_core = {("one_core", "engine-tcp"): 100, ("two_cores", "engine-tcp"): 80, ("one_core", "tcp-epoll"): 1000, ("two_cores", "tcp-epoll"): 1000}
        rows = [{"system": s, "workload": w, "value": 1, "unit": "calls/s", "calls_per_core_s": v} for (w, s), v in per_core.items()]
        must = promises.per_core("engine-tcp", "tcp-epoll", "TCP")
        self.assertEqual(promises.reached(must, rows), promises.Reached(0.8, False, "engine-tcp", "tcp-epoll", 1))
        self.assertEqual(promises.reached(must, rows[1:]).lacking, ("engine-tcp",))
        rows[3]["calls_per_core_s"] = 500
        self.assertEqual(promises.reached(must, rows), promises.Reached(1.6, True, "engine-tcp", "tcp-epoll", 1))

    def test_where_the_floor_gains_by_a_second_core_nothing_must_be_lost(self):
        per_core = {("one_core", "engine-tcp"): 100, ("two_cores", "engine-tcp"): 96, ("one_core", "tcp-epoll"): 1000, ("two_cores", "tcp-epoll"): 1800}
        rows = [{"system": s, "workload": w, "value": 1, "unit": "calls/s", "calls_per_core_s": v} for (w, s), v in per_core.items()]
        self.assertEqual(promises.reached(promises.per_core("engine-tcp", "tcp-epoll", "TCP"), rows), promises.Reached(0.96, True, "engine-tcp", "tcp-epoll", 1))

    def test_every_promise_names_systems_that_run_its_workload(self):
        able = {(s.name, w) for s in systems.SYSTEMS for w in s.workloads}
        for must in promises.ALL:
            if must.workload in {w.name for w in systems.WORKLOADS}:
                for names, workload in ((must.ours, must.workload), (must.theirs, must.their_workload)):
                    self.assertTrue(not names or any((n, workload) in able for n in names), must)

    def test_systems_that_disagree_about_an_answer_have_no_figures(self):
        run = measured("sync_call", ("a", {}, 10, 13), ("b", {}, 20, 14))
        self.assertEqual(list(run.rows()), [])
        self.assertRegex(run.failures[0], "sync_call: the answers differ: 13 from a; 14 from b")

    def test_of_windows_the_best_counts_and_of_sizes_each_does(self):
        windows = measured("pipelined_call", *(("a", {"window": w}, w, 13) for w in (64, 1024, 256)))
        self.assertEqual([(r["value"], r["window"], r["commit"]) for r in windows.rows()], [(1024, 1024, "abc")])
        sizes = measured("blob_up", *(("a", {"kb": kb}, 5, kb << 10) for kb in (64, 1024)))
        self.assertEqual([(r["kb"], r["value"]) for r in sizes.rows()], [(64, 5), (1024, 5)])
        self.assertEqual(sizes.failures, [])

    def test_blobs_of_one_size_must_arrive_whole_at_every_system(self):
        run = measured("blob_up", ("a", {"kb": 64}, 5, 65536), ("b", {"kb": 64}, 5, 65535), ("a", {"kb": 1024}, 5, 1 << 20))
        self.assertEqual((list(run.rows()), len(run.failures)), ([], 1))

    def test_a_percentile_that_one_repetition_lacks_is_left_out(self):
        run = measured("connect", ("a", {"p50_us": 7}, 1, 13), ("a", {}, 2, 13))
        run.results = {key: {"{}": [line for lines in by.values() for line in lines]} for key, by in run.results.items()}
        self.assertEqual([(r["reps"], "p50_us" in r) for r in run.rows()], [([1, 2], False)])

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

    def test_of_each_micro_benchmark_the_results_are_kept_unless_it_fails(self):
        says = """#!/bin/sh
            for word; do case $word in --benchmark_out=*) out=${word#*=};; --benchmark_context=*) context=${word#*=};; esac; done
            echo "{\\"context\\": {\\"host_name\\": \\"x\\", \\"executable\\": \\"$0\\", \\"about\\": \\"$context\\"}, \\"benchmarks\\": []}" >"$out"
            exit %d"""
        now = {"date": "2026-01-02T03:04:05+00:00", "commit": "abc"}
        with tempfile.TemporaryDirectory() as folder:
            for name, status in (("micro_one", 0), ("micro_two", 0), ("micro_wrong", 1)):
                with open(os.path.join(folder, name), "w") as program:
                    program.write(says % status)
                os.chmod(program.name, 0o755)
            kept = os.path.join(folder, "kept")
            micro.run(micro.chosen(folder, "*_one,*_two"), 0.1, now, kept)
            self.assertRaisesRegex(programs.Failure, "micro_wrong failed", micro.run, micro.chosen(folder, "micro_wrong"), 0.1, now, kept)
            self.assertRaises(programs.Failure, micro.chosen, folder, "nothing")
            self.assertEqual(sorted(os.listdir(kept)), ["20260102T030405-abc-micro_%s.json" % name for name in ("one", "two")])
            with open(os.path.join(kept, "20260102T030405-abc-micro_two.json")) as opened:
                self.assertEqual(json.load(opened), {"context": {"executable": "micro_two", "about": "commit=abc"}, "benchmarks": []})

    def test_kept_results_do_not_name_the_machine_and_its_folders(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "kept.json")
            with open(path, "w") as out:
                json.dump({"context": {"host_name": "somebody", "executable": "/home/somebody/micro_frames", "num_cpus": 2}, "benchmarks": [{"real_time": 1.5}]}, out)
            history.without_paths(path)
            with open(path) as kept:
                self.assertEqual(json.load(kept), {"context": {"executable": "micro_frames", "num_cpus": 2}, "benchmarks": [{"real_time": 1.5}]})

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

    def test_what_a_crowd_costs_is_said_beside_the_table(self):
        row = {"system": "a", "workload": "idle_crowd", "conns": 10000, "of_alone": 0.98, "server_bytes_per_idle": 3208, "client_bytes_per_idle": 14518}
        with contextlib.redirect_stdout(io.StringIO()) as said:
            tables.print_crowds([row, {"system": "b", "workload": "sync_call"}])
        self.assertEqual(said.getvalue().split(), "a beside 10,000 idle connections 0.980 as quick as alone; each takes "
                         "3,208 bytes of the server, 14,518 bytes of the client".split())

    def test_a_system_that_the_machine_does_not_allow_is_left_out(self):
        words = lambda program: (program,)
        for probe, there in ((words("true"), True), (words("false"), False), ((), True)):
            self.assertIs(there, programs.is_there(systems.System("a", words("/bin/sh"), words("/bin/sh"), probe=probe), "/nowhere"))

    def test_an_unknown_revision_is_refused_by_name(self):
        self.assertRaisesRegex(revisions.CannotBuild, "no revision no-such-thing", revisions.build, TOP, "no-such-thing", "/nowhere")


def figure(system, workload, value, date="2026-01-01T00:00", unit="calls/s", **more):
    return {"system": system, "workload": workload, "value": value, "unit": unit, "date": date, "commit": "abc", **more}


class Report(unittest.TestCase):
    """The table of what must be reached."""

    def cells(self, scenario, rows):
        """must, reached and outcome of a row."""
        (line,) = [told for told in report.lines(rows) if told.startswith("| %s |" % scenario)]
        return tuple(cell.strip() for cell in line.split("|")[2:5])

    def test_has_fourteen_rows_and_of_nothing_says_that_it_was_not_measured(self):
        told = list(report.lines([]))
        self.assertEqual([line.split("|")[3:5] for line in told[2:16]], [[" %s " % "; ".join(["not measured"] * len(row.musts)), " - "] for row in promises.ROWS])
        self.assertEqual(told[16:], ["", "0 of 14 rows pass; what is bold is short.", "- not wholly measured: " + "; ".join(row.scenario for row in promises.ROWS)])

    def test_says_of_every_condition_whether_it_is_short(self):
        rows = [figure("engine-tcp", "oneway", 9e6), figure("zeromq", "oneway", 8e6)]
        self.assertEqual(self.cells("oneway calls", rows), ("8,000,000 calls/s; 1.5 × ZeroMQ", "9,000,000 calls/s; **1.12 ×**", "short"))
        self.assertEqual(self.cells("oneway calls", [rows[0], figure("zeromq", "oneway", 6e6)])[1:], ("9,000,000 calls/s; 1.5 ×", "pass"))
        self.assertEqual(self.cells("oneway calls", rows[:1])[1:], ("9,000,000 calls/s; not measured", "-"))

    def test_makes_ratios_in_the_newest_run_that_has_both_and_names_the_run(self):
        rows = [figure("engine-tcp", "sync_call", 97), figure("tcp-blocking", "sync_call", 100), figure("engine-tcp", "sync_call", 50, date="2026-01-02T00:00")]
        self.assertEqual(self.cells("synchronous call, nobody spins", rows)[1:], ("0.97 ×", "pass"))
        rows.append(figure("tcp-blocking", "sync_call", 100, date="2026-01-02T00:00"))
        self.assertEqual(self.cells("synchronous call, nobody spins", rows)[1:], ("**0.5 ×**", "short"))
        self.assertEqual(list(report.lines(rows))[-1], "- commit abc on 2026-01-02 00:00: synchronous call, nobody spins")
        compared = [figure(s, "sync_call", 1, date="2026-01-03", compared=True) for s in ("engine-tcp", "tcp-blocking")]
        self.assertEqual(self.cells("synchronous call, nobody spins", rows + compared)[1:], ("**0.5 ×**", "short"))

    def test_names_the_best_of_the_others_and_how_many_of_them_were_there(self):
        rows = [figure("engine-unix-spin", "sync_call", 90), figure("unix-epoll-spin", "sync_call", 100)]
        row = "synchronous call, spinning, Unix socket"
        self.assertEqual(self.cells(row, rows)[1], "0.9 × (unix-epoll-spin, the best of 1 of 2)")
        self.assertEqual(self.cells(row, [*rows, figure("unix-uring-spin", "sync_call", 120)])[1:], ("**0.75 ×** (unix-uring-spin)", "short"))

    def test_takes_the_micro_benchmarks_as_google_benchmark_wrote_them(self):
        each = lambda name, **more: {"name": name, "real_time": 61.0, "time_unit": "ns", **more}
        kept = [("x-abc-micro_dispatch.json", {"date": "2026"}, [each("small_call/msgpack"), each("small_call/msgpack", real_time=59.0), each("small_call/msgpack", real_time=55.5)]),
                ("x-abc-micro_serializers.json", {"date": "2026"}, [each("serpent/mixed/decode", bytes_per_second=520.4e6)])]
        rows = [row for one in kept for row in report.micro_rows(*one)]
        self.assertEqual(self.cells("small call on the server, msgpack, frame to reply", rows), ("60 ns at most", "59.0 ns", "pass"))
        self.assertEqual(self.cells("serpent of 1 MB decoded", rows), ("300 MB/s", "520 MB/s", "pass"))

    def test_counts_of_pythons_clients_the_figure_that_gains_the_least(self):
        python = lambda system, name, value: figure(system, "python_clients", value, figure=name)
        rows = [python("pyro4-python", "a", 10), python("engine-python", "a", 30), python("pyro4-python", "b", 10), python("engine-python", "b", 9)]
        self.assertEqual(self.cells("unmodified Python clients", rows)[1:], ("**0.9 ×** (b)", "short"))
        self.assertEqual(self.cells("unmodified Python clients", rows[:2])[1:], ("3 × (a)", "pass"))
        self.assertEqual(self.cells("unmodified Python clients", rows[:3])[1:], ("not measured", "-"))

    def test_is_printed_of_the_files_that_are_given_whatever_is_recorded(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "run.jsonl")
            with open(path, "w") as out:
                out.writelines(json.dumps(row) + "\n" for row in (figure("engine-tcp", "oneway", 9e6), figure("zeromq", "oneway", 3e6)))
            command = [sys.executable, os.path.join(TOP, "scripts", "bench"), "--report"]
            said = subprocess.run([*command, path], capture_output=True, text=True)
            self.assertEqual((said.returncode, said.stdout.splitlines()), (0, list(report.lines(history.read(path)))))
            self.assertIn("1 of 14 rows pass", said.stdout)
            refused = subprocess.run([*command, path + "x"], capture_output=True, text=True)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("No such file", refused.stderr)

    def test_stands_in_the_documentation_with_the_same_rows(self):
        with open(os.path.join(TOP, "docs", "benchmarks.md"), encoding="utf-8") as docs:
            written = [line.split("|")[1:3] for line in docs if line.startswith("| ")]
        for line in list(report.lines([]))[2:16]:
            self.assertIn(line.split("|")[1:3], written)


if __name__ == "__main__":
    unittest.main()
