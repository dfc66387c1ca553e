// Dispatch on bytes alone: a request frame in, an answer frame out, and what becomes of the connection (WIRE §2.6, §4, §5.3, §5.4, §8).
#include "dispatch_support.hpp"

#include <engine/io/log.hpp>

namespace engine::test {
namespace {

constexpr const char* uuid = "0123456789abcdef";

TEST_F(dispatching, a_call_is_answered_in_its_serializer_and_with_its_number) {
  const auto all = call("add", "(1,)", "{'b':2}");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].type, message::result);
  EXPECT_EQ(all[0].flags, 0);
  EXPECT_EQ(all[0].sequence, 5);
  EXPECT_EQ(all[0].serializer, 1);
  EXPECT_EQ(all[0].body(), value(3));
  EXPECT_EQ(decided, verdict::keep);
}

TEST_F(dispatching, the_answer_is_byte_for_byte_the_captured_one) {
  // WIRE §4.1: thing.add(1, b=2) with a correlation id.
  const bytes id = from_hex("00112233445566778899aabbccddeeff");
  const std::string corr(reinterpret_cast<const char*>(id.data()), id.size());
  const std::string request = frame_of("# serpent utf-8 python3.2\n('thing','add',(1,),{'b':2})", {.sequence = 1, .annotations = {{"CORR", corr}}});
  EXPECT_EQ(to_hex(request.substr(0, 46)), "50 59 52 4f 00 30 00 04 00 00 00 01 00 00 00 36 00 01 00 16 00 00 35 6b 43 4f 52 52 00 10 "
                                           "00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff");
  frame_reader reader;
  reader.feed(as_bytes(request));
  output out;
  dispatch.answer(**reader.next(), peer, out);
  EXPECT_EQ(to_hex(flat(out)),
            "50 59 52 4f 00 30 00 05 00 00 00 01 00 00 00 1b 00 01 00 16 00 00 35 51 43 4f 52 52 00 10 00 11 22 33 44 55 66 77 88 99 aa "
            "bb cc dd ee ff 23 20 73 65 72 70 65 6e 74 20 75 74 66 2d 38 20 70 79 74 68 6f 6e 33 2e 32 0a 33");
}

TEST_F(dispatching, none_is_the_result_of_a_method_that_returns_nothing) { EXPECT_EQ(result("fire", "(1,)"), value()); }

TEST_F(dispatching, a_normal_answer_carries_the_callers_correlation_id_or_a_new_one) {
  const auto given = ask(frame_of("('thing','add',(1,2),{})", {.annotations = {{"CORR", uuid}}}));
  EXPECT_EQ(given.at(0).annotations.at("CORR"), uuid);
  const auto made = call("add", "(1,2)");
  EXPECT_EQ(made.at(0).annotations.at("CORR").size(), 16u);
  EXPECT_NE(call("add", "(1,2)").at(0).annotations.at("CORR"), made.at(0).annotations.at("CORR"));
}

TEST_F(dispatching, an_exception_carries_no_correlation_id) {
  const auto all = ask(frame_of("('thing','crash',('x',),{})", {.annotations = {{"CORR", uuid}}}));
  EXPECT_EQ(all.at(0).flags, flag::exception);
  EXPECT_TRUE(all.at(0).annotations.empty());
}

TEST_F(dispatching, our_own_peers_do_without_a_made_up_correlation_id) {
  peer.own_peer = true;
  EXPECT_FALSE(call("add", "(1,2)").at(0).has("CORR"));
}

// ---- calls that begin as the one before, in the same bytes, are recognised by those

class repeating : public dispatching {
 protected:
  repeating() { host.accepted.insert("msgpack"); }
  static std::string in_msgpack(std::string_view method, const std::vector<int>& arguments, std::string_view object = "thing") {
    output out;
    const auto to = msgpack().make_writer();
    to->start(out);
    to->begin_call(object, method, arguments.size());
    for (const int n : arguments) to->signed_integer(n);
    to->begin_keywords(0);
    to->end_call();
    return flat(out);
  }
  std::string said_to(std::string_view payload) {
    const auto all = ask(frame_of(payload, {.serializer = 6}));
    if (all.size() != 1) return "no answer";
    return all[0].flags == flag::exception ? failure_in(all) : to_repr(all[0].body());
  }
};

