"""Values of numpy, by name; beside those of rows.py because only one test has numpy."""
import numpy

NUMPY = {
    "array_of_floats": lambda: numpy.array([1.5, 2]), "array_of_ints": lambda: numpy.array([[1, 2], [3, 4]]), "array_empty": lambda: numpy.array([]),
    "float64": lambda: numpy.float64(0.5), "float32": lambda: numpy.float32(0.5), "int64": lambda: numpy.int64(7), "bool_": lambda: numpy.bool_(True),
    "complex128": lambda: numpy.complex128(1 + 2j), "str_": lambda: numpy.str_("x"), "bytes_": lambda: numpy.bytes_(b"x"),
    "datetime64": lambda: numpy.datetime64("2020-01-02"),
}
