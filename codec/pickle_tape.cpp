// See pickle_tape.hpp. Whatever this does not expect ends in false.
#include <codec/pickle_tape.hpp>

#include <bit>

#include <codec/endian.hpp>
#include <codec/short_text.hpp>
#include <codec/utf8.hpp>

namespace engine::detail::pickle {

bool tape::run(std::span<const std::byte> payload, std::size_t most) {
  begin_ = at_ = reinterpret_cast<const unsigned char*>(payload.data());
  end_ = begin_ + payload.size();
  cells_.clear(std::min<std::size_t>(most, INT32_MAX));
  memo_.clear(most);
  depth_ = first_ = extra_ = 0;
  return !payload.empty() && payload.size() <= UINT32_MAX && begin() && execute() && depth_ == 0 && members() == 1;
}

/// What most pickles begin with.
bool tape::begin() {
  if (left() >= 2 && *at_ == op::proto && at_[1] <= 5) at_ += 2;
  return left() == 0 || *at_ != op::frame || (++at_, frame());
}

template <class Word> bool tape::read_word(Word& out) {
  if (left() < sizeof(Word)) return false;
  out = load_little<Word>(at_);
  at_ += sizeof(Word);
  return true;
}

// ---- scalars

/// The size of what memoizes the last value under the next number, if that is here.
[[gnu::always_inline]] inline std::size_t tape::put_width(const unsigned char* at) const {
  if (*at == op::memoize) return 1;
  return *at == op::binput && left_from(at) > 1 && at[1] == memo_.size() ? 2 : 0;
}

/// The text behind a head, with what memoizes it.
[[gnu::always_inline]] inline bool tape::short_text(const unsigned char*& at, std::size_t head, std::size_t size, cell& to) {
  const auto* const begin = reinterpret_cast<const char*>(at + head);
  if (size > short_most || head + size >= left_from(at) || !is_short_ascii(begin, size)) return false;
  to = pickle::text({begin, size});
  at += head + size;
  if (const std::size_t put = put_width(at); put != 0 && memo_.push(pickle::text({begin, size}))) at += put;
  return true;
}

/// An empty list or dict, what memoizes it, and the mark behind it or its foot.
[[gnu::always_inline]] inline bool tape::open_list_or_dict(const unsigned char*& at, cell*& top) {
  const std::size_t put = put_width(at + 1);
  if (left_from(at) < 2 + put || depth_ == open_.size()) return false;
  if (put != 0 ? !memo_.push(foot(0)) : at[1] == op::binput || at[1] == op::long_binput) return false;
  *top++ = head(*at == op::empty_list ? what::list : what::dict);
  at += 1 + put;
  if (*at == op::mark) {
    ++at;
    enter(top, true);
  } else {
    *top++ = foot(0);
    ++extra_;
  }
  return true;
}

/// The foot, and what memoizes the container.
[[gnu::always_inline]] inline bool tape::close_here(what type, bool batch, const unsigned char*& at, cell*& top) {
  if (depth_ == 0 || open_[depth_ - 1].batch != batch || !cells_[first_ - 1].is(type)) return false;
  leave(type, top++);
  ++at;
  if (*at == op::memoize && memo_.push(foot(0))) ++at;
  return true;
}

template <class Word> bool tape::text() {
  Word size{};
  std::string_view view;
  if (!read_word(size) || !read(size, view)) return false;
  return (is_ascii(view) || !find_utf8_fault(view, true)) && cells_.push(pickle::text(view));
}

template <class Word> bool tape::bytes() {
  Word size{};
  std::string_view view;
  return read_word(size) && read(size, view) && left() > 0 && cells_.push(text_of(what::bytes, view));
}

/// Two's complement, least byte first.
bool tape::integer(std::size_t size) {
  if (size == 0 || size > 8 || left() < size) return false;
  std::uint64_t n = at_[size - 1] >= 0x80 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = size; i-- > 0;) n = n << 8 | at_[i];
  at_ += size;
  return cells_.push(number(static_cast<std::int64_t>(n)));
}

bool tape::frame() {
  std::uint64_t size = 0;
  return read_word(size) && size <= left();
}

bool tape::memoize() { return members() > 0 && memo_.push(cells_.back()); }

bool tape::memoize_if_next() {
  if (left() == 0) return true;
  if (*at_ == op::memoize) return ++at_, memo_.push(foot(0));
  if (*at_ == op::binput) return ++at_, put_at<std::uint8_t>();
  if (*at_ == op::long_binput) return ++at_, put_at<std::uint32_t>();
  return true;
}

// ---- containers

/// Its members come next, most often, behind a mark; then the foot it would have had is left out.
bool tape::open_empty(what type) {
  if (!cells_.push(head(type)) || !memoize_if_next()) return false;
  if (left() > 0 && *at_ == op::mark) return ++at_, open(true);
  extra_ += 1;
  return cells_.push(foot(0));
}

