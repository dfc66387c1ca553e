// The object most tests of this folder talk to: one method of every kind, and the ways to misbehave.
#pragma once

#include <atomic>
#include <chrono>
#include <complex>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <codec/value.hpp>
#include <engine/object/arguments.hpp>
#include <engine/object/error.hpp>
#include <engine/object/expose.hpp>

namespace engine::test {

/// What serpent cannot write.
inline engine::value value_without_text() { return engine::value::dict{{nullptr, 1}}; }

class thing {
 public:
  int add(int a, int b) { return a + b; }
  engine::value echo(engine::value v) { return v; }
  std::string text(std::string_view s) { return std::string(s); }
  std::size_t measure(std::span<const std::byte> data) { return data.size(); }
  std::vector<std::byte> blob(std::size_t size) { return std::vector<std::byte>(size, std::byte{7}); }
  void fire(int n) { fired += n; }
  void fail(std::string type, std::string text) { throw raised(type, {text}); }
  void crash(std::string_view text) { throw std::runtime_error(std::string(text)); }
  void break_up() { throw communication_error("trouble"); }
  void refuse_to_serialize() { throw serialize_error("cannot"); }
  void forbid() { throw security_error("no"); }
  void misname() { throw naming_error("who"); }
  void called_back() { throw raised("ValueError", {"from a callback"}); }
  engine::value unserializable() { return value_without_text(); }
  void fail_unserializably() { throw raised("ValueError", {value_without_text()}); }
  void throw_anything() { throw 17; }
  int size() const { return 3; }
  int hidden() { return 1; }
  std::string all(engine::args rest, engine::kwargs named) {
    return std::to_string(rest.size()) + "," + std::to_string(named.items.size());
  }
  std::string greet(std::string name, std::string greeting, std::optional<int> times) {
    return greeting + " " + name + (times ? " " + std::to_string(*times) : "");
  }
  void sleep_ms(int n) { std::this_thread::sleep_for(std::chrono::milliseconds(n)); }
  /// Waits for open(); says that it is there by `entered`.
  int wait_for_gate() {
    ++entered;
    gate.get_future().wait();
    return 42;
  }
  std::size_t thread() { return std::hash<std::thread::id>{}(std::this_thread::get_id()); }

  int get_temperature() const { return temperature_; }
  void set_temperature(int t) {
    if (t > 100) throw std::invalid_argument("too hot");
    temperature_ = t;
  }
  std::string mood() { return "fine"; }
  std::string label = "none";
  int serial = 7;
  const int fixed = 9;

  std::atomic<int> fired{0}, entered{0};
  std::promise<void> gate;

 private:
  int temperature_ = 20;
};

ENGINE_EXPOSE(thing, add, echo, text, measure, blob, fire, fail, crash, break_up, refuse_to_serialize, forbid, misname, called_back,
              unserializable, fail_unserializably, throw_anything, size, hidden, all, greet, sleep_ms, wait_for_gate, thread, get_temperature,
              mood, label, serial, fixed)
ENGINE_MARK(thing, add, .parameters = "a, b")
ENGINE_MARK(thing, greet, .parameters = "name, greeting='hello', times")
ENGINE_ONEWAY(thing, fire)
ENGINE_MARK(thing, called_back, .callback = true)
ENGINE_MARK(thing, size, .wire_name = "__len__")
ENGINE_MARK(thing, hidden, .wire_name = "_hidden")
ENGINE_PROPERTY(thing, get_temperature, "temperature", set_temperature)
ENGINE_MARK(thing, mood, .attribute = true)
ENGINE_MARK(thing, serial, .read_only = true)

}  // namespace engine::test
