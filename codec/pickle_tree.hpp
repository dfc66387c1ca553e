// What a pickle means: a tree of small cells, in memory that is kept for the next one. Scalars lie in their cell, text and bytes
// are views of the payload (or of the arena, where they had to be decoded), and a container is a number, so that everything a
// pickle shares is shared here too and nothing is ever copied to be referred to.
// A block of members is only ever appended to, hence two containers may begin in the same one (set(list), dict(dict)).
#pragma once

#include <algorithm>
#include <bit>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <codec/arena.hpp>
#include <codec/integer.hpp>
#include <codec/moment.hpp>
#include <codec/reader.hpp>

namespace engine::detail::pickle {

/// What a cell is: one of engine::kind, under the same number, or something only the machine knows.
enum class what : std::uint8_t {
  none = 1, boolean, integer, big_integer, real, complex, string, bytes, list, tuple, set, frozenset, dict, datetime, date,
  object,    ///< a container that is a class dictionary or, once it is complete, a text
  class_,    ///< note: class_id
  timezone,  ///< integer: seconds from UTC
  foot       ///< on a tape: the end of a container, index: the cells inside
};
static_assert(static_cast<int>(what::date) == static_cast<int>(kind::date) && static_cast<int>(what::none) == static_cast<int>(kind::none));

/// Beside the kind, what Python's type was, where that matters to the machine. Those of mutable types keep their bearers from being keys.
enum class origin : std::uint8_t { plain, list, dict, set, bytearray, deque, array, timedelta, decimal_text };

struct cell {
  what type = what::none;
  std::uint8_t note = 0;    ///< an origin, or a class_id
  std::uint16_t unused = 0;
  std::uint32_t size = 0;   ///< of text: bytes
  union {
    std::int64_t integer = 0;   ///< integer, boolean; date: its ordinal; timezone: seconds
    double real;
    const char* text;           ///< string, bytes; class_: its name; big_integer: two's complement, least byte first, or decimal_text
    std::uint32_t index;        ///< of a container, of a complex number, of a datetime
  };
  std::string_view view() const { return {text, size}; }
  bool is(what w) const { return type == w; }
  bool is_text(std::string_view s) const { return type == what::string && view() == s; }
};
static_assert(sizeof(cell) == 16);

inline bool is_sequence(const cell& c) { return c.is(what::list) || c.is(what::tuple) || c.is(what::set) || c.is(what::frozenset); }
inline bool is_whole(const cell& c) { return c.is(what::integer) || c.is(what::boolean) || c.is(what::big_integer); }

struct container {
  std::uint32_t first = 0, size = 0, capacity = 0;  ///< of its block in tree::items; of a dict, keys and items alternate
  what type = what::list;                ///< of an object: dict, or string, which is then the only item
  origin unhashable = origin::plain;     ///< of a tuple: the first member that is no key
  std::uint8_t class_of = 0;             ///< of an object: class_id
};
static_assert(sizeof(container) == 16);

/// A cell as the two words it is: made member by member it would be stored in four pieces.
inline cell made(what type, origin from, std::uint32_t size, std::uint64_t content) {
  struct words { std::uint64_t head, content; };
  constexpr bool little = std::endian::native == std::endian::little;
  constexpr int at_type = little ? 0 : 56, at_note = little ? 8 : 48, at_size = little ? 32 : 0;
  return std::bit_cast<cell>(words{std::uint64_t{size} << at_size | std::uint64_t{static_cast<std::uint8_t>(from)} << at_note |
                                     static_cast<std::uint64_t>(type) << at_type, content});
}
static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big);
/// The content whose index this is: the half of the word that comes first in memory.
inline std::uint64_t content_of_index(std::size_t index) {
  return std::uint64_t{static_cast<std::uint32_t>(index)} << (std::endian::native == std::endian::little ? 0 : 32);
}

inline cell number(std::int64_t n) { return made(what::integer, origin::plain, 0, static_cast<std::uint64_t>(n)); }
inline cell boolean(bool b) { return made(what::boolean, origin::plain, 0, b ? 1 : 0); }
inline cell real(double x, origin from = origin::plain) { return made(what::real, from, 0, std::bit_cast<std::uint64_t>(x)); }
inline cell text_of(what type, std::string_view s, origin from = origin::plain) {
  return made(type, from, static_cast<std::uint32_t>(s.size()), std::bit_cast<std::uint64_t>(s.data()));
}
inline cell text(std::string_view s) { return text_of(what::string, s); }
inline cell indexed(what type, std::size_t index, origin from = origin::plain) { return made(type, from, 0, content_of_index(index)); }

/// What is kept of a vector's memory from one pickle to the next: enough that a steady load of large lists finds it warm.
inline constexpr std::size_t kept_bytes = 4 << 20;
template <class T> void forget(std::vector<T>& v) {
  if (v.capacity() * sizeof(T) > kept_bytes) std::vector<T>().swap(v);
  v.clear();
}

