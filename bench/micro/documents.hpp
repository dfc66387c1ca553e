// The documents every serializer is measured with: a small call, a nested structure of a thousand values, a megabyte of mixed values,
// a megabyte of bytes, a hundred thousand floats and as many short strings. One place, so that each competitor gets the same.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <codec/convert.hpp>
#include <codec/shape.hpp>

namespace bench_micro {

struct item {
  std::string name{};
  double price = 0;
  std::vector<std::int64_t> sizes{};
  bool operator==(const item&) const = default;
};
ENGINE_SHAPE(item, name, price, sizes)

struct call {
  std::string object{}, method{}, argument{};
  bool operator==(const call&) const = default;
};

inline call small_call() { return {.object = "echo", .method = "length", .argument = "Irmen de Jong"}; }

/// Each holds eight values: itself, its name, its price, a list and the four in it.
inline std::vector<item> items(std::size_t count) {
  std::vector<item> all(count);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto n = static_cast<std::int64_t>(i);
    all[i] = {.name = "item " + std::to_string(i), .price = 0.25 + static_cast<double>(i) / 3, .sizes = {n, n * 100, n * n * 1000, -n}};
  }
  return all;
}

inline std::vector<item> thousand_values() { return items(125); }
/// About a megabyte in any format.
inline std::vector<item> mixed() { return items(16'000); }

inline std::vector<double> floats() {
  std::vector<double> values(100'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i) / 7;
  return values;
}

inline std::vector<std::string> strings() {
  std::vector<std::string> values(100'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = "name" + std::to_string(i);
  return values;
}

inline engine::bytes megabyte() {
  engine::bytes values(1 << 20);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::byte>(i * 7);
  return values;
}

/// The same as calls carry it: a server's parameter is a view into the message, and what a client passes is sent from where it lies.
struct lent {
  std::span<const std::byte> all{};
  bool operator==(const lent& other) const { return std::ranges::equal(all, other.all); }
};
inline lent lent_megabyte() {
  static const engine::bytes kept = megabyte();
  return {kept};
}

}  // namespace bench_micro
