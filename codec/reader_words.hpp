// The words of a reader that stand for many: lists of what is often sent in long ones, and the keys of a struct. Written once as
// templates over the reader, so that a format whose class is final runs them without a virtual word per element.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <codec/reader.hpp>
#include <codec/short_text.hpp>

namespace engine::detail {

/// Room made ahead for `hint` declared elements: enough to be useful, never much more than a liar paid for in bytes.
constexpr std::size_t bounded_reserve(std::size_t hint, std::size_t element_size) {
  constexpr std::size_t most_elements = 65536, most_bytes = std::size_t(4) << 20;
  return std::min({hint, most_elements, most_bytes / element_size});
}

constexpr bool is_sequence(kind k) { return k == kind::list || k == kind::tuple || k == kind::set || k == kind::frozenset; }

template <class Reader> bool next_member(Reader& in, std::string_view& name) {
  while (in.more()) {
    if (in.peek() == kind::string) return in.read_string(name);
    if (!in.skip() || !in.skip()) return false;
  }
  return false;
}

/// `read` consumes one element into the one just made.
template <class Reader, class Element, class Read> bool read_list(Reader& in, std::vector<Element>& out, Read read) {
  std::size_t hint = 0;
  if (!in.enter_sequence(hint)) return false;
  out.clear();
  out.reserve(bounded_reserve(hint, sizeof(Element)));
  while (in.more()) {
    if (!read(out.emplace_back())) return false;
  }
  return in.ok();
}
template <class Reader> bool read_integers(Reader& in, std::vector<std::int64_t>& out) {
  return read_list(in, out, [&in](std::int64_t& n) { return in.read_integer(n); });
}
template <class Reader> bool read_reals(Reader& in, std::vector<double>& out) {
  return read_list(in, out, [&in](double& x) { return in.read_real(x); });
}
template <class Reader> bool read_strings(Reader& in, std::vector<std::string>& out) {
  return read_list(in, out, [&in](std::string& text) {
    std::string_view view;
    if (!in.read_string(view)) return false;
    assign(text, view);
    return true;
  });
}

}  // namespace engine::detail

/// In a final reader's class: these words, compiled for it.
#define ENGINE_READER_WORDS                                                                                            \
  bool next_member(std::string_view& name) override { return ::engine::detail::next_member(*this, name); }             \
  ENGINE_READER_LISTS
#define ENGINE_READER_LISTS                                                                                            \
  bool read_integers(std::vector<std::int64_t>& out) override { return ::engine::detail::read_integers(*this, out); }  \
  bool read_reals(std::vector<double>& out) override { return ::engine::detail::read_reals(*this, out); }              \
  bool read_strings(std::vector<std::string>& out) override { return ::engine::detail::read_strings(*this, out); }