TEST_F(repeating, calls_get_their_own_results_whatever_came_before) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(said_to(in_msgpack("add", {i, 1})), std::to_string(i + 1));
    EXPECT_EQ(said_to(in_msgpack("add", {i, 2})), std::to_string(i + 2));
    EXPECT_EQ(said_to(in_msgpack("echo", {i})), std::to_string(i));
    EXPECT_EQ(result("__len__"), value(3)) << "in serpent";
    EXPECT_EQ(said_to(in_msgpack("echo", {7})), "7");
  }
}

TEST_F(repeating, calls_fail_in_the_same_words_as_the_first) {
  const std::string good = in_msgpack("add", {1, 2}), two_missing = in_msgpack("add", {}), one_too_many = in_msgpack("add", {1, 2, 3});
  const std::string cut = good.substr(0, good.size() - 2), longer = good + "x";
  for (const std::string& bad : {two_missing, one_too_many, cut, longer, in_msgpack("missing", {})}) {
    peer.opening.forget();
    const std::string first = said_to(bad);
    EXPECT_NE(first.find(": "), std::string::npos) << first;
    EXPECT_EQ(said_to(good), "3");
    EXPECT_EQ(said_to(bad), first);
  }
}

TEST_F(repeating, calls_read_their_arguments_as_the_first_does) {
  const auto opening_of = [](std::string_view method) {
    const std::string all = in_msgpack(method, {});
    return all.substr(0, all.size() - 2);  // up to the arguments
  };
  const std::vector<std::string> argument_lists = {
      "\x90", "\x91\x07", "\x92\x01\x02", "\x92\xcc\xc8\xd0\x80", "\x92\xce\x7f\xff\xff\xfe\x01", "\x92\xce\xff\xff\xff\xff\x01", "\x92\x01\xc3", "\x92\xc0\x01", "\x91\xa3""abc",
      "\x91\xa2\xc3\xa9", "\x91\xa1\xff", "\x91\xbf" + std::string(31, 'x'), "\x91\xd9\x20" + std::string(32, 'x'), "\x91\x91\x01", "\x93\x01\x02\x03", "\xc0", "\x81\xa1""a\x01", "\xdc", ""};
  const std::vector<std::string> endings = {"\x80", "\x81\xa1""b\x02", "\x81\xa1""z\x02", "\xc0", "", std::string("\x80\x00", 2)};
  int good = 0;
  for (const char* method : {"add", "text", "thread", "fire", "crash"})
    for (const std::string& list : argument_lists)
      for (const std::string& ending : endings) {
        const std::string call = opening_of(method) + list + ending;
        peer.opening.forget();
        const std::string first = said_to(call);
        EXPECT_EQ(said_to(call), first) << method << " " << to_hex(list + ending);
        good += first.find("Error") == std::string::npos;
      }
  EXPECT_EQ(good, 10) << "not all of them are refused";
}

class slow {
 public:
  int add(int a, int b) { return a + b; }
  int block(int a) { return a; }
};
ENGINE_EXPOSE(slow, add, block)
ENGINE_MARK(slow, block, .blocking = true)

