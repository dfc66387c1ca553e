// pickle beyond single values (those are in pickle_cases_test.cpp): calls, what is shared, what is hostile, every bound, and what
// is written.
#include <codec/pickle.hpp>

#include <gtest/gtest.h>

#include <cmath>

#include <codec/serializer.hpp>
#include <tests/support/allocations.hpp>
#include <tests/support/encoded.hpp>
#include <tests/support/random_value.hpp>

using namespace engine;
using namespace std::string_literals;

namespace {

/// repr of the value in a pickle, or the error.
std::string read(const std::string& payload, const decode_limits& limits = {}) {
  const auto v = test::decoded<value>(engine::pickle(), test::as_bytes(payload), limits);
  return v ? to_repr(*v) : std::string(v.error().type.substr(v.error().type.rfind('.') + 1)) + ": " + v.error().text;
}

template <class T> std::string written(const T& v) {
  const auto payload = test::encoded(engine::pickle(), v);
  return payload ? *payload : std::string(payload.error().type) + ": " + payload.error().text;
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string all;
  while (times-- > 0) all += part;
  return all;
}

std::string not_allowed(const std::string& name) { return "SerializeError: pickle: class '" + name + "' is not allowed"; }

/// X with its length.
std::string text(std::string_view s) { return "X"s + static_cast<char>(s.size()) + "\0\0\0"s + std::string(s); }

// ---- calls

TEST(Pickle, reads_calls) {
  // ("thing", "add", (1, "x"), {"b": 2}) of Python's protocol 4.
  const bytes payload = test::from_hex("80 04 95 1f 00 00 00 00 00 00 00 28 8c 05 74 68 69 6e 67 94 8c 03 61 64 64 94 4b 01 8c 01 78 94 86 94 7d 94 "
                                       "8c 01 62 94 4b 02 73 74 94 2e");
  const auto in = engine::pickle().make_reader();
  for (int round = 0; round < 2; ++round) {  // a reader is used many times
    in->start(payload);
    std::string_view object, method;
    std::tuple<int, std::string_view> arguments;
    std::map<std::string, int> keywords;
    ASSERT_TRUE(in->begin_call(object, method));
    ASSERT_TRUE(decode(*in, arguments));
    ASSERT_TRUE(in->begin_keywords());
    EXPECT_EQ(in->peek(), kind::dict);
    ASSERT_TRUE(decode(*in, keywords));
    ASSERT_TRUE(in->end_call());
    EXPECT_EQ(object, "thing");
    EXPECT_EQ(method, "add");
    EXPECT_EQ(std::get<1>(arguments), "x");
    EXPECT_EQ(keywords["b"], 2);
  }
}

TEST(Pickle, refuses_broken_calls_in_pythons_words) {
  const auto call = [](const std::string& payload) -> std::string {
    const auto in = engine::pickle().make_reader();
    in->start(test::as_bytes(payload));
    std::string_view object, method;
    if (in->begin_call(object, method) && in->skip() && in->begin_keywords() && in->skip() && in->end_call()) return "fine";
    return in->error().text;
  };
  EXPECT_EQ(call("(" + text("a") + text("b") + ")Nt."), "fine");
  EXPECT_EQ(call("(" + text("a") + text("b") + ")t."), "not enough values to unpack (expected 4, got 3)");
  EXPECT_EQ(call("(" + text("a") + text("b") + ")NNt."), "too many values to unpack (expected 4)");
  EXPECT_EQ(call("K\x05."), "cannot unpack non-iterable int object");
  EXPECT_EQ(call("(" + text("a") + "K\x05)Nt."), "expected str, not int");
  EXPECT_EQ(call(""), "Ran out of input");
}

TEST(Pickle, writes_calls_that_it_reads) {
  output out;
  const auto to = engine::pickle().make_writer();
  to->start(out);
  to->begin_call("thing", "add", 1);
  to->signed_integer(1);
  to->begin_keywords(1);
  to->string("__class__");  // an argument of that name makes no object
  to->string("x");
  to->end_call();
  EXPECT_EQ(test::flat(out), "\x80\x02("s + text("thing") + text("add") + "K\x01\x85}(" + text("__class__") + text("x") + "ut.");
  out.clear();
  to->start(out);
  to->begin_call("thing", "__getattr__", 2);
  to->string("value");
  to->begin(kind::dict, 0);
  to->end();
  to->no_keywords();
  to->end_call();
  EXPECT_EQ(test::flat(out), "\x80\x02("s + text("thing") + text("__getattr__") + text("value") + "}\x86Nt.");
}

TEST(Pickle, a_steady_call_allocates_nothing) {
  const std::string payload = "\x80\x02("s + text("thing") + text("add") + "K\x01" + text("h\xc3\xa9") +
                              "](K\x01K\x02" + "e\x87}(" + text("b") + "K\x02ut.";
  const auto in = engine::pickle().make_reader();
  std::string_view object, method, word;
  std::int64_t n = 0;
  const auto once = [&] {
    std::size_t hint = 0;
    in->start(test::as_bytes(payload));
    return in->begin_call(object, method) && in->enter_sequence(hint) && in->more() && in->read_integer(n) && in->more() && in->read_string(word) &&
           in->more() && in->skip() && !in->more() && in->begin_keywords() && in->skip() && in->end_call();
  };
  ASSERT_TRUE(once()) << in->error().text;
  const auto before = testing_support::allocations_here().calls;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(once());
  EXPECT_EQ(testing_support::allocations_here().calls - before, 0u);
}

// ---- what is shared

TEST(Pickle, shares_what_the_pickle_shares) {
  EXPECT_EQ(read("]q\0(](K\x01"s + "eq\x01h\x01h\x01" + "e."), "[[1], [1], [1]]");
  EXPECT_EQ(read("]q\0(]q\x01h\x01K\x05"s + "a0h\x01" + "e."), "[[5], [5]]") << "an element appended later is seen through every reference";
  EXPECT_EQ(read("N2\x86."), "(None, None)");
}

TEST(Pickle, bounds_cycles_and_laughs) {
  const std::string deep = "ValueError: containers nested too deeply, or in themselves";
  EXPECT_EQ(read("]q\0h\0a."s), deep);
  EXPECT_EQ(read("}q\0K\x01h\0s."s), deep);
  std::string laughs = "]q\0(NNNNNNNNNNe"s;
  for (char i = 1; i < 30; ++i) laughs += "](h"s + static_cast<char>(i - 1) + "h" + static_cast<char>(i - 1) + "eq" + i;
  constexpr decode_limits limits{.elements = 100'000};
  EXPECT_EQ(read(laughs + ".", limits), "ValueError: too many values in one message");
  const auto in = engine::pickle().make_reader();
  in->start(test::as_bytes(laughs + "."), limits);
  EXPECT_FALSE(in->skip());
  // Keys as deep as that are known to be keys without looking again.
  std::string tuples = "Nq\0"s;
  for (char i = 1; i < 60; ++i) tuples += "h"s + static_cast<char>(i - 1) + "h" + static_cast<char>(i - 1) + "\x86q" + i;
  in->start(test::as_bytes("}" + tuples + "0}h\x3bNs."));
  EXPECT_EQ(in->peek(), kind::dict) << in->error().text;
}

TEST(Pickle, bounds_text_that_is_shared) {
  const std::string big = "B\0\0\x10\0"s + std::string(1 << 20, 'x') + "q\0"s;
  EXPECT_EQ(read("](" + big + repeated("h\0"s, 200) + "e."), "ValueError: too much text in one message");
  EXPECT_TRUE(read("](" + big + repeated("h\0"s, 10) + "e.").starts_with("[b'"));
}

TEST(Pickle, makes_little_of_little) {
  const std::string fault = "ValueError: pickle: too much made of too little";
  EXPECT_EQ(read("cbuiltins\nrange\nJ\xff\xff\xff\x7f\x85R."), fault);
  EXPECT_EQ(read("cbuiltins\nrange\nM\x10\x27\x85R.").size(), 58890u);
  const std::string text_of_a_megabyte = "X\0\0\x10\0"s + std::string(1 << 20, 'x') + "q\0"s;
  EXPECT_EQ(read("(" + text_of_a_megabyte +
                  repeated("c_codecs\nencode\nh\0X\x06\0\0\0latin1\x86R"s, 20) + "t."), fault);
  const std::string list = "]q\0("s + repeated("N", 1 << 20) + "e";
  EXPECT_EQ(read("(" + list + repeated("cbuiltins\nset\nh\0\x85R"s, 20) + "t."), fault);
}

// ---- bounds

TEST(Pickle, bounds_depth_digits_and_elements) {
  EXPECT_EQ(read(repeated("]", 200) + repeated("a", 199) + ".").size(), 400u);
  EXPECT_EQ(read(repeated("]", 201) + repeated("a", 200) + "."), "ValueError: containers nested too deeply, or in themselves");
  EXPECT_EQ(read(repeated("]", 100000) + repeated("a", 99999) + "."), "ValueError: containers nested too deeply, or in themselves");
  EXPECT_EQ(read("](NNNe.", {.elements = 3}), "ValueError: too many values in one message");
  EXPECT_EQ(read("](NNNe.", {.elements = 8}), "[None, None, None]");
  EXPECT_EQ(read("(" + repeated("N", 100) + "t.", {.elements = 50}), "ValueError: too many values in one message");
  EXPECT_EQ(read("\x8b\x67\x08\0\0"s + std::string(2151, '\x55') + "."), "ValueError: Exceeds the limit (4300 digits) for integers");
}

TEST(Pickle, does_not_believe_declared_sizes) {
  for (const std::string& lie : {"B\xff\xff\xff\xff"s, "X\xff\xff\xff\xff"s, "T\xff\xff\xff\x7f"s, "\x8b\xff\xff\xff\x7f"s,
                                 "\x8d\xff\xff\xff\xff\0\0\0\0"s, "\x96\xff\xff\xff\xff\xff\xff\xff\x7f"s, "\x95\xff\xff\xff\xff\xff\xff\xff\x7f"s})
    EXPECT_EQ(read(lie), "UnpicklingError: pickle data was truncated");
  EXPECT_EQ(read("Nr\xff\xff\xff\xff."), "MemoryError: pickle: memo index 4294967295 is out of bounds");
  EXPECT_EQ(read("Np4294967295\n."), "MemoryError: pickle: memo index 4294967295 is out of bounds");
  EXPECT_EQ(read("Nr\0\2\0\0h\0."s), "UnpicklingError: Memo value not found at index 0");
}

TEST(Pickle, stands_appending_by_turns) {
  // Two lists that grow in turn have to move again and again.
  std::string turns = "]q\0]q\x01"s;
  for (int i = 0; i < 20000; ++i) turns += "h\0K\x01"s + "a0h\x01K\x02" + "a0";
  EXPECT_EQ(read(turns + "h\0h\x01\x86."s).size(), 2 * 60000u + 4);
}

// ---- hostile

TEST(Pickle, rounds_the_seconds_of_a_timedelta_once) {
  // 3 days, 78997 seconds, 79436 microseconds: an 80-bit quotient rounds to one bit less.
  EXPECT_EQ(read("cdatetime\ntimedelta\n(K\3J\x95\x34\1\0J\x4c\x36\1\0tR."s), "338197.079436");
}

TEST(Pickle, refuses_whatever_is_not_on_its_list) {
  for (const char* name : {"os.system", "posix.system", "builtins.eval", "builtins.exec", "builtins.getattr", "builtins.__import__",
                           "builtins.open", "subprocess.Popen",
                           "copyreg._extension_registry", "pickle.loads", "dill._dill._create_function", "dill._dill._create_code",
                           "types.CodeType",
                           "cloudpickle.cloudpickle._make_function", "cloudpickle.cloudpickle._builtin_type",
                           "numpy.core.multiarray._reconstruct", "__main__.Thing"}) {
    const std::string full = name;
    const auto dot = full.rfind('.');
    const std::string global = "c" + full.substr(0, dot) + "\n" + full.substr(dot + 1) + "\n";
    EXPECT_EQ(read(global + "."), not_allowed(full));
    EXPECT_EQ(read(global + text("ls") + "\x85R."), not_allowed(full));
    EXPECT_EQ(read(global + ")\x81}b."), not_allowed(full));
    EXPECT_EQ(read("(" + text("ls") + "i" + global.substr(1) + "."), not_allowed(full));
    EXPECT_EQ(read(text(full.substr(0, dot)) + text(full.substr(dot + 1)) + "\x93."), not_allowed(full));
    EXPECT_EQ(read("N" + global + text("ls") + "\x85R0."), not_allowed(full)) << "also when nothing is made of it";
  }
  EXPECT_EQ(read("c__builtin__\neval\n."), not_allowed("builtins.eval"));
  EXPECT_EQ(read("cbuiltins\nint\n" + text("5") + "\x85R."), not_allowed("builtins.int"));
  EXPECT_EQ(read("cbuiltins\nint\n."), not_allowed("builtins.int")) << "a class is no value";
  EXPECT_EQ(read("cdatetime\ntimezone\ncdatetime\ntimedelta\n)R\x85R."), not_allowed("datetime.timezone"));
  EXPECT_EQ(read("ccopyreg\n_reconstructor\ncbuiltins\nlist\ncbuiltins\nobject\nN\x87R."), not_allowed("builtins.list"));
}

TEST(Pickle, finds_no_more_by_dills_names_for_types_than_by_their_own) {
  const auto typed = [](const std::string& name) { return "cdill._dill\n_load_type\n" + text(name) + "\x85R"; };
  EXPECT_EQ(read(typed("complex") + "K\1K\2\x86R."), "(1+2j)");
  EXPECT_EQ(read(typed("ValueError") + text("x") + "\x85R."), read("cbuiltins\nValueError\n" + text("x") + "\x85R."));
  EXPECT_EQ(read(typed("eval") + text("1") + "\x85R."), not_allowed("builtins.eval"));
  EXPECT_EQ(read(typed("CodeType") + text("_pyroTraceback") + "0."), not_allowed("builtins.CodeType"));
  EXPECT_EQ(read(typed("int") + text("5") + "\x85R."), not_allowed("builtins.int"));
  EXPECT_EQ(read("cdill._dill\n_load_type\n)R."), "TypeError: pickle: _load_type() needs a name");
  EXPECT_EQ(read("cdill._dill\n_load_type\nK\1\x85R."), "TypeError: pickle: _load_type() needs a name");
  EXPECT_EQ(read("cdill._dill\n_load_type\n."), not_allowed("dill._dill._load_type")) << "a function is no value";
}

TEST(Pickle, reads_of_dills_representations_those_of_ranges_and_evaluates_none) {
  const auto shown = [](const std::string& of) { return read("cdill._dill\n_eval_repr\n" + text(of) + "\x85R."); };
  EXPECT_EQ(shown("range(0, 3)"), "[0, 1, 2]");
  EXPECT_EQ(shown("range(5, -1, -3)"), "[5, 2]");
  EXPECT_EQ(shown("range(0, 1000000)"), "ValueError: pickle: too much made of too little");
  EXPECT_EQ(shown("range(0, 3, 0)"), "ValueError: range() arg 3 must not be zero");
  for (const char* other : {"", "range(", "range()", "range(3)", "range(0, 3", "range(0,3)", "range(0, 3) ", "range(0, 3, 1, 1)", "range(0, x)",
                            "range(0, 9223372036854775808)", "open('x')", "Ellipsis", "__import__('os').system('ls')"})
    EXPECT_EQ(shown(other), not_allowed("dill._dill._eval_repr")) << other;
  EXPECT_EQ(read("cdill._dill\n_eval_repr\nK\1\x85R."), "TypeError: pickle: _eval_repr() needs a text");
}

TEST(Pickle, takes_no_function_of_a_pickler_for_an_exception_of_somebodys) {
  const std::string traceback = text("_pyroTraceback") + "0";
  EXPECT_EQ(read(traceback + "cdill._dill\n_create_type\n."), not_allowed("dill._dill._create_type"));
  EXPECT_EQ(read(traceback + "ccloudpickle.cloudpickle\n_make_skeleton_class\n."), not_allowed("cloudpickle.cloudpickle._make_skeleton_class"));
  EXPECT_EQ(read(traceback + "cpeer\nOutOfStock\n)R}" + text("_pyroTraceback") + "]sb."),
            "{'__class__': 'peer.OutOfStock', '__exception__': True, 'args': (), 'attributes': {'_pyroTraceback': []}}");
}

TEST(Pickle, takes_the_names_of_old_instances_for_ascii_one_after_the_other) {
  const std::string fault = "UnicodeDecodeError: 'ascii' codec can't decode byte 0xc3 in position 1: ordinal not in range(128)";
  EXPECT_EQ(read("(ia\xc3\n"), fault);
  EXPECT_EQ(read("(ia\na\xc3\n."), fault);
  EXPECT_EQ(read("(ia\n"), "UnpicklingError: pickle data was truncated");
  EXPECT_EQ(read("i\xc3\n"), "UnpicklingError: could not find MARK");
}

TEST(Pickle, gives_plain_data_no_attributes) {
  EXPECT_EQ(read("]Nb."), "[]");
  EXPECT_EQ(read("]N}\x86" "b."), "[]");
  EXPECT_EQ(read("]K\1b."), "UnpicklingError: state is not a dictionary");
  EXPECT_EQ(read("]N}N\x87" "b."), "UnpicklingError: state is not a dictionary");
  EXPECT_EQ(read("]NN\x86" "b."), "UnpicklingError: slot state is not a dictionary");
  EXPECT_EQ(read("]}N\x86" "b."), "AttributeError: 'list' object has no attribute '__dict__'");
  EXPECT_EQ(read("]N}(" + text("a") + "Nu\x86" "b."), "AttributeError: 'list' object has no attribute 'a'");
  EXPECT_EQ(read("]N}(NNu\x86" "b."), "TypeError: attribute name must be string, not 'NoneType'");
}

TEST(Pickle, sets_no_items_of_lists) {
  EXPECT_EQ(read("]\x88Ns."), "IndexError: list assignment index out of range");
  EXPECT_EQ(read("]\x8a\x09\0\0\0\0\0\0\0\0\1Ns."s), "IndexError: cannot fit 'int' into an index-sized integer");
  EXPECT_EQ(read("]NNs."), "TypeError: list indices must be integers or slices, not NoneType");
  EXPECT_EQ(read("](NeK\0Ns."s), "TypeError: pickle: an item of a list is set");
  const std::string deque = "ccollections\ndeque\n)R", array = "carray\narray\n" + text("i") + "]\x86R";
  EXPECT_EQ(read(deque + "K\5Ns."), "IndexError: deque index out of range");
  EXPECT_EQ(read(deque + text("x") + "Ns."), "TypeError: sequence index must be integer, not 'str'");
  EXPECT_EQ(read(array + "K\5Ns."), "IndexError: array assignment index out of range");
  EXPECT_EQ(read(array + text("x") + "Ns."), "TypeError: array indices must be integers");
}

TEST(Pickle, calls_nothing_that_is_no_class) {
  EXPECT_EQ(read("cbuiltins\nset\n)R)R."), "TypeError: 'set' object is not callable");
  EXPECT_EQ(read("cbuiltins\nValueError\n)R)R."), "TypeError: 'ValueError' object is not callable");
  EXPECT_EQ(read("cPyro4.core\nURI\n)\x81)\x81."), "UnpicklingError: NEWOBJ class argument must be a type, not URI");
  EXPECT_EQ(read("cbuiltins\nset\n}b."), "AttributeError: 'type' object has no attribute '__dict__'");
  EXPECT_EQ(read("c_codecs\nencode\n)\x81."), "UnpicklingError: NEWOBJ class argument must be a type, not builtin_function_or_method");
  EXPECT_EQ(read("ccopyreg\n__newobj__\nc_codecs\nencode\n\x85R."), not_allowed("_codecs.encode"));
  EXPECT_EQ(read("ccopyreg\n__newobj__\n" + repeated("ccopyreg\n__newobj__\n", 8) + "(tR."), "TypeError: __newobj__ needs a class");
}

TEST(Pickle, keeps_the_names_of_exceptions_it_does_not_know) {
  EXPECT_EQ(read("cmy.module\nBadError\nK\x01\x85R."),
            "{'__class__': 'my.module.BadError', '__exception__': True, 'args': (1,), 'attributes': {}}");
  const std::string traceback = "}" + text("_pyroTraceback") + "](" + text("line\n") + "es";
  EXPECT_EQ(read("cmy\nOops\n)R" + traceback + "b."),
            "{'__class__': 'my.Oops', '__exception__': True, 'args': (), 'attributes': {'_pyroTraceback': ['line\\n']}}");
  EXPECT_EQ(read("(cmy\nOops\n)R" + traceback + "t."), not_allowed("my.Oops")) << "what has no traceback is no exception";
  EXPECT_EQ(read("(cbuiltins\neval\n)R" + traceback + "bt."), not_allowed("builtins.eval"));
}

TEST(Pickle, an_exceptions_attributes_are_not_its_states_later_ones) {
  EXPECT_EQ(read("cbuiltins\nValueError\n)R}q\0"s + text("a") + "K\x01sb0(h\0"s + text("b") + "K\x02st."), "({'a': 1, 'b': 2},)");
  EXPECT_EQ(read("(cbuiltins\nValueError\n)R}q\0"s + text("a") + "K\x01sbh\0"s + text("b") + "K\x02st."),
            "({'__class__': 'builtins.ValueError', '__exception__': True, 'args': (), 'attributes': {'a': 1}}, {'a': 1, 'b': 2})");
}

// ---- URIs and proxies

TEST(Pickle, reads_proxies_as_their_class_dictionaries) {
  const std::string uri = "cPyro4.core\nURI\n)\x81(" + text("PYRO") + text("obj") + "N" + text("::1") + "M\xd2\x04tb";
  const std::string rest = "\x8f\x8f(" + text("m") + "\x90\x8fG\0\0\0\0\0\0\0\0C\x06secret"s + text("hello") + "K\0Nt"s;
  EXPECT_EQ(read("cPyro4.core\nProxy\n)\x81(" + uri + rest + "b."),
            "{'__class__': 'Pyro4.core.Proxy', 'state': ('PYRO:obj@[::1]:1234', (), ('m',), (), 0.0, 'b64:c2VjcmV0', 'hello', 0, None)}");
  EXPECT_EQ(read("cPyro4.core\nProxy\n)\x81(NNtb."), "ValueError: a proxy's state has 7 to 9 values, not 2");
  EXPECT_EQ(read("cPyro4.core\nProxy\n)\x81(cPyro4.core\nURI\n)\x81" + rest + "b."), "TypeError: not a URI with a state");
}

TEST(Pickle, writes_uris_and_proxies_as_objects) {
  const value uri = value::dict{{"__class__", "Pyro4.core.URI"}, {"state", value::tuple{"PYRO", "x", {}, "h", 1}}};
  EXPECT_EQ(written(uri), "\x80\x02" "cPyro4.core\nURI\n)\x81(" + text("PYRO") + text("x") + "N" + text("h") + "K\x01tb.");
  const value proxy = value::dict{{"__class__", "Pyro4.core.Proxy"},
                                  {"state", value::tuple{"PYRO:x@h:1", value::tuple{}, value::tuple{"m"}, value::list{}, 0.0,
                                                          "b64:c2VjcmV0", "hello", 0, {}}}};
  EXPECT_EQ(written(proxy), "\x80\x02" "cPyro4.core\nProxy\n)\x81(cPyro4.core\nURI\n" + text("PYRO:x@h:1") + "\x85R" + "c__builtin__\nset\n](e\x85R" +
                                "c__builtin__\nset\n](" + text("m") + "e\x85R" + "c__builtin__\nset\n](e\x85R" +
                                "G\0\0\0\0\0\0\0\0C\x06secret"s + text("hello") +
                                "K\0Ntb."s);
  EXPECT_EQ(read(written(proxy)), to_repr(value(value::dict{{"__class__", "Pyro4.core.Proxy"},
            {"state", value::tuple{"PYRO:x@h:1", value::tuple{}, value::tuple{"m"}, value::tuple{}, 0.0, "b64:c2VjcmV0", "hello", 0, {}}}})));
}

// ---- writing

TEST(Pickle, writes_exceptions_as_objects) {
  const auto error = [](const char* type, value args, value::dict attributes) {
    return value(value::dict{{"__class__", type}, {"__exception__", true}, {"args", std::move(args)}, {"attributes", std::move(attributes)}});
  };
  EXPECT_EQ(written(error("builtins.ValueError", value::tuple{"bad", 3}, {{"code", 7}})),
            "\x80\x02" "cexceptions\nValueError\n(" + text("bad") + "K\x03tR}(" + text("code") + "K\x07ub.");
  EXPECT_EQ(written(error("KeyError", value::list{}, {})), "\x80\x02" "cexceptions\nKeyError\n(tR}b.");
  EXPECT_EQ(written(error("Pyro4.errors.NamingError", value::tuple{1}, {})), "\x80\x02" "cPyro4.errors\nNamingError\n(K\x01tR}b.");
  // Its constructor would want five arguments of this class.
  EXPECT_TRUE(written(error("builtins.UnicodeDecodeError", value::tuple{"text"}, {})).starts_with("\x80\x02" "cexceptions\nUnicodeError\n("));
  const value wrapper = value::dict{{"__class__", "Pyro4.futures._ExceptionWrapper"}, {"exception", error("ValueError", value::tuple{}, {})}};
  EXPECT_EQ(written(value(value::list{wrapper})),
            "\x80\x02]cPyro4.futures\n_ExceptionWrapper\ncexceptions\nValueError\n(tR}b\x85Ra.");
}

TEST(Pickle, makes_no_call_of_a_class_that_somebody_else_named) {
  // By serpent or json such a dict is text. Written as an object, it would be a call of that function with these arguments for the next reader.
  for (const char* type : {"os.system", "builtins.eval", "eval", "posix.system", "subprocess.Popen", "my.Oops", "", ".", ".MyError", "my.", "a.b."}) {
    for (const value& attributes : {value(value::dict{}), value(value::dict{{"_pyroTraceback", value::list{"line\n"}}})}) {
      const value v = value::dict{{"__class__", type}, {"__exception__", true}, {"args", value::tuple{"ls"}}, {"attributes", attributes}};
      const auto payload = test::encoded(engine::pickle(), value(value::list{v}));
      ASSERT_TRUE(payload);
      EXPECT_EQ(payload->find('R'), std::string::npos) << type;
      EXPECT_EQ(payload->find('c'), payload->find("class__")) << type;
      EXPECT_EQ(read(*payload), to_repr(value(value::list{v})));
    }
  }
}

TEST(Pickle, writes_exceptions_of_this_program_as_objects_whatever_they_are_called) {
  const auto called = [](const char* type) {
    output out;
    const auto to = engine::pickle().make_writer();
    to->start(out);
    to->own_exception();
    encode(*to, value(value::dict{{"__class__", type}, {"__exception__", true}, {"args", value::tuple{value::dict{{"__class__", "os.system"},
                      {"__exception__", true}, {"args", value::tuple{}}}}}, {"attributes", value::dict{}}}));
    return test::flat(out);
  };
  EXPECT_TRUE(called("peer.OutOfStock").starts_with("\x80\x02" "cpeer\nOutOfStock\n(}("));
  EXPECT_TRUE(called("builtins.eval").starts_with("\x80\x02}(")) << "of the builtin ones all are called as exceptions are";
  EXPECT_EQ(called("peer.OutOfStock").find("cos\n"), std::string::npos) << "it is only the one that follows";
}

TEST(Pickle, writes_dicts_that_only_look_like_objects_as_dicts) {
  for (const value& v : {value(value::dict{{"__class__", "some.Where"}, {"x", 1}}), value(value::dict{{"__class__", 5}}),
                         value(value::dict{{"__class__", "x"}}),
                         value(value::dict{{"__class__", "a\nb"}, {"__exception__", true}, {"args", value::tuple{}}, {"attributes", value::dict{}}}),
                         value(value::dict{{"__class__", "ValueError"}, {"__exception__", false}, {"args", value::tuple{}}}),
                         value(value::dict{{"__class__", "ValueError"}, {"__exception__", true}, {"x", value::tuple{}}}),
                         value(value::dict{{"__class__", "ValueError"}, {"__exception__", true}, {"args", 5}}),
                         value(value::dict{{"__class__", "ValueError"}, {"__exception__", true}, {"args", value::dict{{"a", 1}}}}),
                         value(value::dict{{"__class__", "Pyro4.core.URI"}, {"state", value::tuple{1}}}),
                         value(value::dict{{"__class__", "Pyro4.core.URI"}, {"state", "x"}}),
                         value(value::dict{{"__class__", value::dict{{"__class__", "x"}, {"y", value::list{value::dict{}}}}}})}) {
    const auto payload = test::encoded(engine::pickle(), v);
    ASSERT_TRUE(payload);
    EXPECT_EQ(read(*payload), to_repr(v));
    EXPECT_EQ(payload->find("exceptions"), std::string::npos);
  }
  EXPECT_EQ(written(value(value::dict{{"__class__", "OddError"}, {"__exception__", true}, {"args", value::tuple{}}, {"more", 1}})),
            "builtins.ValueError: pickle: an exception has args and attributes, and no 'more'");
}

TEST(Pickle, writes_moments_as_pythons_own) {
  EXPECT_EQ(written(date{2020, 1, 2}), "\x80\x02" "cdatetime\ndate\nM\xe4\x07K\x01K\x02\x87R.");
  EXPECT_EQ(written(time_of_day{3, 4, 5, 6}), "\x80\x02" "cdatetime\ntime\n(K\x03K\x04K\x05K\x06tR.");
  EXPECT_EQ(written(std::chrono::milliseconds(-1500)), "\x80\x02" "cdatetime\ntimedelta\nJ\xff\xff\xff\xffJ\x7e\x51\x01\0J\x20\xa1\x07\0\x87R."s);
  EXPECT_TRUE(written(std::chrono::duration<double>(1e18)).starts_with("builtins.OverflowError: "));
  EXPECT_TRUE(written(std::chrono::duration<double>(NAN)).starts_with("builtins.OverflowError: "));
  for (const char* when : {"2020-01-02T03:04:05.000678", "9999-12-31T23:59:59", "0001-01-01T00:00:00+05:30", "2020-01-01T00:00:00-00:01"}) {
    const auto moment = *parse_datetime(when);
    const auto payload = test::encoded(engine::pickle(), moment);
    EXPECT_EQ(test::decoded<datetime>(engine::pickle(), test::as_bytes(*payload)), moment) << when;
  }
}

TEST(Pickle, refuses_text_that_is_none) {
  EXPECT_EQ(written("\xff"), "builtins.UnicodeEncodeError: text is not UTF-8: invalid start byte at byte 0");
  EXPECT_EQ(read(written("\xed\xa0\x80")), "'\\ud800'");
}

TEST(Pickle, lends_large_bytes) {
  const bytes data(1 << 20, std::byte{7});
  output out;
  const auto to = engine::pickle().make_writer();
  to->start(out);
  encode_borrowed(*to, data);
  EXPECT_LT(out.here().own, 20u);
  const std::string all = test::flat(out);
  EXPECT_EQ(test::decoded<bytes>(engine::pickle(), test::as_bytes(all)), data);
}

TEST(Pickle, reads_back_random_values) {
  test::random_value random(1, {.surrogates = true});
  for (int i = 0; i < 3000; ++i) {
    const value v = random.next();
    const auto payload = test::encoded(engine::pickle(), v);
    ASSERT_TRUE(payload) << payload.error().text;
    const auto back = test::decoded<value>(engine::pickle(), test::as_bytes(*payload));
    ASSERT_TRUE(back) << back.error().text << ' ' << to_repr(v);
    ASSERT_TRUE(same(*back, v)) << to_repr(*back) << " is not " << to_repr(v);
  }
}

TEST(Pickle, reads_typed_values_and_sees_the_class_ahead) {
  const auto in = engine::pickle().make_reader();
  const std::string payload = "](}(" + text("a") + "](NNe" + text("__class__") + text("B") + "uK\x05" + "e.";
  in->start(test::as_bytes(payload));
  std::size_t hint = 0;
  ASSERT_TRUE(in->enter_sequence(hint) && in->more());
  EXPECT_EQ(hint, 2u);
  EXPECT_EQ(in->class_name(), "B");
  ASSERT_TRUE(in->skip() && in->more());
  EXPECT_EQ(in->class_name(), std::nullopt);
  std::string_view word;
  EXPECT_FALSE(in->read_string(word));
  EXPECT_EQ(in->error().text, "expected str, not int");
  EXPECT_FALSE(in->more());
  const auto mixed = test::decoded<std::vector<std::variant<std::string, double, std::vector<int>>>>(
      engine::pickle(), test::as_bytes("](" + text("a") + "K\x01](K\x02K\x03" + "ee."));
  ASSERT_TRUE(mixed);
  EXPECT_EQ(std::get<2>((*mixed)[2]), (std::vector{2, 3}));
  EXPECT_EQ(test::decoded<double>(engine::pickle(), test::as_bytes("\x8a\x09\0\0\0\0\0\0\0\0\1."s)), std::ldexp(1, 64));
  EXPECT_EQ(test::decoded<std::int64_t>(engine::pickle(), test::as_bytes("\x8a\x09\0\0\0\0\0\0\0\0\1."s)).error().text,
            "int 18446744073709551616 does not fit int64");
}

TEST(Pickle, goes_back_to_a_mark_that_is_less_deep) {
  const auto in = engine::pickle().make_reader();
  const std::string payload = "](](K\x01K\x02" "eK\x03" "e.";
  in->start(test::as_bytes(payload));
  std::size_t hint = 0;
  std::int64_t n = 0;
  ASSERT_TRUE(in->enter_sequence(hint));
  const auto mark = in->here();
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(in->enter_sequence(hint) && in->read_integer(n));
    EXPECT_EQ(n, 1);
    in->rewind(mark);
  }
  ASSERT_TRUE(in->skip() && in->read_integer(n));
  EXPECT_EQ(n, 3);
  EXPECT_FALSE(in->more());
  EXPECT_TRUE(in->finish());
}

TEST(Pickle, survives_every_changed_byte) {
  const value error = value::dict{{"__class__", "ValueError"}, {"__exception__", true}, {"args", value::tuple{1}}};
  const std::string whole = written(value(value::dict{{"a", value::list{1, 2.5, "text", value(bytes(3)), date{2020, 1, 2}}},
                                                      {"b", value::set{value::tuple{1, 2}}}, {"e", error}}));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[at] = static_cast<char>(byte);
      const auto v = test::decoded<value>(engine::pickle(), test::as_bytes(changed));
      const auto in = engine::pickle().make_reader();
      in->start(test::as_bytes(changed));
      const bool skipped = in->skip() && in->finish();
      EXPECT_TRUE(v.has_value() == skipped || (skipped && v.error().text.starts_with("unhashable"))) << at << ' ' << byte;
    }
  }
}

}  // namespace
