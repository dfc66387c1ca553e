// Calls the object of peer_mirror.py, served by Pyro4 itself. What it got is printed for the test to judge; typed results are checked
// here. peer_client [--serializer S] [--key K] [--timeout MS] [--handshake H] URI SCENARIO [WORD…]
#include <cmath>
#include <functional>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include "peer_thing.hpp"

namespace {

using words = std::vector<std::string>;

struct client {
  engine::uri where;
  engine::proxy_options options;
  engine::proxy<Thing> typed{where, options};
  engine::proxy<> dynamic{where, options};
};

int faults = 0;
template <class T> void expect(const char* what, const T& wanted, const T& got) {
  if (wanted == got) return;
  ++faults;
  std::cout << "FAULT " << what << '\n';
}
#define EXPECT_ECHO(name, ...)                                      \
  do {                                                              \
    const auto sent = __VA_ARGS__;                                  \
    const auto got = c.typed.echo_##name(sent);                     \
    expect(#name, std::remove_cv_t<decltype(got)>(sent), got);      \
  } while (false)

// The family and class a failure was caught as.
std::string caught_as(const engine::error& e) {
  if (dynamic_cast<const engine::raised*>(&e)) return "raised";
  if (dynamic_cast<const engine::connection_closed*>(&e)) return "unreachable connection_closed";
  if (dynamic_cast<const engine::timed_out*>(&e)) return "unreachable timed_out";
  if (dynamic_cast<const engine::unreachable*>(&e)) return "unreachable";
  if (dynamic_cast<const engine::naming_error*>(&e)) return "unwelcome naming_error";
  if (dynamic_cast<const engine::daemon_error*>(&e)) return "unwelcome daemon_error";
  if (dynamic_cast<const engine::security_error*>(&e)) return "unwelcome security_error";
  if (dynamic_cast<const engine::message_too_large*>(&e)) return "malformed message_too_large";
  if (dynamic_cast<const engine::serialize_error*>(&e)) return "malformed serialize_error";
  if (dynamic_cast<const engine::protocol_error*>(&e)) return "malformed protocol_error";
  return "error";
}

void report(const std::string& what, const std::function<std::string()>& call) {
  try {
    const std::string said = call();
    std::cout << what << ": " << said << std::endl;
  } catch (const OutOfStock& e) {
    std::cout << what << ": OutOfStock | " << e.what() << " | " << e.item << " | " << e.left << std::endl;
  } catch (const engine::error& e) {
    std::cout << what << ": " << caught_as(e) << " | " << e.type() << " | " << e.what() << " | traceback "
              << (e.traceback().empty() ? "no" : "yes") << std::endl;
  }
}

engine::value batched(client& c, const std::string& method, const engine::value& argument) {
  engine::batch alone{c.dynamic};
  auto result = alone[method](argument);
  alone.send();
  return *result;
}

// Each value as Python gives it, sent back for Python to describe: PLACE ROW…
void values(client& c, const words& given) {
  const std::map<std::string, std::function<engine::value(const std::string&)>> places = {
      {"alone", [&](const std::string& row) { return c.dynamic["describe"](c.dynamic["give"](row)); }},
      {"in-a-list", [&](const std::string& row) { return c.dynamic["describe"](c.dynamic["give_in_list"](row)); }},
      {"by-keyword", [&](const std::string& row) { return c.dynamic["describe"](engine::kw("value", c.dynamic["give_in_dict"](row))); }},
      {"in-a-batch", [&](const std::string& row) { return batched(c, "describe", batched(c, "give", row)); }}};
  const auto& place = places.at(given.at(0));
  for (std::size_t i = 1; i < given.size(); ++i) report(given[i], [&] { return place(given[i]).as<std::string>(); });
}

void typed(client& c, const words&) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max(), least = std::numeric_limits<std::int64_t>::min();
  EXPECT_ECHO(boolean, true);
  EXPECT_ECHO(int8, std::int8_t{-128});
  EXPECT_ECHO(int16, std::int16_t{-7});
  EXPECT_ECHO(int32, -5);
  EXPECT_ECHO(int64, most);
  EXPECT_ECHO(int64, least);
  EXPECT_ECHO(uint8, std::uint8_t{255});
  EXPECT_ECHO(uint64, std::numeric_limits<std::uint64_t>::max());
  EXPECT_ECHO(big, engine::integer(5));
  EXPECT_ECHO(float32, 0.25f);
  EXPECT_ECHO(float64, 0.1);
  EXPECT_ECHO(float64, -std::numeric_limits<double>::infinity());
  EXPECT_ECHO(text, std::string("h\xc3\xa9 '\"\\\n\0x", 10));
  EXPECT_ECHO(text_view, std::string(""));
  EXPECT_ECHO(numbers, std::vector<int>{1, -2, 3});
  EXPECT_ECHO(triple, array_type{1, 2, 3});
  EXPECT_ECHO(table, named<int>{{"a", 1}, {"b", 2}});
  EXPECT_ECHO(hashed, hashed_type{{"a", 1.5}});
  EXPECT_ECHO(words, std::set<std::string>{"a", "b"});
  EXPECT_ECHO(mixed, tuple_type{1, "a", 2.5});
  EXPECT_ECHO(couple, pair_type{"a", 1});
  EXPECT_ECHO(maybe, std::optional<int>{});
  EXPECT_ECHO(maybe, std::optional<int>{4});
  EXPECT_ECHO(either, choice{std::string("t")});
  EXPECT_ECHO(either, choice{std::vector<double>{1, 2}});
  EXPECT_ECHO(colour, Colour::green);
  EXPECT_ECHO(data, engine::bytes(3, std::byte{0xfe}));
  EXPECT_ECHO(data, engine::bytes(300'000, std::byte{1}));
  EXPECT_ECHO(where, engine::uri("PYRO:obj@host:1234"));
  // Moments are texts in serpent, and those are taken back; complex numbers Pyro4 does not decode in msgpack's arguments come back whole.
  if (c.options.serializer != "marshal") {  // which has no moments
    EXPECT_ECHO(when, moment(std::chrono::microseconds(1'577'934'245'000'678)));
    EXPECT_ECHO(day, std::chrono::year_month_day(std::chrono::year(2020), std::chrono::month(1), std::chrono::day(2)));
  }
  EXPECT_ECHO(complex, std::complex<double>(1.5, -2));
  if (c.options.serializer == "serpent") EXPECT_ECHO(seconds, std::chrono::milliseconds(1500));
  report("add", [&] { return std::to_string(c.typed.add(40, 2)); });
  report("join", [&] { return c.typed.join("x", "y", std::nullopt) + " " + c.typed.join("x"); });
  report("async", [&] {
    auto first = engine::async(c.typed).add(1, 2), second = engine::async(c.typed).add(3, 4);
    return std::to_string(second.get() + first.get());
  });
  std::cout << (faults == 0 ? "all as sent" : "changed") << std::endl;
}

void errors(client& c, const words& kinds) {
  for (const std::string& kind : kinds) {
    report(kind, [&] { return c.typed.fail(kind), "nothing"; });
    report("  and then", [&] { return std::to_string(c.typed.add(1, 2)); });
  }
  report("nope", [&] { return engine::to_repr(c.dynamic["nope"]()); });
  report("level()", [&] { return engine::to_repr(c.dynamic["level"]()); });
  report("add.get", [&] { return engine::to_repr(c.dynamic["add"].get()); });
  report("missing", [&] { return engine::to_repr(c.dynamic["add"](1)); });
  report("too many", [&] { return engine::to_repr(c.dynamic["add"](1, 2, 3)); });
}

void members(client& c, const words&) {
  using engine::kw;
  report("get", [&] { return std::to_string(c.typed.level()) + " " + std::to_string(c.typed.fixed()) + " " + c.typed.colour_name(); });
  report("set", [&] { return c.dynamic["level"].set(9), engine::to_repr(c.dynamic["level"].get()); });
  report("typed set", [&] { return c.typed.colour_name("blue"), c.typed.colour_name(); });
  report("refused", [&] { return c.dynamic["level"].set(-1), "nothing"; });
  report("read-only", [&] { return c.dynamic["fixed"].set(1), "nothing"; });
  report("keywords", [&] { return engine::to_repr(c.dynamic["join"]("x", kw("c", "z"))); });
  report("only keywords", [&] { return engine::to_repr(c.dynamic["add"](kw("b", 1), kw("a", 2))); });
  report("collect", [&] { return engine::to_repr(c.dynamic["collect"]("f", 1, 2.5, kw("k", engine::value(engine::value::list{1})))); });
  report("len", [&] { return std::to_string(c.typed.len()); });
  c.typed.note("first");
  c.typed.note("throw");
  report("notes", [&] { return std::to_string(c.typed.notes().size()); });
  c.dynamic["note"](kw("text", "second"));
  report("notes", [&] { return engine::to_repr(c.dynamic["notes"]()); });
  const auto offered = engine::members_of(c.dynamic);
  report("oneway", [&] { return offered.oneway.at(0); });
  report("attributes", [&] { return offered.attributes.at(0) + " " + offered.attributes.at(2); });
}

void add(client& c, const words& count) {
  for (int i = 0; i < (count.empty() ? 1 : std::stoi(count[0])); ++i) report("add", [&] { return std::to_string(c.typed.add(1, 2)); });
}

void nap(client& c, const words& seconds) {
  report("nap", [&] { return c.typed.nap(std::stod(seconds.at(0))), "slept"; });
  report("then", [&] { return std::to_string(c.typed.add(1, 2)); });
}

void large(client& c, const words& sizes) {
  for (const std::string& size : sizes) {
    const std::string text(std::stoul(size), 'y');
    report("there", [&] { return c.dynamic["size_of"](text).as<std::string>(); });
    report("back", [&] { return std::to_string(c.dynamic["make"](std::stol(size)).size()); });
  }
}

// Two connections are there before the server is stopped, which a line on standard input says; then each is given more than it can hold.
void stuffed(client& c, const words& size) {
  const engine::proxy<> another(c.where, c.options);
  report("connected", [&] { return engine::to_repr(c.dynamic["add"](1, 2)) + " " + engine::to_repr(another["add"](3, 4)); });
  std::string line;
  std::getline(std::cin, line);
  for (const auto& each : {c.dynamic, another}) engine::set_timeout(each, std::chrono::milliseconds(300));
  const std::string text(std::stoul(size.at(0)), 'y');
  report("waiting", [&] { return c.dynamic["size_of"](text).as<std::string>(); });
  report("async", [&] { return engine::to_repr(engine::async(another)["size_of"](text).get()); });
}

std::string shown(auto& result) {
  if constexpr (std::is_void_v<decltype(result.get())>) return result.get(), "done";
  else return engine::to_repr(engine::value(*result));
}

void batches(client& c, const words&) {
  engine::batch typed{c.typed};
  auto sum = typed.add(1, 2);
  auto joined = typed.join("x", "y", std::nullopt);
  auto nothing = typed.nothing();
  report("send", [&] { return typed.send(), "sent"; });
  report("sum", [&] { return shown(sum); });
  report("joined", [&] { return shown(joined); });
  report("nothing", [&] { return shown(nothing); });
  engine::batch dynamic{c.dynamic};
  std::vector<engine::later<engine::value>> many;
  for (int i = 0; i < 300; ++i) many.push_back(dynamic["add"](i, engine::kw("b", 1)));
  report("many", [&] {
    dynamic.send();
    std::int64_t total = 0;
    for (auto& each : many) total += each->as<std::int64_t>();
    return std::to_string(total);
  });
  auto before = dynamic["add"](1, 2);
  auto failing = dynamic["fail"]("KeyError");
  auto after = dynamic["note"]("never");
  report("with a failure", [&] { return dynamic.send(), "sent"; });
  report("before", [&] { return shown(before); });
  report("failing", [&] { return shown(failing); });
  report("after", [&] { return shown(after); });
  for (const char* name : {"_private", "nope", "level"}) {
    auto unknown = dynamic[name]();
    report(name, [&] { return dynamic.send(), "sent"; });
  }
  report("empty", [&] { return dynamic.send(), "sent"; });
  typed.note("oneway");
  typed.send_oneway();
  auto last = typed.add(3, 4);
  report("async", [&] { return typed.send_async().get(), shown(last); });
  report("notes", [&] { return engine::to_repr(c.dynamic["notes"]()); });
}

// The connection is inherited; the URI names the object only.
void adopted(client& c, const words& descriptor) {
  engine::proxy_options options = c.options;
  options.connected_socket = std::stoi(descriptor.at(0));
  engine::proxy<Thing> given(c.where, options);
  report("add", [&] { return std::to_string(given.add(1, 2)); });
  report("join", [&] { return given.join("x", "y", std::nullopt); });
}

const std::map<std::string, void (*)(client&, const words&)> scenarios = {
    {"batches", batches}, {"adopted", adopted}, {"values", values}, {"typed", typed}, {"errors", errors}, {"members", members}, {"add", add}, {"nap", nap}, {"large", large}, {"stuffed", stuffed}};

}  // namespace

int main(int argc, char** argv) {
  const words given(argv + 1, argv + argc);
  engine::proxy_options options;
  std::size_t i = 0;
  for (; i + 1 < given.size() && given[i].starts_with("--"); i += 2) {
    if (given[i] == "--serializer") options.serializer = given[i + 1];
    if (given[i] == "--key") options.hmac_key = given[i + 1];
    if (given[i] == "--handshake") options.handshake = given[i + 1];
    if (given[i] == "--timeout") options.timeout = std::chrono::milliseconds(std::stol(given[i + 1]));
  }
  try {
    client c{engine::uri(given.at(i)), options};
    scenarios.at(given.at(i + 1))(c, words(given.begin() + static_cast<std::ptrdiff_t>(i) + 2, given.end()));
  } catch (const std::exception& e) {
    std::cout << "failed: " << e.what() << std::endl;
    return 1;
  }
  return faults == 0 ? 0 : 1;
}
