// Random values from a seed, for round trips and for comparing serializers with each other and with Python.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>

#include <codec/value.hpp>

namespace engine::test {

/// A set of kinds, as bits.
using kind_set = std::uint32_t;
constexpr kind_set one_of(std::initializer_list<kind> kinds) {
  kind_set all = 0;
  for (const kind k : kinds) all |= 1u << static_cast<unsigned>(k);
  return all;
}
inline constexpr kind_set all_kinds = (1u << 16) - 2;  ///< all but kind::error
constexpr bool contains(kind_set set, kind k) { return (set >> static_cast<unsigned>(k) & 1u) != 0; }
constexpr kind_set without(kind_set set, std::initializer_list<kind> kinds) { return set & ~one_of(kinds); }

struct random_options {
  kind_set kinds = all_kinds;
  kind_set keys = all_kinds;       ///< of dicts; only hashable kinds that are in `kinds` are used
  std::size_t depth = 4;           ///< containers inside each other
  std::size_t elements = 8;        ///< most elements of one container
  std::size_t text_size = 40;      ///< most characters of text, most bytes of bytes
  bool nan_and_infinity = true;
  bool zone_aware = true;          ///< datetimes may have an offset from UTC
  bool surrogates = false;         ///< text may hold lone surrogates (as three bytes)
};

/// The same seed and options give the same values on every machine.
class random_value {
 public:
  explicit random_value(std::uint64_t seed, const random_options& options = {}) : random_(seed), options_(options) {}

  value next() { return make(options_.kinds, options_.depth); }

  // The parts, for tests that need one kind.
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  std::string text();
  double real();
  engine::integer big_integer();
  engine::datetime datetime();
  engine::date date();
  engine::bytes bytes();

 private:
  value make(kind_set allowed, std::size_t depth);
  value make_container(kind k, std::size_t depth);
  value hashable(kind_set allowed, std::size_t depth);
  std::int64_t small_integer();

  std::mt19937_64 random_;
  random_options options_;
};

}  // namespace engine::test