TEST_F(repeating, calls_are_served_where_they_belong_whatever_was_served_here_before) {
  slow there, blocking;
  side_pool pool({});
  host.aside = &pool;
  host.objects.add({.id = "there", .object = &there, .table = &interface_of<slow>(), .home = 1}, false);
  host.objects.add({.id = "blocking", .object = &blocking, .table = &interface_of<slow>()}, false);
  const auto placed = [&](std::string_view object, std::string_view method, const std::vector<int>& arguments) {
    ask(frame_of(in_msgpack(method, arguments, object), {.serializer = 6}));
    return decided;
  };
  for (int i = 0; i < 3; ++i) {
    for (int again = 0; again < 3; ++again) EXPECT_EQ(placed("thing", "add", {1, 2}), verdict::keep);
    for (int again = 0; again < 3; ++again) EXPECT_EQ(placed("there", "add", {1, 2}), verdict::elsewhere);
    for (int again = 0; again < 3; ++again) EXPECT_EQ(placed("blocking", "add", {1, 2}), verdict::keep);
    for (int again = 0; again < 3; ++again) EXPECT_EQ(placed("blocking", "block", {1}), verdict::aside);
    call("__len__");
    EXPECT_EQ(placed("blocking", "block", {1}), verdict::aside);
  }
}

TEST_F(repeating, calls_find_the_object_that_has_the_id_now) {
  EXPECT_EQ(said_to(in_msgpack("add", {1, 2})), "3");
  host.objects.remove("thing");
  EXPECT_EQ(said_to(in_msgpack("add", {1, 2})), "Pyro4.errors.DaemonError: unknown object");
  host.objects.add({.id = "thing", .object = &object, .table = &interface_of<thing>()}, false);
  EXPECT_EQ(said_to(in_msgpack("add", {1, 2})), "3");
}

TEST_F(dispatching, ping_is_answered_by_pong_in_any_serializer) {
  for (const std::uint16_t id : {42, 1, 999}) {
    const auto all = ask(frame_of("ping", {.type = message::ping, .sequence = 9, .serializer = id}));
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].type, message::ping);
    EXPECT_EQ(all[0].payload, "pong");
    EXPECT_EQ(all[0].sequence, 9);
    EXPECT_EQ(all[0].serializer, id);
    EXPECT_EQ(all[0].annotations.at("CORR").size(), 16u);
    EXPECT_EQ(decided, verdict::keep);
  }
}

TEST_F(dispatching, any_other_message_ends_the_connection_without_an_answer) {
  const log_capture log;
  for (const message m : {message::connect, message::connect_ok, message::connect_fail, message::result}) {
    EXPECT_TRUE(ask(frame_of("x", {.type = m})).empty());
    EXPECT_EQ(decided, verdict::close);
  }
  EXPECT_TRUE(log.has("tester: invalid msg type 5 received"));
}

TEST_F(dispatching, pyros_own_refusals_are_worded_as_pyros) {
  const std::string attribute = "builtins.AttributeError: ";
  EXPECT_EQ(failure_in(ask(call_frame("nobody", "add"))), "Pyro4.errors.DaemonError: unknown object");
  EXPECT_EQ(failure("_private"), attribute + "attempt to access private attribute '_private'");
  EXPECT_EQ(failure("__init__"), attribute + "attempt to access private attribute '__init__'");
  EXPECT_EQ(failure("label"), attribute + "attempt to access unexposed attribute 'label'");
  EXPECT_EQ(failure("missing"), attribute + "'thing' object has no attribute 'missing'");
  EXPECT_EQ(failure("a.b"), attribute + "'thing' object has no attribute 'a.b'");
  EXPECT_EQ(decided, verdict::keep);
}

TEST_F(dispatching, a_dunder_method_may_be_exposed_and_a_private_name_may_not) {
  EXPECT_EQ(result("__len__"), value(3));
  EXPECT_EQ(failure("_hidden"), "builtins.AttributeError: attempt to access private attribute '_hidden'");
}

TEST_F(dispatching, arguments_that_do_not_fit_get_pythons_words) {
  EXPECT_EQ(failure("add", "(1,)"), "builtins.TypeError: thing.add() missing 1 required positional argument: 'b'");
  EXPECT_EQ(failure("add", "(1,2)", "None"), "builtins.TypeError: thing.add() argument after ** must be a mapping, not NoneType");
  EXPECT_EQ(decided, verdict::keep);
}

