"""numpy's arrays and numbers are no data of Python's: what becomes of them with our server and our client is what becomes of them between
Pyro4 and Pyro4, but by pickle, dill and cloudpickle they are refused by name. What tolist() and item() make of them goes everywhere."""
import unittest

import numpy

import cpp_client_test
import support
from numpy_rows import NUMPY

PICKLES = ("pickle", "dill", "cloudpickle")
ARRAY_BY = {"pickle": "numpy.core.numeric._frombuffer", "dill": "dill._dill._create_array", "cloudpickle": "numpy.core.numeric._frombuffer"}


def refused(serializer, row):
    name = ARRAY_BY[serializer] if row.startswith("array") else "numpy.core.multiarray.scalar"
    return "raised SerializeError: pickle: class '%s' is not allowed" % name


class Numpy(support.InteropTest):
    @classmethod
    def setUpClass(cls):
        accepted = ",".join(support.ALL + PICKLES)
        cls.ours = cls.start_for_all(support.peer_server(PYRO_SERIALIZERS_ACCEPTED=accepted)).uri()
        cls.theirs = cls.start_for_all(support.mirror_server(PYRO_SERIALIZERS_ACCEPTED=accepted)).uri()

    client = cpp_client_test.CppClient.client

    def echoed(self, uri, serializer, value):
        with self.proxy(uri, serializer) as p:
            return support.outcome(lambda: p.echo(value))

    def test_what_a_python_client_sends_comes_back_as_from_pyros_server(self):
        for serializer in support.ALL:
            for row, make in NUMPY.items():
                with self.subTest(row=row, serializer=serializer):
                    self.assertEqual(self.echoed(self.theirs, serializer, make()), self.echoed(self.ours, serializer, make()))

    def test_by_pickle_dill_and_cloudpickle_it_is_refused_by_name(self):
        for serializer in PICKLES:
            for row, make in NUMPY.items():
                with self.subTest(row=row, serializer=serializer):
                    self.assertEqual(refused(serializer, row), self.echoed(self.ours, serializer, make()))
                    self.assertEqual(refused(serializer, row), self.echoed(self.ours, serializer, [1, {"k": make()}]))

    def test_a_cpp_client_that_is_given_some_by_pickle_says_their_name_and_goes_on(self):
        for serializer in PICKLES:
            said = self.client(self.theirs, "values", "alone", *NUMPY, "none", serializer=serializer)
            lines = dict(line.split(": ", 1) for line in said.splitlines())
            for row in NUMPY:
                name = refused(serializer, row).partition(": ")[2]
                self.assertEqual("malformed serialize_error | Pyro4.errors.SerializeError | %s | traceback no" % name, lines[row])
            self.assertEqual("NoneType None", lines["none"])

    def test_lists_and_numbers_of_python_are_made_of_them_with_tolist_and_item(self):
        for serializer in support.ALL + PICKLES:
            p = self.proxy(self.ours, serializer)
            with self.subTest(serializer=serializer):
                self.assertEqual([1, 2, 3], p.echo_numbers(numpy.array([1, 2, 3], "int16").tolist()))
                self.assertEqual([[0.5, 1.5], [2.5, -0.0]], p.echo(numpy.array([[0.5, 1.5], [2.5, -0.0]], "float32").tolist()))
                self.assertEqual(2**63, p.echo_uint64(numpy.uint64(2**63).item()))
                self.assertEqual(0.25, p.echo_float64(numpy.float16(0.25).item()))
                self.assertIs(True, p.echo_boolean(numpy.bool_(True).item()))
                self.assertEqual([3, 4], numpy.array(p.echo_numbers([3, 4])).tolist())


if __name__ == "__main__":
    unittest.main(verbosity=2)