/// A growing row of cells: the machine's stack, and all members of all containers. A cell pushed is written where it will lie:
/// through a vector it would be written field by field and then read as a whole, which processors wait for.
class cell_row {
 public:
  void clear(std::size_t most) {
    most_ = most;
    if (cells_.size() * sizeof(cell) > kept_bytes) std::vector<cell>().swap(cells_);
    top_ = cells_.data();
    limit_ = top_ + std::min(cells_.size(), most_);
  }
  /// False when there are too many.
  [[gnu::always_inline]] bool push(cell c) {
    if (top_ == limit_ && !grow(1)) return false;
    *top_++ = c;
    return true;
  }
  /// For who pushes many: where the next cell goes, and the end of the room for it; then set_top() says how far it got.
  cell* top() { return top_; }
  const cell* top() const { return top_; }
  const cell* limit() const { return limit_; }
  const cell* last() const { return limit_ == nullptr ? nullptr : limit_ - 1; }  ///< before it, two may be pushed
  void set_top(cell* top) { top_ = top; }
  /// n cells to be written. The caller has asked whether there may be so many (machine::room_for).
  cell* append(std::size_t n) {
    most_ = std::max(most_, size() + n);
    if (static_cast<std::size_t>(limit_ - top_) < n) grow(n);
    top_ += n;
    return top_ - n;
  }
  std::size_t size() const { return static_cast<std::size_t>(top_ - cells_.data()); }
  cell& back() { return top_[-1]; }
  cell& operator[](std::size_t i) { return cells_[i]; }
  const cell& operator[](std::size_t i) const { return cells_[i]; }
  const cell* data() const { return cells_.data(); }
  cell* data() { return cells_.data(); }
  void shrink(std::size_t to) { top_ = cells_.data() + to; }
  std::span<const cell> from(std::size_t i) const { return {cells_.data() + i, size() - i}; }

 private:
  [[gnu::noinline]] bool grow(std::size_t n) {
    const std::size_t used = size();
    if (used + n > most_) return false;
    cells_.resize(std::min(most_, std::max<std::size_t>(64, 2 * used + n)));
    top_ = cells_.data() + used;
    limit_ = cells_.data() + cells_.size();
    return true;
  }

  std::vector<cell> cells_{};
  cell* top_ = nullptr;
  cell* limit_ = nullptr;
  std::size_t most_ = 0;
};

class tree {
 public:
  cell_row items{};
  std::vector<container> containers{};
  std::vector<std::complex<double>> complexes{};
  std::vector<datetime> moments{};
  arena texts{};

  /// `most` members altogether.
  void clear(std::size_t most) {
    items.clear(most);
    forget(containers);
    forget(complexes);
    forget(moments);
    texts.clear();
    containers.push_back({.type = what::tuple});  // the empty tuple, number 0
  }

  std::span<const cell> members(const cell& c) const { return members(containers[c.index]); }
  std::span<const cell> members(const container& c) const { return {items.data() + c.first, c.size}; }

  /// A new container with these members, which do not lie in `items`.
  std::uint32_t make(what type, std::span<const cell> with = {}) {
    containers.push_back({.type = type});
    extend(containers.back(), with);
    return static_cast<std::uint32_t>(containers.size() - 1);
  }
  /// A new container that begins with the members of another one.
  std::uint32_t make_alike(what type, const cell& other) {
    const container of = containers[other.index];
    containers.push_back({.first = of.first, .size = of.size, .capacity = of.size, .type = type, .unhashable = {}, .class_of = 0});
    return static_cast<std::uint32_t>(containers.size() - 1);
  }

  /// `more` does not lie in `items`.
  void extend(container& c, std::span<const cell> more) {
    if (c.capacity - c.size < more.size()) {
      if (c.size == 0) c.first = static_cast<std::uint32_t>(items.size()), c.capacity = 0;
      const bool last = c.first + c.capacity == items.size() && c.capacity == c.size;
      if (last) return append(c, more);
      move(c, more.size());
    }
    std::copy(more.begin(), more.end(), items.data() + c.first + c.size);
    c.size += static_cast<std::uint32_t>(more.size());
  }

  std::string_view keep(std::string_view s) {
    char* to = texts.room(s.size());
    std::copy(s.begin(), s.end(), to);
    texts.keep(s.size());
    return {to, s.size()};
  }

 private:
  void append(container& c, std::span<const cell> more) {
    cell* to = items.append(more.size());
    for (const cell& one : more) *to++ = one;
    c.size += static_cast<std::uint32_t>(more.size());
    c.capacity = c.size;
  }
  /// Twice the room it needs, so that appending one by one costs no more than twice.
  void move(container& c, std::size_t more) {
    const std::size_t first = items.size(), room = 2 * c.size + more;
    cell* const to = items.append(room);
    std::copy_n(items.data() + c.first, c.size, to);
    c.first = static_cast<std::uint32_t>(first);
    c.capacity = static_cast<std::uint32_t>(room);
  }
};

}  // namespace engine::detail::pickle