TEST_F(dispatching, a_body_that_does_not_parse_is_answered_and_the_connection_stays) {
  EXPECT_TRUE(failure_in(ask(frame_of("('thing','add',(1,2"))).starts_with("builtins.SyntaxError: "));
  EXPECT_EQ(decided, verdict::keep);
  EXPECT_NE(failure_in(ask(frame_of(""))), "no exception");
  EXPECT_NE(failure_in(ask(frame_of("17"))), "no exception");
  EXPECT_NE(failure_in(ask(frame_of("('thing','add')"))), "no exception");
  EXPECT_EQ(decided, verdict::keep);
  const std::string deep = "('thing','echo',(" + std::string(500, '[') + std::string(500, ']') + ",),{})";
  EXPECT_TRUE(failure_in(ask(frame_of(deep))).find("too many nested parentheses") != std::string::npos);
  EXPECT_EQ(decided, verdict::keep);
  EXPECT_EQ(result("add", "(1,2)"), value(3));
}

TEST_F(dispatching, what_a_method_throws_is_answered_and_the_connection_stays) {
  EXPECT_EQ(failure("fail", "('ZeroDivisionError','by zero')"), "builtins.ZeroDivisionError: by zero");
  EXPECT_EQ(failure("crash", "('down',)"), "builtins.RuntimeError: down");
  EXPECT_EQ(failure("misname"), "Pyro4.errors.NamingError: who");
  EXPECT_EQ(failure("throw_anything"), "builtins.RuntimeError: an exception that is no std::exception");
  EXPECT_EQ(failure("fail", "('my.Own','x')"), "my.Own: x");
  EXPECT_EQ(decided, verdict::keep);
}

TEST_F(dispatching, an_exception_names_the_method_in_its_traceback) {
  const wire_exception e = call("crash", "('down',)").at(0).exception();
  EXPECT_EQ(e.traceback, (std::vector<std::string>{"Traceback (most recent call last):\n", "  File \"<C++>\", in thing.crash\n", "RuntimeError: down\n"}));
}

TEST_F(dispatching, serialize_and_security_errors_are_answered_and_end_the_connection) {
  EXPECT_EQ(failure("refuse_to_serialize"), "Pyro4.errors.SerializeError: cannot");
  EXPECT_EQ(decided, verdict::close);
  EXPECT_EQ(failure("forbid"), "Pyro4.errors.SecurityError: no");
  EXPECT_EQ(decided, verdict::close);
}

TEST_F(dispatching, communication_errors_end_the_connection_without_an_answer) {
  const log_capture log;
  EXPECT_TRUE(call("break_up").empty());
  EXPECT_EQ(decided, verdict::close);
  for (const char* name : {"ConnectionClosedError", "TimeoutError", "ProtocolError", "MessageTooLargeError", "CommunicationError"}) {
    EXPECT_TRUE(call("fail", std::string("('Pyro4.errors.") + name + "','x')").empty()) << name;
    EXPECT_EQ(decided, verdict::close);
  }
  EXPECT_TRUE(log.has("a method threw Pyro4.errors.CommunicationError"));
}

TEST_F(dispatching, a_callbacks_exception_is_answered_logged_and_ends_the_connection) {
  const log_capture log;
  EXPECT_EQ(failure("called_back"), "builtins.ValueError: from a callback");
  EXPECT_EQ(decided, verdict::close);
  EXPECT_TRUE(log.has("callback called_back threw builtins.ValueError: from a callback"));
}

TEST_F(dispatching, a_result_that_cannot_be_written_is_an_exception) {
  const auto all = call("unserializable");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].flags, flag::exception);
}

TEST_F(dispatching, an_exception_that_cannot_be_written_says_so_instead) {
  const std::string said = failure("fail_unserializably");
  EXPECT_TRUE(said.starts_with("Pyro4.errors.PyroError: Error serializing exception: ")) << said;
  EXPECT_NE(said.find(". Original exception: <class 'ValueError'>: "), std::string::npos) << said;
  EXPECT_EQ(decided, verdict::keep);
}

