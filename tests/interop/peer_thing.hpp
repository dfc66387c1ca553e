// The interop tests' object as both C++ sides know it: peer_server.cpp serves it, peer_client.cpp calls it through a typed proxy
// (then it is the Python twin in peer_mirror.py that answers).
#pragma once

#include <array>
#include <chrono>
#include <complex>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <codec/integer.hpp>
#include <engine/engine.hpp>
#include <engine/object/arguments.hpp>

struct Point {
  double x = 0, y = 0;
  std::optional<std::string> label{};
  bool operator==(const Point&) const = default;
};
ENGINE_SHAPE_AS(Point, "peer.Point", x, y, label)

struct OutOfStock : std::runtime_error {
  using std::runtime_error::runtime_error;
  std::string item;
  int left = 0;
};
ENGINE_EXPOSE_ERROR(OutOfStock, "peer.OutOfStock", item, left)

/// Means nothing to others as it is.
struct Money {
  std::int64_t cents = 0;
};
inline std::string in_euros(const Money& m) { return std::to_string(m.cents / 100) + " EUR"; }
template <> struct engine::codec_of<Money> : engine::sent_as<Money, in_euros> {};

enum class Colour : std::int16_t { red = 1, green = 2 };

using bytes_view = std::span<const std::byte>;
using choice = std::variant<std::int64_t, std::string, std::vector<double>>;
using moment = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
template <class T> using named = std::map<std::string, T>;

// One echo per C++ type.
#define EACH_ECHO(X)                                                                                                      \
  X(boolean, bool) X(int8, std::int8_t) X(int16, std::int16_t) X(int32, std::int32_t) X(int64, std::int64_t)              \
  X(uint8, std::uint8_t) X(uint16, std::uint16_t) X(uint32, std::uint32_t) X(uint64, std::uint64_t) X(big, engine::integer) \
  X(float32, float) X(float64, double) X(complex, std::complex<double>) X(text, std::string) X(text_view, std::string_view) \
  X(data, engine::bytes) X(data_view, bytes_view) X(numbers, std::vector<int>) X(triple, array_type) X(table, named<int>)     \
  X(hashed, hashed_type) X(words, std::set<std::string>) X(mixed, tuple_type) X(couple, pair_type)                         \
  X(maybe, std::optional<int>) X(either, choice) X(seconds, std::chrono::milliseconds) X(when, moment)                    \
  X(day, std::chrono::year_month_day) X(colour, Colour) X(point, Point) X(path, std::vector<Point>) X(where, engine::uri)
using array_type = std::array<int, 3>;
using hashed_type = std::unordered_map<std::string, double>;
using tuple_type = std::tuple<int, std::string, double>;
using pair_type = std::pair<std::string, int>;

#define DECLARE_ECHO(name, type) type echo_##name(type v);

class Thing {
 public:
  EACH_ECHO(DECLARE_ECHO)
  engine::value echo(engine::value message);
  std::int64_t add(std::int64_t a, std::int64_t b);
  std::string join(std::string a, std::string b, std::optional<std::string> c);
  engine::value collect(std::string first, engine::args rest, engine::kwargs named);
  engine::value positional(engine::args rest);
  void nothing();
  void fail(std::string_view kind);
  std::string size_of(engine::value data);
  std::string make(std::int64_t size);
  void note(std::string text);
  std::vector<std::string> notes();
  void nap(double seconds);
  void sulk();
  void keep(engine::value what);
  engine::value kept();
  std::int64_t len();
  std::string hidden();
  int level();
  void set_level(int to);
  double fixed();
  std::vector<Money> prices();

  std::string colour_name = "red";

 private:
  int level_ = 5;
  std::vector<std::string> notes_;
  engine::value kept_;
};
ENGINE_EXPOSE(Thing, echo, add, join, collect, positional, nothing, fail, size_of, make, note, notes, nap, sulk, keep, kept, len, hidden, level, fixed, prices,
              colour_name, echo_boolean, echo_int8, echo_int16, echo_int32, echo_int64, echo_uint8, echo_uint16, echo_uint32, echo_uint64,
              echo_big, echo_float32, echo_float64, echo_complex, echo_text, echo_text_view, echo_data, echo_data_view, echo_numbers,
              echo_triple, echo_table, echo_hashed, echo_words, echo_mixed, echo_couple, echo_maybe, echo_either, echo_seconds, echo_when,
              echo_day, echo_colour, echo_point, echo_path, echo_where)
ENGINE_MARK(Thing, echo, .parameters = "message")
ENGINE_MARK(Thing, add, .parameters = "a, b")
ENGINE_MARK(Thing, join, .parameters = "a, b='B', c=None")
ENGINE_MARK(Thing, collect, .parameters = "first")
ENGINE_MARK(Thing, fail, .parameters = "kind")
ENGINE_MARK(Thing, note, .parameters = "text", .oneway = true)
ENGINE_MARK(Thing, sulk, .callback = true)
ENGINE_MARK(Thing, len, .wire_name = "__len__")
ENGINE_MARK(Thing, hidden, .wire_name = "_hidden")
ENGINE_PROPERTY(Thing, level, "level", set_level)
ENGINE_MARK(Thing, fixed, .attribute = true)