void tape::enter(const cell* first, bool batch) {
  open_[depth_++] = {first_, extra_, batch};
  first_ = static_cast<std::size_t>(first - cells_.data());
  extra_ = 0;
}

void tape::leave(what type, cell* end) {
  cell* const first = cells_.data() + first_;
  const auto inside = static_cast<std::size_t>(end - first);
  *end = foot(inside);
  first[-1].type = type;
  first[-1].size = static_cast<std::uint32_t>(inside - extra_);
  first[-1].index = static_cast<std::uint32_t>(inside);
  const level& around = open_[--depth_];
  first_ = around.around;
  extra_ = around.extra_around + inside + 1;
}

/// Of no batch, the head may become any.
bool tape::open(bool batch) {
  if (depth_ == open_.size() || (!batch && !cells_.push(head(what::tuple)))) return false;
  enter(cells_.top(), batch);
  return true;
}

bool tape::close(what type, bool batch) {
  if (depth_ == 0 || open_[depth_ - 1].batch != batch || (batch && !cells_[first_ - 1].is(type)) || !cells_.push({})) return false;
  leave(type, cells_.top() - 1);
  return memoize_if_next();
}

/// Every `each`-th member may be a key. False also for half a pair.
bool tape::keys_are_plain(std::size_t from, const cell* end, std::size_t each) const {
  const cell* c = cells_.data() + from;
  while (c != end) {
    if (!is_scalar(*c)) return false;
    ++c;
    if (each == 1) continue;
    if (c == end) return false;
    c = after(c);
  }
  return true;
}

/// The members of a batch. Python's pickler makes one of a thousand, and those that follow find a container that is closed.
bool tape::close_batch(what type) {
  if (type == what::dict && !keys_are_plain(first_, cells_.top(), 2)) return false;
  if (type == what::set && !keys_are_plain(first_, cells_.top(), 1)) return false;
  return depth_ > 0 && !open_[depth_ - 1].batch ? extend(type) : close(type, true);
}

/// What was opened goes into the container before it: their foot and head between them are left out, and the members move.
bool tape::extend(what type) {
  const level around = open_[depth_ - 1];
  const std::size_t foot_at = first_ - 2, inside = cells_.size() - first_;
  if (first_ < around.around + 3 || !cells_[foot_at].is(what::foot)) return false;
  cell& before = cells_[foot_at - 1 - cells_[foot_at].index];
  if (!before.is(type)) return false;
  before.size += static_cast<std::uint32_t>(members());
  before.index += static_cast<std::uint32_t>(inside);
  cell* const to = cells_.data() + foot_at;
  std::copy(to + 2, to + 2 + inside, to);
  to[inside] = foot(before.index);
  cells_.shrink(foot_at + inside + 1);
  --depth_;
  first_ = around.around;
  extra_ = around.extra_around + inside;
  return true;
}

/// Where the member begins that ends there.
bool tape::start_of(std::size_t end, std::size_t& start) const {
  if (end <= first_) return false;
  const cell& last = cells_[end - 1];
  start = last.is(what::foot) ? end - 2 - last.index : end - 1;
  return true;
}

/// A tuple of what was last, which moves to let its head in.
bool tape::tuple_of(std::size_t size) {
  const std::size_t end = cells_.size();
  std::size_t start = end;
  for (std::size_t i = 0; i < size; ++i)
    if (!start_of(start, start)) return false;
  const std::size_t inside = end - start;
  if (inside > moved_most || !cells_.push({}) || !cells_.push(foot(inside))) return false;
  cell* const at = cells_.data() + start;
  std::copy_backward(at, at + inside, at + inside + 1);
  *at = head(what::tuple);
  at->size = static_cast<std::uint32_t>(size);
  at->index = static_cast<std::uint32_t>(inside);
  extra_ += size + 1;
  return memoize_if_next();
}

/// What was last, an element or a pair, is the only one of the empty container before it: it takes the place of the foot.
bool tape::add_one(what type) {
  const std::size_t end = cells_.size(), size = type == what::dict ? 2 : 1;
  std::size_t start = end;
  for (std::size_t i = 0; i < size; ++i)
    if (!start_of(start, start)) return false;
  std::size_t empty = 0;
  if (!start_of(start, empty) || !cells_[empty].is(type) || cells_[empty].size != 0) return false;
  const std::size_t inside = end - start;
  if (inside > moved_most || (type == what::dict && !keys_are_plain(start, cells_.top(), 2))) return false;
  cell* const at = cells_.data() + empty;
  std::copy(at + 2, at + 2 + inside, at + 1);
  at->size = static_cast<std::uint32_t>(size);
  at->index = static_cast<std::uint32_t>(inside);
  cells_.back() = foot(inside);
  extra_ += size;
  return true;
}

