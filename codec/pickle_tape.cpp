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
  here_ = {};
  depth_ = 0;
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
  if (*at == op::binput) return left_from(at) > 1 && at[1] == memo_.size() ? 2 : 0;
  return *at == op::long_binput && left_from(at) > 4 && load_little<std::uint32_t>(at + 1) == memo_.size() ? 5 : 0;
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

/// Numbers as they come, real ones or whole ones of any width. Leaves room for two cells.
[[gnu::always_inline]] inline void tape::numbers(bytes_at& at, bytes_at last, cell*& top, const cell* limit) {
  for (; last - at >= 8 && *at == op::binfloat && limit - top > 2; at += 9)
    *top++ = real(std::bit_cast<double>(load_big<std::uint64_t>(at + 1)));
  // Those so near the end of the pickle or of the room that they would have to be asked one by one are not taken here.
  if (last - at < 5 || limit - top < 3) return;
  for (const bytes_at until = last - 4; at < until && top < limit - 2;) {
    if (*at == op::binint1) *top++ = number(at[1]), at += 2;
    else if (*at == op::binint) *top++ = number(static_cast<std::int32_t>(load_little<std::uint32_t>(at + 1))), at += 5;
    else if (*at == op::binint2) *top++ = number(load_little<std::uint16_t>(at + 1)), at += 3;
    else break;
  }
}

/// An empty list or dict, what memoizes it, and the mark behind it or its foot.
template <what Type> [[gnu::always_inline]] inline bool tape::open_at(const unsigned char*& at, cell*& top, place& here) {
  const std::size_t put = put_width(at + 1);
  if (left_from(at) < 2 + put || depth_ == open_most || is_key(here, top)) return false;
  if (put != 0 ? !memo_.push(foot(0)) : at[1] == op::binput || at[1] == op::long_binput) return false;
  at += 1 + put;
  if (*at == op::mark) {
    ++at;
    enter(here, ++top, Type, as_batch);
  } else {
    *top++ = head(Type);
    *top++ = foot(0);
    ++here.extra;
  }
  return true;
}

/// A list as Python's pickler begins all that are not empty, with the numbers at its beginning; often they are all of it.
[[gnu::always_inline]] inline bool tape::open_list(bytes_at& at, bytes_at last, cell*& top, place& here) {
  const std::size_t put = put_width(at + 1);
  const bool with_members = put != 0 && last - at >= 2 + static_cast<std::ptrdiff_t>(put) && at[1 + put] == op::mark;
  if (!with_members) return open_at<what::list>(at, top, here);
  if (depth_ == open_most || is_key(here, top) || !memo_.push(foot(0))) return false;
  cell* member = top + 1;
  at += 2 + put;
  numbers(at, last, member, cells_.limit());
  const auto size = static_cast<std::size_t>(member - top) - 1;
  if (at < last && *at == op::appends) {
    *top = head(what::list, size, size);
    *member++ = foot(size);
    here.extra += size + 1;
    ++at;
  } else {
    enter(here, top + 1, what::list, as_batch);
  }
  top = member;
  return true;
}

/// The foot, and what memoizes the container.
template <what Type, tape::opened By>
[[gnu::always_inline]] inline bool tape::close_at(const unsigned char*& at, cell*& top, place& here) {
  if (!is_open(here, Type, By)) return false;
  if (By == by_mark ? was_key(here) : Type == what::dict && members(here, top) % 2 != 0) return false;
  leave(here, Type, top++);
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
  if (is_key(here_, cells_.top()) || !cells_.push(head(type)) || !memoize_if_next()) return false;
  if (left() > 0 && *at_ == op::mark) return ++at_, open(as_batch);
  here_.extra += 1;
  return cells_.push(foot(0));
}

/// `first` is where the members will begin, behind the head.
[[gnu::always_inline]] inline void tape::enter(place& here, cell* first, what type, opened by) {
  first[-1] = head(type, here.extra, here.first);
  first[-1].note = by;
  here = {static_cast<std::size_t>(first - cells_.data()), 0};
  ++depth_;
}

[[gnu::always_inline]] inline void tape::leave(place& here, what type, cell* end) {
  cell* const first = cells_.data() + here.first;
  const auto inside = static_cast<std::size_t>(end - first);
  const place around{first[-1].index, first[-1].size + inside + 1};
  first[-1] = head(type, inside - here.extra, inside);
  *end = foot(inside);
  here = around;
  --depth_;
}

/// Opened by a mark alone, the head may become any.
bool tape::open(opened by) {
  if (depth_ == open_most || (by == by_mark && !cells_.push(head(what::tuple)))) return false;
  enter(here_, cells_.top(), cells_.back().type, by);
  return true;
}

bool tape::close(what type, opened by) {
  if (!is_open(here_, by == by_mark ? what::tuple : type, by) || !cells_.push({})) return false;
  if (by == by_mark ? was_key(here_) : type == what::dict && members(here_, cells_.top() - 1) % 2 != 0) return false;
  leave(here_, type, cells_.top() - 1);
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
  const bool more = is_open(here_, what::tuple, by_mark);
  if (type == what::set && !keys_are_plain(here_.first, cells_.top(), 1)) return false;
  if (type == what::dict && more && !keys_are_plain(here_.first, cells_.top(), 2)) return false;
  return more ? extend(type) : close(type, as_batch);
}

