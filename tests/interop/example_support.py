"""Starting the example programs: ours by name, Pyro4's own unmodified. The waiting in them is theirs; programs that wait run side by side."""
import concurrent.futures
import gzip
import os
import sys
import tempfile
import unittest

import support


UNPACKED = tempfile.TemporaryDirectory()


def example(path):
    """Where Pyro4's example is. Debian packs the larger ones: they are unpacked, with their folder."""
    installed = os.path.join(support.EXAMPLES, path)
    if os.path.exists(installed):
        return installed
    target = os.path.join(UNPACKED.name, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    folder = os.path.dirname(installed)
    for name in os.listdir(folder):
        opened = gzip.open if name.endswith(".gz") else open
        with opened(os.path.join(folder, name), "rb") as packed, open(os.path.join(os.path.dirname(target), name.removesuffix(".gz")), "wb") as plain:
            plain.write(packed.read())
    return target


def together(*calls):
    """The results of calls that are made at the same time."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as threads:
        return [done.result() for done in [threads.submit(call) for call in calls]]


def main_together(at_once=6):
    """unittest.main() for tests that mostly wait: they run side by side."""
    def run(test):
        result = unittest.TestResult()
        test.run(result)
        return test, result
    tests = [test for group in unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]) for test in group]
    good = True
    with concurrent.futures.ThreadPoolExecutor(at_once) as threads:
        for test, result in threads.map(run, tests):
            good &= result.wasSuccessful()
            print("%s ... %s" % (test.id(), "skipped" if result.skipped else "ok" if result.wasSuccessful() else "FAILED"))
            for _, text in result.failures + result.errors:
                print(text)
    sys.exit(not good)


@unittest.skipUnless(os.path.isdir(support.EXAMPLES), "pyro4-examples is not installed")
class ExampleTest(support.InteropTest):
    """Programs of a test end with it. Those that ask a name server are started with what names() returns."""

    def setUp(self):
        """Nobody changes Pyro4's configuration here, so that these may run side by side."""

    def names(self):
        names_server, names = support.name_server()
        self.start(names_server)
        return names

    def python_program(self, path, *words, **changes):
        """Running until it ends by itself or with the test, in its folder: some import others from there."""
        program = example(path)
        changes.setdefault("cwd", os.path.dirname(program))
        return self.killed_in_the_end(support.python("-u", program, *words, **changes))

    def hurried_program(self, path, **changes):
        """The same, but its sleeps are ten times shorter: for clients of servers of ours that hurry as well."""
        hurry = ("import runpy, sys, time; rest = time.sleep; time.sleep = lambda t: rest(t / 10); sys.path.insert(0, ''); "
                 "runpy.run_path(sys.argv[1], run_name='__main__')")
        program = example(path)
        return self.killed_in_the_end(support.python("-u", "-c", hurry, program, cwd=os.path.dirname(program), **changes))

    def our_program(self, name, *words, **changes):
        return self.killed_in_the_end(support.Program([support.built("examples/" + name), *words], **changes))

    def killed_in_the_end(self, program):
        self.addCleanup(program.kill)
        return program

    def python_client(self, name, typed="", code=0, **changes):
        client = self.python_program(name + "/client.py", **changes)
        return client.finish(typed, code), client

    def python_server(self, name, **changes):
        return self.python_program(name + "/server.py", **changes)

    def our_client(self, name, *words, typed="", code=0, **changes):
        return self.our_program(name + "_client", *words, **changes).finish(typed, code)

    def our_server(self, name, *words, **changes):
        """It ends cleanly on SIGTERM, or the test fails."""
        return self.start(support.Program([support.built("examples/" + name + "_server"), *words], **changes))
