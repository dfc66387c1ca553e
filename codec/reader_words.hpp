// The words of a reader that stand for many: lists of what is often sent in long ones, and structs with their keys. Written once as
// templates over the reader, so that a format whose class is final runs them without a virtual word per element.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
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
template <class Reader> bool read_text(Reader& in, std::string& out) {
  std::string_view view;
  if (!in.read_string(view)) return false;
  assign(out, view);
  return true;
}
template <class Reader> bool read_strings(Reader& in, std::vector<std::string>& out) {
  return read_list(in, out, [&in](std::string& text) { return read_text(in, text); });
}

/// What most members of structs are, which a reader reads without asking their type's codec.
enum class plain_member : std::uint8_t { no, boolean, integer, real, string, integers, reals, strings };
struct member_entry {
  std::string_view name;
  plain_member plain;
  bool (*decode)(reader& in, void* member);  ///< by the type's codec
};
/// A described struct, in the order of writing.
struct member_table {
  std::span<const member_entry> members;
  std::string_view class_name;  ///< empty: a plain dict
};

/// The index of `key`, table.members.size() if absent.
std::size_t find_member(const member_table& table, std::string_view key);
/// Consumes the value of a key that is no member's: `__class__`, which is compared, or anything, which is skipped.
bool pass_member(reader& in, const member_table& table, std::string_view key);

template <class Reader> bool read_member(Reader& in, const member_entry& entry, void* to) {
  switch (entry.plain) {
    case plain_member::boolean: return in.read_boolean(*static_cast<bool*>(to));
    case plain_member::integer: return in.read_integer(*static_cast<std::int64_t*>(to));
    case plain_member::real: return in.read_real(*static_cast<double*>(to));
    case plain_member::string: return read_text(in, *static_cast<std::string*>(to));
    case plain_member::integers: return in.read_integers(*static_cast<std::vector<std::int64_t>*>(to));
    case plain_member::reals: return in.read_reals(*static_cast<std::vector<double>*>(to));
    case plain_member::strings: return in.read_strings(*static_cast<std::vector<std::string>*>(to));
    case plain_member::no: break;
  }
  return entry.decode(in, to);
}

/// The members most often come in their order, which is tried first.
template <class Reader> bool read_members(Reader& in, const member_table& table, void* const* members) {
  const std::size_t count = table.members.size();
  std::size_t hint = 0, next = 0;
  if (!in.enter_dict(hint)) return false;
  std::string_view key;
  while (in.next_member(key)) {
    const bool in_order = next < count && same_text(table.members[next].name, key);
    const std::size_t index = in_order ? next : find_member(table, key);
    if (index == count) {
      if (!pass_member(in, table, key)) return false;
    } else {
      if (!read_member(in, table.members[index], members[index])) return false;
      next = index + 1;
    }
  }
  return in.ok();
}

}  // namespace engine::detail

/// In a final reader's class: these words, compiled for it.
#define ENGINE_READER_WORDS                                                                                            \
  bool next_member(std::string_view& name) override { return ::engine::detail::next_member(*this, name); }             \
  ENGINE_READER_MEMBERS                                                                                                \
  ENGINE_READER_LISTS
#define ENGINE_READER_MEMBERS                                                                                          \
  bool read_members(const ::engine::detail::member_table& table, void* const* members) override {                      \
    return ::engine::detail::read_members(*this, table, members);                                                      \
  }
#define ENGINE_READER_LISTS                                                                                            \
  bool read_integers(std::vector<std::int64_t>& out) override { return ::engine::detail::read_integers(*this, out); }  \
  bool read_reals(std::vector<double>& out) override { return ::engine::detail::read_reals(*this, out); }              \
  bool read_strings(std::vector<std::string>& out) override { return ::engine::detail::read_strings(*this, out); }
