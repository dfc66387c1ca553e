// The plain pickles that nearly all are: numbers, text, bytes, lists, tuples, sets and dicts, each used once. They are written down in one
// pass as a row of cells: a container is its head, its members in their order with all they hold, and its foot.
// Nothing is ever wrong here: what is not plain, or not a pickle at all, is left to the machine (pickle_machine.hpp), which begins anew.
// What a memo fetches must be a scalar. A container fetched again might have grown since, and shares what a row cannot.
#pragma once

#include <array>
#include <cstring>

#include <codec/pickle.hpp>
#include <codec/pickle_tree.hpp>

namespace engine::detail::pickle {

class tape {
 public:
  /// False when the pickle is not plain, or takes more than `most` cells.
  bool run(std::span<const std::byte> payload, std::size_t most);

  /// The value. Of a container: size is the number of its members, index the cells between head and foot.
  const cell* value() const { return cells_.data(); }
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

  /// Behind this value.
  static const cell* after(const cell* c) { return c->type < what::list || c->type > what::dict ? c + 1 : c + 2 + c->index; }

 private:
  /// The innermost open container. What was here before it lies in its head while it is open.
  struct place {
    std::size_t first = 0;  ///< where its members begin; 0: none is open
    std::size_t extra = 0;  ///< cells from there on that are no members of it: all but one of each container
  };
  /// The note of an open head. A batch had its mark right behind its head.
  enum opened : std::uint8_t { by_mark, as_batch };

  bool begin();
  bool execute();
  bool step();
  std::size_t put_width(const unsigned char* at) const;
  bool short_text(const unsigned char*& at, std::size_t head, std::size_t size, cell& to);
  using bytes_at = const unsigned char*;
  static void numbers(bytes_at& at, bytes_at last, cell*& top, const cell* limit);
  bool open_list(bytes_at& at, bytes_at last, cell*& top, place& here);
  template <what Type> bool open_at(const unsigned char*& at, cell*& top, place& here);
  template <what Type, opened By> bool close_at(const unsigned char*& at, cell*& top, place& here);
  std::size_t left_from(const unsigned char* at) const { return static_cast<std::size_t>(end_ - at); }
  std::size_t left() const { return left_from(at_); }
  std::size_t members() const { return members(here_, cells_.top()); }
  std::size_t members(const place& of, const cell* top) const {
    return static_cast<std::size_t>(top - cells_.data()) - of.first - of.extra;
  }

  bool read(std::size_t size, std::string_view& out) {
    if (left() < size) return false;
    out = {reinterpret_cast<const char*>(at_), size};
    at_ += size;
    return true;
  }
  /// A little-endian number.
  template <class Word> bool read_word(Word& out);
  template <class Word> bool text();
  template <class Word> bool bytes();
  bool integer(std::size_t size);
  bool frame();

  bool memoize();
  /// Behind the head or foot of a container, which nobody may fetch. (To read what was just written in parts takes time.)
  bool memoize_if_next();
  bool put(std::size_t index) { return index == memo_.size() && memoize(); }
  bool get(std::size_t index) { return index < memo_.size() && is_scalar(memo_[index]) && cells_.push(memo_[index]); }
  template <class Word> bool put_at() {
    Word index{};
    return read_word(index) && put(index);
  }
  template <class Word> bool get_at() {
    Word index{};
    return read_word(index) && get(index);
  }

  static bool is_scalar(const cell& c) { return c.type <= what::bytes; }
  static cell head(what type, std::size_t members = 0, std::size_t inside = 0) {
    return made(type, origin::plain, static_cast<std::uint32_t>(members), content_of_index(inside));
  }
  static cell foot(std::size_t inside) { return indexed(what::foot, inside); }

  void enter(place& here, cell* first, what type, opened by);
  void leave(place& here, what type, cell* end);
  bool is_open(const place& here, what type, opened by) const {
    return here.first != 0 && cells_[here.first - 1].is(type) && cells_[here.first - 1].note == by;
  }
  /// Whether what begins at `top` will be a key of the open dict. A container may be none: it would have to be hashed.
  bool is_key(const place& in, const cell* top) const {
    return in.first != 0 && cells_[in.first - 1].is(what::dict) && members(in, top) % 2 == 0;
  }
  /// The same of what is open.
  bool was_key(const place& of) const {
    const cell* const its = cells_.data() + of.first - 1;
    return is_key({its->index, its->size}, its);
  }
  bool open_empty(what type);
  bool open(opened by);
  bool close(what type, opened by);
  bool close_batch(what type);
  bool extend(what type);
  bool start_of(std::size_t end, std::size_t& start) const;
  bool tuple_of(std::size_t size);
  bool add_one(what type);
  bool keys_are_plain(std::size_t from, const cell* end, std::size_t each) const;

  /// Cells that a head may be put before when their end has come; more are left to the machine.
  static constexpr std::size_t moved_most = 64;
  static constexpr std::size_t open_most = 64;

  const unsigned char* begin_ = nullptr;
  const unsigned char* at_ = nullptr;
  const unsigned char* end_ = nullptr;
  cell_row cells_{};
  cell_row memo_{};
  place here_{};
  std::size_t depth_ = 0;
};

}  // namespace engine::detail::pickle