/// What was opened goes into the container before it: their foot and head between them are left out, and the members move.
bool tape::extend(what type) {
  const place around{cells_[here_.first - 1].index, cells_[here_.first - 1].size};
  const std::size_t foot_at = here_.first - 2, inside = cells_.size() - here_.first;
  if (here_.first < around.first + 3 || !cells_[foot_at].is(what::foot)) return false;
  cell& before = cells_[foot_at - 1 - cells_[foot_at].index];
  if (!before.is(type)) return false;
  before.size += static_cast<std::uint32_t>(members());
  before.index += static_cast<std::uint32_t>(inside);
  cell* const to = cells_.data() + foot_at;
  std::copy(to + 2, to + 2 + inside, to);
  to[inside] = foot(before.index);
  cells_.shrink(foot_at + inside + 1);
  here_ = {around.first, around.extra + inside};
  --depth_;
  return true;
}

/// Where the member begins that ends there.
bool tape::start_of(std::size_t end, std::size_t& start) const {
  if (end <= here_.first) return false;
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
  const place before{here_.first, here_.extra - (inside - size)};  // `extra` counted what the members hold, too
  if (inside > moved_most || is_key(before, cells_.data() + start) || !cells_.push({}) || !cells_.push(foot(inside))) return false;
  cell* const at = cells_.data() + start;
  std::copy_backward(at, at + inside, at + inside + 1);
  *at = head(what::tuple, size, inside);
  here_.extra += size + 1;
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
  *at = head(type, size, inside);
  cells_.back() = foot(inside);
  here_.extra += size;
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

    case op::mark: good = open(by_mark); break;
    case op::empty_tuple:
      good = !is_key(here_, cells_.top()) && cells_.push(head(what::tuple)) && cells_.push(foot(0));
      here_.extra += 1;
      break;
    case op::tuple1: good = tuple_of(1); break;
    case op::tuple2: good = tuple_of(2); break;
    case op::tuple3: good = tuple_of(3); break;
    case op::tuple: good = close(what::tuple, by_mark); break;
    case op::empty_list: good = open_empty(what::list); break;
    case op::empty_dict: good = open_empty(what::dict); break;
    case op::empty_set: good = open_empty(what::set); break;
    case op::append: good = add_one(what::list); break;
    case op::setitem: good = add_one(what::dict); break;
    case op::appends: good = close_batch(what::list); break;
    case op::setitems: good = close_batch(what::dict); break;
    case op::additems: good = close_batch(what::set); break;
    case op::frozenset: good = keys_are_plain(here_.first, cells_.top(), 1) && close(what::frozenset, by_mark); break;
    default: return false;
  }
  return good;
}

/// Up to the end of the pickle. What most of it is made of is done here, with the places that each moves kept out of memory.
/// No byte makes more than two cells, so as long as this is before `until`, there is room for them.
bool tape::execute() {
  const unsigned char* const last = end_ - 1;
  for (;;) {
    const unsigned char* at = at_;
    cell* top = cells_.top();
    place here = here_;
    const unsigned char* const until = at + std::min<std::ptrdiff_t>(last - at, (cells_.limit() - top) / 2);
    while (at < until) {
      // A key most often; what it belongs to comes next.
      if (*at == op::binget && at[1] < memo_.size() && is_scalar(memo_[at[1]])) {
        *top++ = memo_[at[1]], at += 2;
        if (at >= until) break;
      }
      switch (*at) {
        case op::short_binunicode:
          if (!short_text(at, 2, at[1], *top)) break;
          ++top;
          continue;
        case op::binunicode:
          if (last - at < 4 || !short_text(at, 5, load_little<std::uint32_t>(at + 1), *top)) break;
          ++top;
          continue;
        case op::binfloat:
          if (last - at < 8) break;
          *top++ = real(std::bit_cast<double>(load_big<std::uint64_t>(at + 1))), at += 9;
          continue;
        case op::binint1: *top++ = number(at[1]), at += 2; continue;
        case op::binint2:
          if (last - at < 2) break;
          *top++ = number(load_little<std::uint16_t>(at + 1)), at += 3;
          continue;
        case op::binint:
          if (last - at < 4) break;
          *top++ = number(static_cast<std::int32_t>(load_little<std::uint32_t>(at + 1))), at += 5;
          continue;
        // A list ends many a dict, which then is followed by another one.
        case op::empty_list:
          if (!open_list(at, last, top, here)) break;
          if (at >= until || *at != op::setitems) continue;
          [[fallthrough]];
        case op::setitems:
          if (!close_at<what::dict, as_batch>(at, top, here)) break;
          if (at >= until || *at != op::empty_dict) continue;
          [[fallthrough]];
        case op::empty_dict:
          if (!open_at<what::dict>(at, top, here)) break;
          continue;
        case op::mark:
          if (depth_ == open_most) break;
          ++at;
          enter(here, ++top, what::tuple, by_mark);
          numbers(at, last, top, cells_.limit());
          continue;
        case op::appends:
          if (!close_at<what::list, as_batch>(at, top, here)) break;
          continue;
        case op::tuple:
          if (!close_at<what::tuple, by_mark>(at, top, here)) break;
          continue;
        default: break;
      }
      break;
    }
    at_ = at;
    cells_.set_top(top);
    here_ = here;
    if (at == end_) return false;
    if (*at == op::stop) return ++at_, true;
    if (!step()) return false;
  }
}

}  // namespace engine::detail::pickle