TEST_F(dispatching, a_oneway_call_runs_and_is_never_answered) {
  const log_capture log;
  EXPECT_TRUE(call("fire", "(4,)", "{}", flag::oneway).empty());
  EXPECT_EQ(object.fired, 4);
  EXPECT_TRUE(call("add", "(1,2)", "{}", flag::oneway).empty());
  EXPECT_TRUE(call("crash", "('x',)", "{}", flag::oneway).empty());
  EXPECT_TRUE(call("missing", "()", "{}", flag::oneway).empty());
  EXPECT_TRUE(ask(call_frame("nobody", "add", "()", 1, "{}", flag::oneway)).empty());
  EXPECT_EQ(decided, verdict::keep);
  EXPECT_TRUE(call("forbid", "()", "{}", flag::oneway).empty());
  EXPECT_EQ(decided, verdict::close);
  EXPECT_TRUE(log.has("a oneway call failed: builtins.RuntimeError: x"));
}

TEST_F(dispatching, a_oneway_method_called_without_the_flag_is_answered) { EXPECT_EQ(result("fire", "(1,)"), value()); }

TEST_F(dispatching, an_unknown_serializer_ends_the_connection_without_an_answer) {
  const log_capture log;
  for (const std::uint16_t id : {0, 8, 77}) {
    EXPECT_TRUE(ask(frame_of("x", {.serializer = id})).empty());
    EXPECT_EQ(decided, verdict::close);
  }
  EXPECT_TRUE(log.has("message used serializer that is not accepted: 77"));
}

TEST_F(dispatching, a_known_serializer_that_is_not_accepted_is_answered_in_itself_and_closed) {
  const auto all = ask(frame_of("x", {.serializer = 6}));
  EXPECT_EQ(failure_in(all), "Pyro4.errors.SerializeError: message used serializer that is not accepted: 6");
  EXPECT_EQ(all.at(0).serializer, 6);
  EXPECT_EQ(decided, verdict::close);
}

TEST_F(dispatching, our_own_peers_may_use_msgpack_while_the_accepted_ones_are_pyros_default) {
  const std::string body = encoded(msgpack(), value(value::list{"thing", "add", value::list{1, 2}, value::dict{}})).value();
  peer.own_peer = host.upgrade = true;
  EXPECT_EQ(ask(frame_of(body, {.serializer = 6})).at(0).body(), value(3));
  host.upgrade = false;
  EXPECT_EQ(ask(frame_of(body, {.serializer = 6})).at(0).flags, flag::exception);
}

TEST_F(dispatching, a_call_whose_deadline_has_passed_does_not_begin) {
  peer.own_peer = true;
  peer.heard = std::chrono::steady_clock::now();
  const auto with_left = [&](const std::string& microseconds, std::uint16_t flags) {
    return ask(frame_of("# serpent utf-8 python3.2\n('thing','__setattr__',('label','new'),None)",
                        {.flags = flags, .annotations = {{"ENGD", microseconds}}}));
  };
  EXPECT_EQ(failure_in(with_left(std::string(8, '\0'), 0)), "Pyro4.errors.TimeoutError: the deadline had passed before the call began");
  EXPECT_TRUE(with_left(std::string(8, '\0'), flag::oneway).empty());
  EXPECT_EQ(object.label, "none");
  EXPECT_EQ(with_left(std::string(4, '\0') + "\x10" + std::string(3, '\0'), 0).at(0).flags, 0) << "there is time";
  EXPECT_EQ(object.label, "new");
}

TEST_F(dispatching, attributes_are_read_and_assigned) {
  EXPECT_EQ(result("__getattr__", "('label',)", "None"), value("none"));
  EXPECT_EQ(result("__setattr__", "('label','new')", "None"), value());
  EXPECT_EQ(object.label, "new");
  EXPECT_EQ(result("__getattr__", "('temperature',)", "None"), value(20));
  EXPECT_EQ(result("__setattr__", "('temperature',30)", "None"), value());
  EXPECT_EQ(object.get_temperature(), 30);
  EXPECT_EQ(result("__getattr__", "('mood',)", "None"), value("fine"));
  EXPECT_EQ(result("__getattr__", "('fixed',)", "None"), value(9));
}

