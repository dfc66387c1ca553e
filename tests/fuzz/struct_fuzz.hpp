// A list of structs, read from the same bytes by the short way that a format has for them and by its words alone: whatever the bytes are,
// both read the same, or refuse it in the same words at the same place.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include <codec/reader_words.hpp>
#include <codec/serializer.hpp>
#include <codec/shape.hpp>
#include <tests/fuzz/fuzz.hpp>

namespace engine::fuzz {

/// The corpus has some of them (make_corpus.py: structs).
struct stock {
  std::string name{};
  double price = 0;
  std::vector<std::int64_t> sizes{};
  std::int64_t count = 0;
  bool sold = false;
  std::vector<std::string> notes{};
  bool operator==(const stock& other) const {  // the price may be no number
    return name == other.name && std::bit_cast<std::uint64_t>(price) == std::bit_cast<std::uint64_t>(other.price) && sizes == other.sizes &&
           count == other.count && sold == other.sold && notes == other.notes;
  }
};
ENGINE_SHAPE(stock, name, price, sizes, count, sold, notes)

struct structs_read {
  std::vector<stock> all{};
  std::string error{};
  std::size_t offset = 0;
  bool operator==(const structs_read&) const = default;
};

template <class Decode> structs_read read_structs_by(const serializer& format, std::span<const std::byte> payload, const decode_limits& limits, Decode decode) {
  structs_read got;
  const auto in = format.make_reader();
  std::size_t hint = 0;
  in->start(payload, limits);
  bool good = in->enter_sequence(hint);
  while (good && in->more()) good = decode(*in, got.all.emplace_back());
  if (!in->ok()) got.error = in->error().text;
  got.offset = in->offset();
  return got;
}

inline void read_structs(const serializer& format, std::span<const std::byte> payload, const decode_limits& limits = {}) {
  const auto by_words = read_structs_by(format, payload, limits, [](reader& in, stock& out) {
    static constexpr auto entries = codec_of<stock>::description.entries();
    static constexpr detail::member_table table{entries, codec_of<stock>::description.class_name};
    return detail::read_members(in, table, codec_of<stock>::description.addresses(out).data());
  });
  const auto shortly = read_structs_by(format, payload, limits, [](reader& in, stock& out) { return decode(in, out); });
  require(shortly == by_words, "structs are the same read shortly and by the words");
}

}  // namespace engine::fuzz
