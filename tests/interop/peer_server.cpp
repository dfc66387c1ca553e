// Serves the object of peer_thing.hpp: members of every kind, for clients in Python. Prints its URI.
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "peer_thing.hpp"

#define DEFINE_ECHO(name, type) type Thing::echo_##name(type v) { return v; }
EACH_ECHO(DEFINE_ECHO)

engine::value Thing::echo(engine::value message) { return message; }
std::int64_t Thing::add(std::int64_t a, std::int64_t b) { return a + b; }
std::string Thing::join(std::string a, std::string b, std::optional<std::string> c) { return a + "/" + b + "/" + c.value_or("None"); }

engine::value Thing::collect(std::string first, engine::args rest, engine::kwargs named) {
  return engine::value::list{first, engine::value::list(std::move(rest)), std::move(named.items)};
}

engine::value Thing::positional(engine::args rest) { return engine::value::list(std::move(rest)); }
void Thing::nothing() {}

void Thing::fail(std::string_view kind) {
  if (kind == "invalid_argument") throw std::invalid_argument("a bad value");
  if (kind == "domain_error") throw std::domain_error("outside");
  if (kind == "length_error") throw std::length_error("too long");
  if (kind == "out_of_range") throw std::out_of_range("no such index");
  if (kind == "overflow_error") throw std::overflow_error("too much");
  if (kind == "logic_error") throw std::logic_error("illogical");
  if (kind == "runtime_error") throw std::runtime_error("something happened");
  if (kind == "bad_alloc") throw std::bad_alloc();
  if (kind == "system_error") throw std::system_error(ENOENT, std::generic_category(), "opening");
  if (kind == "no_exception") throw 7;
  if (kind == "ZeroDivisionError") throw engine::raised("ZeroDivisionError", {"division by zero"});
  if (kind == "KeyError") throw engine::raised("KeyError", {"the key"});
  if (kind == "ValueError") throw engine::raised("ValueError", {"bad", 3, engine::value::list{1, 2}});
  if (kind == "StopIteration") throw engine::raised("StopIteration", {});
  if (kind == "OutOfStock") {
    OutOfStock e("none left");
    e.item = "bike";
    e.left = -3;
    throw e;
  }
  if (kind == "Unknown") throw engine::raised("foo.Bar", {"nobody knows it"});
  if (kind == "NamingError") throw engine::naming_error("unknown name: x");
  if (kind == "DaemonError") throw engine::daemon_error("no daemon");
  if (kind == "PyroError") throw engine::error("general");
  if (kind == "SecurityError") throw engine::security_error("not allowed");
  if (kind == "SerializeError") throw engine::serialize_error("cannot be written");
  if (kind == "CommunicationError") throw engine::communication_error("lost");
  if (kind == "ConnectionClosedError") throw engine::connection_closed("gone");
  if (kind == "TimeoutError") throw engine::timed_out("late");
  if (kind == "ProtocolError") throw engine::protocol_error("confused");
  if (kind == "MessageTooLargeError") throw engine::message_too_large("huge");
}

std::string Thing::size_of(engine::value data) { return std::to_string(data.size()); }
std::string Thing::make(std::int64_t size) { return std::string(static_cast<std::size_t>(size), 'x'); }
void Thing::note(std::string text) {
  if (text == "throw") throw std::runtime_error("nobody hears this");
  notes_.push_back(std::move(text));
}
std::vector<std::string> Thing::notes() { return notes_; }
void Thing::nap(double seconds) {
  std::cout << "napping" << std::endl;
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}
void Thing::sulk() { throw std::runtime_error("sulking"); }
void Thing::keep(engine::value what) { kept_ = std::move(what); }
engine::value Thing::kept() { return kept_; }
std::int64_t Thing::len() { return 3; }
std::string Thing::hidden() { return "private"; }
int Thing::level() { return level_; }
void Thing::set_level(int to) {
  if (to < 0) throw std::invalid_argument("level below zero");
  level_ = to;
}
double Thing::fixed() { return 2.5; }
std::vector<Money> Thing::prices() { return {{300}, {12'000}}; }

// peer_server [--host H] [--unix PATH] [--key K] [--picky] [--cores N]
int main(int argc, char** argv) {
  engine::daemon_options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--picky") {
      options.validate_handshake = [](const std::string&, const engine::value& said) -> engine::value {
        if (said != "sesame") throw std::runtime_error("you did not say sesame but " + engine::to_repr(said));
        return "welcome";
      };
      continue;
    }
    const std::string value = argv[++i];
    if (word == "--host") options.host = value;
    if (word == "--unix") options.unix_socket = value, options.unix_only = true;
    if (word == "--key") options.hmac_key = value;
    if (word == "--cores") options.cores = static_cast<unsigned>(std::stoul(value));
  }
  Thing thing;
  engine::daemon daemon(options);
  std::cout << daemon.expose(thing, "thing") << std::endl;
  daemon.run();
}