/// One opcode, whichever.
bool tape::step() {
  bool good = true;
  switch (*at_++) {
    case op::proto: good = left() > 0 && *at_++ <= 5; break;
    case op::frame: good = frame(); break;

    case op::none: good = cells_.push({}); break;
    case op::newtrue: good = cells_.push(boolean(true)); break;
    case op::newfalse: good = cells_.push(boolean(false)); break;
    case op::binint1: good = left() >= 1 && cells_.push(number(*at_++)); break;
    case op::binint2:
      good = left() >= 2 && cells_.push(number(load_little<std::uint16_t>(at_)));
      at_ += good ? 2 : 0;
      break;
    case op::binint: good = integer(4); break;
    case op::long1: good = left() > 0 && integer(*at_++); break;
    case op::binfloat:
      good = left() >= 8 && cells_.push(real(std::bit_cast<double>(load_big<std::uint64_t>(at_))));
      at_ += good ? 8 : 0;
      break;
    case op::short_binunicode: good = text<std::uint8_t>(); break;
    case op::binunicode: good = text<std::uint32_t>(); break;
    case op::short_binbytes: good = bytes<std::uint8_t>(); break;
    case op::binbytes: good = bytes<std::uint32_t>(); break;

    case op::memoize: good = memoize(); break;
    case op::binput: good = put_at<std::uint8_t>(); break;
    case op::long_binput: good = put_at<std::uint32_t>(); break;
    case op::binget: good = get_at<std::uint8_t>(); break;
    case op::long_binget: good = get_at<std::uint32_t>(); break;

    case op::mark: good = open(false); break;
    case op::empty_tuple:
      good = cells_.push(head(what::tuple)) && cells_.push(foot(0));
      extra_ += 1;
      break;
    case op::tuple1: good = tuple_of(1); break;
    case op::tuple2: good = tuple_of(2); break;
    case op::tuple3: good = tuple_of(3); break;
    case op::tuple: good = close(what::tuple, false); break;
    case op::empty_list: good = open_empty(what::list); break;
    case op::empty_dict: good = open_empty(what::dict); break;
    case op::empty_set: good = open_empty(what::set); break;
    case op::append: good = add_one(what::list); break;
    case op::setitem: good = add_one(what::dict); break;
    case op::appends: good = close_batch(what::list); break;
    case op::setitems: good = close_batch(what::dict); break;
    case op::additems: good = close_batch(what::set); break;
    case op::frozenset: good = keys_are_plain(first_, cells_.top(), 1) && close(what::frozenset, false); break;
    default: return false;
  }
  return good;
}

/// Up to the end of the pickle. What most of it is made of is done here, with the places that each moves kept out of memory.
bool tape::execute() {
  const unsigned char* at = at_;
  const unsigned char* const last = end_ - 1;
  cell* top = cells_.top();
  const cell* room_for_two = cells_.last();
  for (;;) {
    if (at < last && top < room_for_two) {
      std::size_t head = 2, size = at[1];
      switch (*at) {
        case op::binint1: *top++ = number(at[1]), at += 2; continue;
        case op::binint2:
          if (last - at < 2) break;
          *top++ = number(load_little<std::uint16_t>(at + 1)), at += 3;
          continue;
        case op::binint:
          if (last - at < 4) break;
          *top++ = number(static_cast<std::int32_t>(load_little<std::uint32_t>(at + 1))), at += 5;
          continue;
        case op::binfloat:
          if (last - at < 8) break;
          *top++ = real(std::bit_cast<double>(load_big<std::uint64_t>(at + 1))), at += 9;
          continue;
        case op::binunicode:
          if (last - at < 4) break;
          head = 5, size = load_little<std::uint32_t>(at + 1);
          [[fallthrough]];
        case op::short_binunicode:
          if (!short_text(at, head, size, *top)) break;
          ++top;
          continue;
        case op::binget:
          if (size >= memo_.size() || !is_scalar(memo_[size])) break;
          *top++ = memo_[size], at += 2;
          continue;
        case op::empty_list:
        case op::empty_dict:
          if (!open_list_or_dict(at, top)) break;
          continue;
        case op::mark:
          if (depth_ == open_.size()) break;
          *top++ = tape::head(what::tuple), ++at;
          enter(top, false);
          continue;
        case op::appends:
          if (!close_here(what::list, true, at, top)) break;
          continue;
        case op::setitems:
          if (!keys_are_plain(first_, top, 2) || !close_here(what::dict, true, at, top)) break;
          continue;
        case op::tuple:
          if (!close_here(what::tuple, false, at, top)) break;
          continue;
        default: break;
      }
    }
    at_ = at;
    cells_.set_top(top);
    if (at == end_) return false;
    if (*at == op::stop) return ++at_, true;
    if (!step()) return false;
    at = at_;
    top = cells_.top();
    room_for_two = cells_.last();
  }
}

}  // namespace engine::detail::pickle