TEST_F(dispatching, attributes_that_may_not_be_reached_are_refused_in_pyros_words) {
  const std::string attribute = "builtins.AttributeError: ";
  EXPECT_EQ(failure("__getattr__", "('add',)", "None"), attribute + "attempt to access unexposed or unknown remote attribute 'add'");
  EXPECT_EQ(failure("__getattr__", "('missing',)", "None"), attribute + "type object 'thing' has no attribute 'missing'");
  EXPECT_EQ(failure("__setattr__", "('missing',1)", "None"), attribute + "type object 'thing' has no attribute 'missing'");
  EXPECT_EQ(failure("__getattr__", "('_x',)", "None"), attribute + "type object 'thing' has no attribute '_x'");
  for (const char* read_only : {"serial", "fixed", "mood"})
    EXPECT_EQ(failure("__setattr__", std::string("('") + read_only + "',1)", "None"),
              attribute + "attempt to access unexposed or unknown remote attribute '" + read_only + "'");
}

TEST_F(dispatching, an_assignment_that_is_cut_or_goes_on_changes_nothing) {
  host.accepted = {"serpent", "json", "marshal", "msgpack", "pickle"};
  for (const serializer* format : {&serpent(), &json(), &marshal(), &msgpack(), &pickle()}) {
    output written;
    const auto writing = format->make_writer();
    writing->start(written);
    writing->begin_call("thing", "__setattr__", 2);
    writing->string("label");
    writing->string("new");
    writing->begin_keywords(0);
    writing->end_call();
    const std::string good = flat(written);
    for (std::size_t size : {good.size() - 1, good.size() + 1}) {
      std::string bad = good;
      bad.resize(size, 'x');
      if ((format == &pickle() || format == &marshal()) && size > good.size()) continue;  // Python, too, does not mind what follows these
      const auto answers = ask(frame_of(bad, {.serializer = format->id_48}));
      ASSERT_EQ(answers.size(), 1u);
      EXPECT_TRUE(answers[0].flags & flag::exception) << format->name << " " << size;
      EXPECT_EQ(object.label, "none") << format->name << " " << size;
    }
    EXPECT_EQ(ask(frame_of(good, {.serializer = format->id_48})).at(0).flags & flag::exception, 0) << format->name;
    EXPECT_EQ(std::exchange(object.label, "none"), "new") << format->name;
  }
}

TEST_F(dispatching, a_message_that_cannot_be_read_is_refused_for_that_first) {
  const auto said = [&](const char* body) { return failure_in(ask(frame_of(body))); };
  EXPECT_EQ(said("('nobody','add',(1,),{}"), "builtins.SyntaxError: '(' was never closed (<unknown>, line 1)");
  EXPECT_EQ(said("('thing','missing',(1,),'"), "builtins.SyntaxError: unterminated string literal (detected at line 1) (<unknown>, line 1)");
  EXPECT_EQ(said("('thing','add',('x',2),a b)"), "builtins.SyntaxError: invalid syntax. Perhaps you forgot a comma? (<unknown>, line 1)");
  EXPECT_EQ(said("('thing',['add'],(1,2))"), "builtins.ValueError: not enough values to unpack (expected 4, got 3)");
  EXPECT_EQ(said("('nobody','add',(1,2),{},1)"), "builtins.ValueError: too many values to unpack (expected 4)");
  EXPECT_EQ(said("'of many characters'"), "builtins.ValueError: too many values to unpack (expected 4)");
  EXPECT_EQ(said("{1:2}"), "builtins.ValueError: not enough values to unpack (expected 4, got 1)");
  EXPECT_EQ(said("(['thing'],'add',(1,2),{})"), "builtins.TypeError: unhashable type: 'list'");
  EXPECT_EQ(said("(7,'add',(1,2),{})"), "Pyro4.errors.DaemonError: unknown object");
  EXPECT_EQ(said("('nobody','add',(1,2),{})"), "Pyro4.errors.DaemonError: unknown object");
  EXPECT_EQ(said("('thing','add',5,{})"), "builtins.TypeError: thing.add() argument after * must be an iterable, not int");
  EXPECT_EQ(said("('thing','add',(1,2),[])"), "builtins.TypeError: thing.add() argument after ** must be a mapping, not list");
  const auto in_json = [&](const char* body) { return failure_in(ask(frame_of(body, {.serializer = 2}))); };
  EXPECT_EQ(in_json(R"({"object": "nobody", "method": "add", "params": [1, 2]})"), "builtins.KeyError: 'kwargs'");
  EXPECT_EQ(in_json(R"({"object": "nobody", "method": "add", "params": [1, 2], "kwargs": {}} 1)"),
            "json.decoder.JSONDecodeError: Extra data: line 1 column 71 (char 70)");
}

