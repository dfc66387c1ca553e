// The frame of the raw floors: 64 bytes with their length in front, about what a small call takes on the wire, and
// nothing to decode. A server answers it with the same bytes; a blob is a frame that announces so many bytes behind it,
// fetch asks for so many behind the answer. A batch announces small entries behind it, each with its length in front too, and an entry of it is answered by its number.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>

namespace bench {

enum class operation : std::uint8_t { echo = 0, blob = 1, fetch = 2, batch = 3 };

struct frame {
  std::uint32_t length = 60;  ///< bytes after this field
  operation what = operation::echo;
  std::uint8_t unused[3] = {};
  std::uint64_t argument = 0;  ///< echo: the number of the request; blob: its bytes, and in the answer those counted; fetch: the bytes wanted; batch: its entries
  char text[48] = "Irmen de Jong";

  std::span<const char> bytes() const { return {reinterpret_cast<const char*>(this), sizeof *this}; }
  std::span<char> bytes() { return {reinterpret_cast<char*>(this), sizeof *this}; }
  std::uint64_t text_length() const { return strnlen(text, sizeof text); }
};
static_assert(sizeof(frame) == 64);

/// A call of a batch: as many bytes as ours takes there in msgpack, since the object is named once for all of them.
struct batch_entry {
  std::uint32_t length = 20;  ///< bytes after this field
  std::uint32_t number = 0;
  char text[16] = "Irmen de Jong";
};
static_assert(sizeof(batch_entry) == 24);

struct batch_answer {
  std::uint32_t length = 4;
  std::uint32_t number = 0;
};

/// Throws when an answer is not what was asked for.
inline void expect_same(std::span<const char> answer, std::span<const char> request) {
  if (answer.size() != request.size() || std::memcmp(answer.data(), request.data(), answer.size()) != 0)
    throw std::runtime_error("the answer does not match the request");
}

}  // namespace bench
