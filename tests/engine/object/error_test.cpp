// Failures on their way: C++ exceptions as the Python ones they correspond to, Python's as our classes, and their texts (WIRE §5).
#include <engine/object/error.hpp>

#include <new>
#include <system_error>
#include <thread>

#include <gtest/gtest.h>

#include <tests/support/encoded.hpp>

namespace engine {
namespace {

template <class E> wire_exception described(E&& e) { return wire_exception::describe(std::make_exception_ptr(std::forward<E>(e))); }

void expect_described(const wire_exception& e, std::string_view type, std::string_view text) {
  EXPECT_EQ(e.type, type);
  EXPECT_EQ(e.text(), text);
}

TEST(error, standard_exceptions_are_described_as_pythons) {
  expect_described(described(std::out_of_range("far")), "builtins.IndexError", "far");
  expect_described(described(std::invalid_argument("bad")), "builtins.ValueError", "bad");
  expect_described(described(std::domain_error("dom")), "builtins.ValueError", "dom");
  expect_described(described(std::overflow_error("big")), "builtins.OverflowError", "big");
  expect_described(described(std::bad_alloc()), "builtins.MemoryError", "out of memory");
  expect_described(described(std::runtime_error("run")), "builtins.RuntimeError", "run");
  expect_described(described(std::logic_error("log")), "builtins.RuntimeError", "log");
  expect_described(described(17), "builtins.RuntimeError", "an exception that is no std::exception");
}

TEST(error, a_system_error_is_an_os_error_with_errno_and_text) {
  const auto e = described(std::system_error(ENOENT, std::generic_category(), "opening"));
  EXPECT_EQ(e.type, "builtins.OSError");
  ASSERT_EQ(e.args.size(), 2u);
  EXPECT_EQ(e.args[0], value(ENOENT));
  EXPECT_EQ(e.args[1], value("opening: No such file or directory"));
}

TEST(error, a_bad_value_keeps_its_own_name) {
  try {
    static_cast<void>(value(value::dict{})["missing"]);
    FAIL();
  } catch (...) {
    EXPECT_EQ(wire_exception::describe(std::current_exception()).type, "builtins.KeyError");
  }
}

TEST(error, the_engines_classes_keep_pyros_names) {
  EXPECT_EQ(described(error("x")).type, "Pyro4.errors.PyroError");
  EXPECT_EQ(described(communication_error("x")).type, "Pyro4.errors.CommunicationError");
  EXPECT_EQ(described(connection_closed("x")).type, "Pyro4.errors.ConnectionClosedError");
  EXPECT_EQ(described(timed_out("x")).type, "Pyro4.errors.TimeoutError");
  EXPECT_EQ(described(daemon_error("x")).type, "Pyro4.errors.DaemonError");
  EXPECT_EQ(described(naming_error("x")).type, "Pyro4.errors.NamingError");
  EXPECT_EQ(described(security_error("x")).type, "Pyro4.errors.SecurityError");
  EXPECT_EQ(described(protocol_error("x")).type, "Pyro4.errors.ProtocolError");
  EXPECT_EQ(described(message_too_large("x")).type, "Pyro4.errors.MessageTooLargeError");
  EXPECT_EQ(described(serialize_error("x")).type, "Pyro4.errors.SerializeError");
  EXPECT_EQ(described(raised("ValueError", {"x"})).type, "builtins.ValueError");
}

TEST(error, text_is_pythons_str) {
  const auto text = [](std::string type, value::list args) { return wire_exception{.type = std::move(type), .args = std::move(args)}.text(); };
  EXPECT_EQ(text("builtins.ValueError", {}), "");
  EXPECT_EQ(text("builtins.ValueError", {"one"}), "one");
  EXPECT_EQ(text("builtins.ValueError", {3}), "3");
  EXPECT_EQ(text("builtins.ValueError", {nullptr}), "None");
  EXPECT_EQ(text("builtins.ValueError", {"bad", 3}), "('bad', 3)");
  EXPECT_EQ(text("builtins.KeyError", {"key"}), "'key'");
}

TEST(error, is_a_follows_pyros_hierarchy) {
  const auto is = [](std::string_view type, std::string_view base) { return wire_exception{.type = std::string(type)}.is_a(base); };
  EXPECT_TRUE(is("Pyro4.errors.SerializeError", wire_class::protocol_error));
  EXPECT_TRUE(is("Pyro4.errors.SerializeError", wire_class::communication_error));
  EXPECT_TRUE(is("Pyro4.errors.MessageTooLargeError", wire_class::protocol_error));
  EXPECT_TRUE(is("Pyro4.errors.TimeoutError", wire_class::communication_error));
  EXPECT_TRUE(is("Pyro4.errors.NamingError", wire_class::pyro_error));
  EXPECT_FALSE(is("Pyro4.errors.NamingError", wire_class::communication_error));
  EXPECT_FALSE(is("Pyro4.errors.SecurityError", wire_class::communication_error));
  EXPECT_FALSE(is("builtins.ValueError", wire_class::pyro_error));
  EXPECT_TRUE(is("mine.Own", "mine.Own"));
}

class error_travels : public testing::TestWithParam<const serializer*> {
 protected:
  wire_exception round_trip(const wire_exception& e) {
    const auto sent = test::encoded(*GetParam(), e);
    EXPECT_TRUE(sent) << sent.error().text;
    const auto back = test::decoded<wire_exception>(*GetParam(), test::as_bytes(*sent));
    EXPECT_TRUE(back) << back.error().text;
    return *back;
  }
};

TEST_P(error_travels, whole) {
  const wire_exception e{.type = "builtins.ValueError", .args = {"bad", 3}, .attributes = {{"extra", value::list{1, 2}}},
                         .traceback = {"Traceback (most recent call last):\n", "ValueError: bad\n"}};
  const wire_exception back = round_trip(e);
  EXPECT_EQ(back.type, e.type);
  EXPECT_EQ(value(back.args), value(e.args));
  EXPECT_EQ(value(back.attributes), value(e.attributes));
  EXPECT_EQ(back.traceback, e.traceback);
}

TEST_P(error_travels, and_its_name_is_made_one_of_ours) {
  const std::pair<const char*, const char*> table[] = {
      {"ValueError", "builtins.ValueError"},
      {"exceptions.ValueError", "builtins.ValueError"},
      {"builtins.ValueError", "builtins.ValueError"},
      {"NamingError", "Pyro4.errors.NamingError"},
      {"TimeoutError", "Pyro4.errors.TimeoutError"},
      {"Pyro5.errors.SerializeError", "Pyro4.errors.SerializeError"},
      {"Pyro4.errors.SerializeError", "Pyro4.errors.SerializeError"},
      {"sqlite3.OperationalError", "sqlite3.OperationalError"},
      {"my.Own", "my.Own"},
  };
  for (const auto& [sent, read] : table) EXPECT_EQ(round_trip({.type = sent}).type, read);
}

TEST_P(error_travels, as_a_dict_in_pyros_order_of_keys) {
  const std::string sent = test::encoded(*GetParam(), wire_exception{.type = "builtins.ValueError", .args = {"bad"}}).value();
  const value v = test::decoded<value>(*GetParam(), test::as_bytes(sent)).value();
  std::vector<std::string> keys;
  for (const auto& [key, item] : v.entries()) keys.push_back(key.as<std::string>());
  EXPECT_EQ(keys, (std::vector<std::string>{"__class__", "__exception__", "args", "attributes"}));
  EXPECT_TRUE(v["__exception__"].as<bool>());
  EXPECT_TRUE(v["attributes"].get<value::dict>().contains("_pyroTraceback"));
}

INSTANTIATE_TEST_SUITE_P(, error_travels, testing::Values(&serpent(), &marshal(), &msgpack()), [](const auto& of) { return std::string(of.param->name); });

TEST(error, passed_on_by_pickle_keeps_a_class_that_another_program_named_only_if_exceptions_are_called_so) {
  const auto passed_on = [](const char* type) {
    const auto received = test::encoded(serpent(), wire_exception{.type = type, .args = {"ls"}});
    const auto e = test::decoded<wire_exception>(serpent(), test::as_bytes(*received));
    try {
      rethrow(*e);  // by a method that has called the other program
    } catch (...) {
      return *test::encoded(pickle(), wire_exception::describe(std::current_exception()));
    }
  };
  EXPECT_TRUE(passed_on("far.away.OddError").starts_with("\x80\x02" "cfar.away\nOddError\n("));
  EXPECT_TRUE(passed_on("builtins.KeyError").starts_with("\x80\x02" "cexceptions\nKeyError\n("));
  // Its reader would call the function: it becomes an error that says what it was.
  const std::string odd = passed_on("os.system");
  EXPECT_TRUE(odd.starts_with("\x80\x02" "cPyro4.errors\nPyroError\n(")) << odd;
  EXPECT_TRUE(odd.contains("os.system: ls")) << odd;
  EXPECT_TRUE(test::encoded(pickle(), wire_exception{.type = "peer.OutOfStock"})->starts_with("\x80\x02" "cpeer\nOutOfStock\n(")) << "our own word";
}

TEST(error, an_exception_dict_without_attributes_or_traceback_is_fine) {
  const auto read = [](std::string_view text) { return test::decoded<wire_exception>(serpent(), test::as_bytes(text)); };
  EXPECT_EQ(read("{'__class__':'ValueError','__exception__':True,'args':['a']}")->text(), "a");
  EXPECT_EQ(read("{'__class__':'ValueError','args':(),'attributes':{'_pyroTraceback':None}}")->traceback.size(), 0u);
  EXPECT_EQ(read("{'__class__':'ValueError','args':'only','more':[1,2]}")->text(), "only");
  const auto refused = read("'no exception'");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().type, wire_class::type_error);
  EXPECT_EQ(refused.error().text, "exceptions must derive from BaseException");
}

template <class E> bool rebuilt_as(std::string type) {
  try {
    rethrow({.type = std::move(type), .args = {"x"}});
  } catch (const E& e) {
    return typeid(e) == typeid(E);
  } catch (...) {
  }
  return false;
}

TEST(error, a_remote_failure_is_thrown_as_the_class_it_names) {
  EXPECT_TRUE(rebuilt_as<error>("Pyro4.errors.PyroError"));
  EXPECT_TRUE(rebuilt_as<communication_error>("Pyro4.errors.CommunicationError"));
  EXPECT_TRUE(rebuilt_as<connection_closed>("Pyro4.errors.ConnectionClosedError"));
  EXPECT_TRUE(rebuilt_as<timed_out>("Pyro4.errors.TimeoutError"));
  EXPECT_TRUE(rebuilt_as<protocol_error>("Pyro4.errors.ProtocolError"));
  EXPECT_TRUE(rebuilt_as<message_too_large>("Pyro4.errors.MessageTooLargeError"));
  EXPECT_TRUE(rebuilt_as<serialize_error>("Pyro4.errors.SerializeError"));
  EXPECT_TRUE(rebuilt_as<naming_error>("Pyro4.errors.NamingError"));
  EXPECT_TRUE(rebuilt_as<daemon_error>("Pyro4.errors.DaemonError"));
  EXPECT_TRUE(rebuilt_as<security_error>("Pyro4.errors.SecurityError"));
  EXPECT_TRUE(rebuilt_as<raised>("builtins.ValueError"));
  EXPECT_TRUE(rebuilt_as<raised>("mine.Own"));
}

TEST(error, families_say_what_the_caller_can_do) {
  static_assert(std::is_base_of_v<unreachable, connection_closed> && std::is_base_of_v<unreachable, timed_out>);
  static_assert(std::is_base_of_v<unreachable, communication_error>);
  static_assert(std::is_base_of_v<unwelcome, daemon_error> && std::is_base_of_v<unwelcome, naming_error>);
  static_assert(std::is_base_of_v<unwelcome, security_error>);
  static_assert(std::is_base_of_v<malformed, protocol_error> && std::is_base_of_v<malformed, serialize_error>);
  static_assert(std::is_base_of_v<malformed, message_too_large> && std::is_base_of_v<error, raised>);
  static_assert(std::is_nothrow_copy_constructible_v<raised>);
}

TEST(error, is_compares_with_and_without_module) {
  const raised e("ValueError", {"x"});
  EXPECT_TRUE(e.is("ValueError"));
  EXPECT_TRUE(e.is("builtins.ValueError"));
  EXPECT_FALSE(e.is("KeyError"));
}

TEST(error, what_is_raised_remembers_where) {
  const raised e("ValueError", {"x"});
  const auto line = __LINE__ - 1;
  EXPECT_NE(e.traceback().find("error_test.cpp\", line " + std::to_string(line) + ", in "), std::string::npos) << e.traceback();
}

TEST(error, a_traceback_is_made_whole_as_pythons_are) {
  wire_exception bare{.type = "builtins.ValueError", .args = {"bad"}};
  bare.thrown_in("Thing.f");
  EXPECT_EQ(bare.traceback, (std::vector<std::string>{"Traceback (most recent call last):\n", "  File \"<C++>\", in Thing.f\n", "ValueError: bad\n"}));
  wire_exception passed_on = bare;
  passed_on.thrown_in("Other.g");
  EXPECT_EQ(passed_on.traceback, (std::vector<std::string>{"Traceback (most recent call last):\n", "  File \"<C++>\", in Other.g\n",
                                                           "  File \"<C++>\", in Thing.f\n", "ValueError: bad\n"}));
}

TEST(error, that_nobody_catches_is_printed_before_the_program_ends) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto throws = [](auto thrown) {
    print_uncaught_exceptions();
    std::thread([&] { throw thrown; }).join();
  };
  const wire_exception e{.type = "builtins.ValueError", .args = {"bad"}, .traceback = {"ValueError: bad\n"}};
  EXPECT_DEATH(throws(raised(e)), "ValueError: bad\n \\+--- This exception occured remotely \\(Pyro\\) - Remote traceback:\n \\| ValueError: bad\n");
  EXPECT_DEATH(throws(std::out_of_range("there")), "IndexError: there\n");
}

