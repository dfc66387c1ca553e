"""What is read from what Pyro4's example clients print of themselves."""
import os
import sys
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "bench"))
import python_clients

BENCHMARK = """warmup...
call #1, 1000 times... 0.250
call #12, 1000 times... 0.000
total time 1.234 seconds
avg. time per method call: 0.103 msec (9725/sec) (serializer: marshal)
"""
BATCHES = """Normal remote calls...
that took 2.00 seconds (20000 calls/sec)

Batched remote calls...
processing the results...
total time taken 0.50 seconds (80000 calls/sec)
batched calls were 4.0 times faster than normal remote calls

Oneway batched remote calls...
executing batch, there will be no result values. Check server to see printed messages...
total time taken 0.25 seconds (160000 calls/sec)
"""
TRANSFERS = """

----test with string data----
transferring 5242880 bytes
That is 102400 kb/sec. = 100.5 mb/sec. (serializer: serpent)


----test download via iterator----
..........It took 1.00 seconds to transfer 50 mb.
That is 51200 kb/sec. = 50.0 mb/sec. (serializer: serpent)
"""


class PythonClients(unittest.TestCase):
    def test_seconds_become_calls_in_a_second_and_no_time_is_less_than_a_millisecond(self):
        self.assertEqual(python_clients.figures_in("benchmark", BENCHMARK), {
            ("benchmark: call #1", "calls/s"): 4000.0, ("benchmark: call #12", "calls/s"): 1000000.0, ("benchmark: serializer: marshal", "calls/s"): 9725.0})

    def test_each_way_to_call_has_its_own_figure(self):
        self.assertEqual(list(python_clients.figures_in("batchedcalls", BATCHES).values()), [20000.0, 80000.0, 160000.0])

    def test_transfers_are_megabytes_in_a_second(self):
        self.assertEqual(python_clients.figures_in("hugetransfer", TRANSFERS), {
            ("hugetransfer: with string data", "MB/s"): 100.5, ("hugetransfer: download via iterator", "MB/s"): 50.0})

    def test_a_client_that_prints_something_else_is_an_error(self):
        self.assertRaisesRegex(python_clients.Failure, "hugetransfer said nothing like", python_clients.figures_in, "hugetransfer", "hello")

    def test_the_middle_leaves_out_what_scatters_and_tells_steps_apart(self):
        self.assertEqual(python_clients.middle([7]), 7)
        self.assertEqual(python_clients.middle([1, 8, 90]), 8)
        self.assertEqual(python_clients.middle([8, 9, 8, 9, 8, 9, 8, 1, 90]), 8.4)


if __name__ == "__main__":
    unittest.main()
