// A list of structs read twice from the same bytes: by the short way that a format has for them, and by the words alone. Whatever the
// bytes are, both must read the same, or refuse it in the same words at the same place.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <memory>
#include <string>
#include <vector>

#include <codec/reader_words.hpp>
#include <codec/serializer.hpp>
#include <codec/shape.hpp>
#include <tests/support/encoded.hpp>

namespace engine::test {


struct stock {
  std::string name;
  double price = 0;
  std::vector<std::int64_t> sizes;
  std::int64_t count = 0;
  bool sold = false;
  std::vector<std::string> notes;
  bool operator==(const stock& other) const {  // the price by its bits, which may be no number
    return name == other.name && std::bit_cast<std::uint64_t>(price) == std::bit_cast<std::uint64_t>(other.price) && sizes == other.sizes &&
           count == other.count && sold == other.sold && notes == other.notes;
  }
};
ENGINE_SHAPE(stock, name, price, sizes, count, sold, notes)

/// Reads a struct by the words alone.
template <class T> bool decode_by_words(reader& in, T& out) {
  static constexpr auto entries = codec_of<T>::description.entries();
  static constexpr detail::member_table table{entries, codec_of<T>::description.class_name};
  return detail::read_members(in, table, codec_of<T>::description.addresses(out).data());
}

template <class T> struct outcome {
  std::vector<T> read;
  std::string error;
  std::size_t offset = 0;
  bool operator==(const outcome&) const = default;
};

template <class T, class Decode> outcome<T> run(reader& in, std::span<const std::byte> payload, const decode_limits& limits, Decode decode) {
  outcome<T> got;
  std::size_t hint = 0;
  in.start(payload, limits);
  bool good = in.enter_sequence(hint);
  while (good && in.more()) good = decode(in, got.read.emplace_back());
  if (!in.ok()) got.error = in.error().text;
  got.offset = in.offset();
  return got;
}

template <class T> class beside {
 public:
  explicit beside(const serializer& format) : quick_(format.make_reader()), by_words_(format.make_reader()) {}
  outcome<T> read(std::span<const std::byte> payload, const decode_limits& limits = {}) {
    const auto words = run<T>(*by_words_, payload, limits, [](reader& in, T& out) { return decode_by_words(in, out); });
    const auto quick = run<T>(*quick_, payload, limits, [](reader& in, T& out) { return engine::decode(in, out); });
    EXPECT_EQ(quick.error, words.error) << to_hex({reinterpret_cast<const char*>(payload.data()), payload.size()});
    EXPECT_EQ(quick.offset, words.offset);
    EXPECT_EQ(quick.read, words.read);
    return quick;
  }

  /// Every beginning of the payload, and the payload with each byte set to every value.
  void read_damaged(std::span<const std::byte> whole) {
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_NE(read(whole.first(size)).error, "");
    bytes damaged(whole.begin(), whole.end());
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (int to = 0; to < 256 && !testing::Test::HasFailure(); ++to) {
        damaged[at] = static_cast<std::byte>(to);
        static_cast<void>(read(damaged));
      }
      damaged[at] = whole[at];
    }
  }

 private:
  std::unique_ptr<reader> quick_, by_words_;
};

}  // namespace engine::test