TEST(error, a_remote_traceback_is_framed_as_pyro_prints_it) {
  wire_exception e{.type = "builtins.ValueError", .args = {"bad"}, .traceback = {"Traceback (most recent call last):\n", "  File \"x\"\n    code\n", "ValueError: bad\n"}};
  EXPECT_EQ(get_traceback_text(raised(e)),
            "ValueError: bad\n"
            " +--- This exception occured remotely (Pyro) - Remote traceback:\n"
            " | Traceback (most recent call last):\n"
            " |   File \"x\"\n"
            " |     code\n"
            " | ValueError: bad\n"
            " +--- End of remote traceback\n");
  e.traceback.clear();
  EXPECT_EQ(get_traceback_text(raised(e)), "ValueError: bad\n");
  EXPECT_EQ(get_traceback_text(error("x")), "Pyro4.errors.PyroError: x\n");
}

TEST(error, one_that_cannot_be_sent_is_replaced_by_one_that_says_so) {
  const wire_exception original{.type = "builtins.ValueError", .args = {"bad"}, .traceback = {"line\n"}};
  const wire_exception e = wire_exception::unserializable(original, "why not");
  EXPECT_EQ(e.type, "Pyro4.errors.PyroError");
  EXPECT_EQ(e.text(), "Error serializing exception: why not. Original exception: <class 'ValueError'>: bad");
  EXPECT_EQ(e.traceback, original.traceback);
}

TEST(error, a_failure_keeps_the_exception) {
  const failure f(std::make_exception_ptr(timed_out("late")));
  EXPECT_TRUE(f.is<timed_out>());
  EXPECT_TRUE(f.is<unreachable>());
  EXPECT_FALSE(f.is<connection_closed>());
  EXPECT_EQ(f.type(), "Pyro4.errors.TimeoutError");
  EXPECT_EQ(f.text(), "late");
  EXPECT_THROW(f.raise(), timed_out);
}

}  // namespace
}  // namespace engine
