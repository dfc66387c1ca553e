"""What becomes of the values of rows.py by pickle, dill and cloudpickle where C++ is at one end."""
import support
from rows import ROWS, carried

# Classes of the user's own, for which C++ has no code and no kind, by the name that they are refused by.
REFUSED = {
    "instance": "rows.Plain", "namedtuple": "rows.Pair",
    "enum": "builtins.getattr", "int_enum": "builtins.getattr",  # Colour.red, as Python 3.11 spells it
    "user_dict": "collections.UserDict", "function": "builtins.len",
}
REFUSED_BY = {
    "pickle": REFUSED,
    "dill": REFUSED | {"namedtuple": "dill._dill._create_namedtuple", "dict_keys": "dill._dill._getattr"},
    "cloudpickle": REFUSED | {"dict_keys": "cloudpickle.cloudpickle._make_dict_keys"},
}
UNSENT_BY = {  # Python refuses them itself
    "pickle": ("memoryview", "dict_keys"),
    "dill": ("memoryview",),
    "cloudpickle": (),
}


def check_row(test, serializer, row, seen, placed=lambda v: v):
    """Checks what was seen (as support.outcome says it) of a row that came by that serializer, at its place."""
    if row in REFUSED_BY[serializer]:
        test.assertEqual("raised SerializeError: pickle: class '%s' is not allowed" % REFUSED_BY[serializer][row], seen)
    elif row in UNSENT_BY[serializer]:
        test.assertRegex(seen, "^raised TypeError: cannot pickle")
    else:
        value = ROWS[row]()
        held = carried(bytes(value) if isinstance(value, memoryview) else value)  # as cloudpickle sends it
        test.assertEqual(support.outcome(lambda: placed(held))[:3000], seen[:3000])