TEST_F(dispatching, a_bad_assignment_changes_nothing) {
  EXPECT_EQ(failure("__setattr__", "('temperature',101)", "None"), "builtins.ValueError: too hot");
  EXPECT_TRUE(failure("__setattr__", "('temperature','warm')", "None").starts_with("builtins.TypeError: "));
  EXPECT_EQ(failure("__setattr__", "('label',)", "None"), "builtins.IndexError: tuple index out of range");
  EXPECT_EQ(failure("__setattr__", "[]", "None"), "builtins.IndexError: list index out of range");
  EXPECT_EQ(failure("__getattr__", "()", "None"), "builtins.IndexError: tuple index out of range");
  EXPECT_EQ(object.get_temperature(), 20);
  EXPECT_EQ(object.label, "none");
}

TEST_F(dispatching, an_object_of_another_core_is_answered_elsewhere) {
  thing other;
  host.objects.add({.id = "far", .object = &other, .table = &interface_of<thing>(), .home = 1}, false);
  host.objects.add({.id = "everywhere", .object = &object, .table = &interface_of<thing>(), .home = 1, .shared = true}, true);
  EXPECT_TRUE(ask(call_frame("far", "add", "(1,2)")).empty());
  EXPECT_EQ(decided, verdict::elsewhere);
  EXPECT_EQ(peer.object->home, 1u);
  EXPECT_EQ(ask(call_frame("everywhere", "add", "(1,2)")).at(0).body(), value(3));
}

TEST_F(dispatching, a_withdrawn_object_is_unknown_at_once) {
  EXPECT_EQ(result("add", "(1,2)"), value(3));
  host.objects.remove("thing");
  EXPECT_EQ(failure("add", "(1,2)"), "Pyro4.errors.DaemonError: unknown object");
}

TEST_F(dispatching, with_a_key_every_answer_is_signed) {
  host.hmac_key = "secr3t";
  EXPECT_EQ(ask(frame_of("('thing','add',(1,2),{})", {.hmac_key = "secr3t"})).at(0).annotations.at("HMAC").size(), 20u);
  EXPECT_EQ(ask(frame_of("('thing','crash',('x',),{})", {.hmac_key = "secr3t"})).at(0).annotations.at("HMAC").size(), 20u);
  EXPECT_EQ(ask(frame_of("ping", {.type = message::ping, .serializer = 42, .hmac_key = "secr3t"})).at(0).annotations.at("HMAC").size(), 20u);
}

