// Names, keys and most texts are short. Up to 16 bytes they are looked at, copied and compared here without a loop or a call: by
// the word at each end, which may overlap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace engine::detail {

inline constexpr std::size_t short_most = 16;

template <class Word> Word word_at(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// size is at most short_most, as below.
inline bool is_short_ascii(const char* p, std::size_t size) {
  if (size >= 8) return ((word_at<std::uint64_t>(p) | word_at<std::uint64_t>(p + size - 8)) & 0x8080808080808080) == 0;
  if (size >= 4) return ((word_at<std::uint32_t>(p) | word_at<std::uint32_t>(p + size - 4)) & 0x80808080) == 0;
  return size == 0 || ((p[0] | p[size / 2] | p[size - 1]) & 0x80) == 0;
}

template <class Word> void copy_ends(char* to, const char* from, std::size_t size) {
  const Word first = word_at<Word>(from), last = word_at<Word>(from + size - sizeof(Word));
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + size - sizeof last, &last, sizeof last);
}
inline void copy_short(char* to, const char* from, std::size_t size) {
  if (size >= 8) return copy_ends<std::uint64_t>(to, from, size);
  if (size >= 4) return copy_ends<std::uint32_t>(to, from, size);
  if (size == 0) return;
  to[0] = from[0];
  to[size / 2] = from[size / 2];
  to[size - 1] = from[size - 1];
}

/// The same of any size.
inline void copy_text(char* to, std::string_view from) {
  if (from.size() <= short_most) copy_short(to, from.data(), from.size());
  else std::memcpy(to, from.data(), from.size());
}

/// to = from. The library's own way is two calls, which cost more than the text.
inline void assign(std::string& to, std::string_view from) {
  if (from.size() > short_most) {
    to.assign(from);
  } else {
    // What the library passes is not the size asked for: g++ 12's passes the capacity that it made.
    to.resize_and_overwrite(from.size(), [from](char* room, std::size_t) {
      copy_short(room, from.data(), from.size());
      return from.size();
    });
  }
}

template <class Word> bool same_ends(const char* a, const char* b, std::size_t size) {
  const std::size_t last = size - sizeof(Word);
  return ((word_at<Word>(a) ^ word_at<Word>(b)) | (word_at<Word>(a + last) ^ word_at<Word>(b + last))) == 0;
}
/// a == b, for texts of any size.
inline bool same_text(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  if (size > short_most) return a == b;
  if (size >= 8) return same_ends<std::uint64_t>(a.data(), b.data(), size);
  if (size >= 4) return same_ends<std::uint32_t>(a.data(), b.data(), size);
  return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
}

}  // namespace engine::detail