TEST_F(dispatching, a_detailed_traceback_tells_what_the_method_was_called_with) {
  host.settings.detailed_traceback = true;
  const auto told = [&](std::string_view method, std::string_view arguments, std::string_view keywords = "{}") {
    std::string text;
    for (const std::string& line : call(method, arguments, keywords).at(0).exception().traceback) text += line;
    return text;
  };
  const std::string rule = std::string(52, '-') + "\n";
  EXPECT_EQ(told("crash", "('boom',)"), rule + " EXCEPTION <class 'RuntimeError'>: boom\n Extended stacktrace follows (most recent call last)\n" + rule +
                                            "File \"<C++>\", in thing.crash\nLocal values:\n    argument 1 = 'boom'\n" + rule +
                                            " EXCEPTION <class 'RuntimeError'>: boom\n" + rule);
  const std::string thrown_with_a_place = told("fail", "('ValueError','bad')");
  EXPECT_NE(thrown_with_a_place.find("    argument 2 = 'bad'\n"), std::string::npos) << thrown_with_a_place;
  EXPECT_NE(thrown_with_a_place.find("thing.hpp\", line "), std::string::npos) << thrown_with_a_place;
  EXPECT_NE(told("greet", "([1],)", "{'greeting':2}").find("    name = [1]\n    greeting = 2\n"), std::string::npos);
  EXPECT_NE(told("nobody", "()").find("in dispatch\n"), std::string::npos);
  const std::string cut = told("crash", "('" + std::string(5000, 'x') + "',)");
  EXPECT_NE(cut.find("xxx…\n"), std::string::npos);
  EXPECT_EQ(told("crash", "('" + std::string(70'000, 'x') + "',)").find("Local values"), std::string::npos);
}

TEST_F(dispatching, an_answer_above_the_maximum_is_not_sent_and_ends_the_connection) {
  host.settings.max_message_size = 200;
  const log_capture log;
  EXPECT_TRUE(call("text", "('" + std::string(300, 'x') + "',)").empty());
  EXPECT_EQ(decided, verdict::close);
  EXPECT_TRUE(log.has("max message size exceeded"));
  EXPECT_EQ(result("add", "(1,2)"), value(3));
}

TEST_F(dispatching, long_answers_are_compressed_when_asked_and_exceptions_never) {
  host.settings.compression = true;
  const auto all = call("text", "('" + std::string(3000, 'x') + "',)");
  EXPECT_EQ(all.at(0).flags, flag::compressed);
  EXPECT_EQ(all.at(0).body(), value(std::string(3000, 'x')));
  EXPECT_EQ(call("crash", "('" + std::string(3000, 'x') + "',)").at(0).flags, flag::exception);
}

TEST_F(dispatching, unknown_flags_and_annotations_are_ignored) {
  EXPECT_EQ(ask(frame_of("('thing','add',(1,2),{})", {.flags = 0xff80, .annotations = {{"XYZZ", "user"}}})).at(0).body(), value(3));
}

TEST(private_names, are_pyros) {
  for (const char* name : {"_", "_x", "__", "__x", "___", "____", "_x__"}) EXPECT_TRUE(is_private_name(name)) << name;
  for (const char* name :
       {"__init__", "__init_subclass__", "__class__", "__module__", "__weakref__", "__call__", "__new__", "__del__", "__repr__", "__str__",
        "__unicode__", "__format__", "__nonzero__", "__bool__", "__coerce__", "__cmp__", "__eq__", "__ne__", "__hash__", "__ge__", "__gt__",
        "__le__", "__lt__", "__dir__", "__enter__", "__exit__", "__copy__", "__deepcopy__", "__sizeof__", "__getattr__", "__setattr__",
        "__hasattr__", "__getattribute__", "__delattr__", "__instancecheck__", "__subclasscheck__", "__subclasshook__", "__getinitargs__",
        "__getnewargs__", "__getstate__", "__setstate__", "__getstate_for_dict__", "__setstate_from_dict__", "__reduce__", "__reduce_ex__"})
    EXPECT_TRUE(is_private_name(name)) << name;
  for (const char* name : {"x", "", "x_", "__len__", "__iter__", "__getitem__", "__next__", "__add__", "__x__", "a.b"})
    EXPECT_FALSE(is_private_name(name)) << name;
}

}  // namespace
}  // namespace engine::test
