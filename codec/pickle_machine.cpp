// See pickle_machine.hpp. The opcodes one by one; the order of checks is CPython's, for the sake of the same error.
#include <codec/pickle_machine.hpp>

#include <bit>

#include <codec/endian.hpp>
#include <codec/short_text.hpp>
#include <codec/utf8.hpp>

namespace engine::detail::pickle {

bool machine::run(std::span<const std::byte> payload, const decode_limits& limits) {
  begin_ = at_ = reinterpret_cast<const unsigned char*>(payload.data());
  end_ = begin_ + payload.size();
  most_ = std::min<std::size_t>(limits.elements, 1u << 28);
  digits_ = limits.digits;
  expanded_ = 0;
  traceback_ = -1;
  stack_.clear(most_);
  forget(marks_);
  fence_ = 0;
  forget(memo_);
  memo_count_ = 0;
  tree_.clear(member_limit() + room_beside);
  if (payload.size() > UINT32_MAX) return fail(wire_class::value_error, "pickle of more than 4 GB");
  return execute();
}

bool machine::fail(std::string_view type, std::string text) {
  error_ = {type, std::move(text), offset()};
  return false;
}

bool machine::expand(std::size_t n) {
  const std::size_t most = std::max<std::size_t>(1 << 16, 2 * static_cast<std::size_t>(end_ - begin_));
  if (n > most - expanded_) return fail(wire_class::value_error, "pickle: too much made of too little");
  expanded_ += n;
  return true;
}

// ---- bytes

template <class Word> [[gnu::always_inline]] inline bool machine::read_word(Word& out) {
  if (left() < sizeof(Word)) return truncated();
  out = load_little<Word>(at_);
  at_ += sizeof(Word);
  return true;
}

bool machine::beyond_machine(const char* name) {
  return fail(wire_class::overflow_error, std::string(name) + " exceeds system's maximum size of " + std::to_string(INT64_MAX) + " bytes");
}

bool machine::read_line(std::string_view& out) {
  const auto* newline = static_cast<const unsigned char*>(left() == 0 ? nullptr : std::memchr(at_, '\n', left()));
  if (newline == nullptr) return truncated();
  out = {reinterpret_cast<const char*>(at_), static_cast<std::size_t>(newline - at_) + 1};
  at_ = newline + 1;
  return true;
}

// ---- the stack

bool machine::underflow() {
  return fail(wire_class::unpickling_error, marks_.empty() ? "unpickling stack underflow" : "unexpected MARK found");
}

bool machine::pop(cell& out) {
  if (!top_is_there()) return false;
  out = stack_.back();
  stack_.shrink(stack_.size() - 1);
  return true;
}

/// What is gathered behind it comes next, plain mostly.
void machine::load_mark() {
  marks_.push_back(fence_ = stack_.size());
  push_plain();
}

void machine::forget_mark() {
  marks_.pop_back();
  fence_ = marks_.empty() ? 0 : marks_.back();
}

bool machine::take_mark(std::size_t& at) {
  if (marks_.empty()) return fail(wire_class::unpickling_error, "could not find MARK");
  at = marks_.back();
  forget_mark();
  return true;
}

bool machine::load_pop() {
  if (!marks_.empty() && marks_.back() == stack_.size()) return forget_mark(), true;
  cell ignored;
  return pop(ignored);
}

// ---- scalars

bool machine::load_proto() {
  std::uint8_t version = 0;
  if (!read_word(version)) return false;
  return version <= 5 || fail(wire_class::value_error, "unsupported pickle protocol: " + std::to_string(version));
}

/// Only promises bytes, which are all here already.
bool machine::load_frame() {
  std::uint64_t size = 0;
  if (!read_word(size)) return false;
  if (size > INT64_MAX)
    return fail(wire_class::overflow_error, "FRAME length exceeds system's maximum of " + std::to_string(INT64_MAX) + " bytes");
  return size <= left() || truncated();
}

template <class Word, class Number> bool machine::load_fixed() {
  Word word{};
  return read_word(word) && load_integer(static_cast<Number>(word));
}

/// Whether it surely has more decimal digits than are allowed. All but its highest byte count fully, for those of its sign are gone.
bool machine::is_too_long(const cell& big) const {
  const std::size_t most = bits_of_digits(digits_), least = 8 * (std::size_t{big.size} - 1);
  return least > most || (least + 8 > most && to_integer(big).bit_length() > most);
}

template <class Size> bool machine::load_long() {
  Size size{};
  std::string_view raw;
  if (!read_word(size)) return false;
  if (static_cast<std::make_signed_t<Size>>(size) < 0 && sizeof(Size) > 1)
    return fail(wire_class::unpickling_error, "LONG pickle has negative byte count");
  if (!read_view(size, raw, "LONG")) return false;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(raw[i]); };
  const auto is_sign = [&](std::size_t i) { return (byte(i) == 0 && byte(i - 1) < 0x80) || (byte(i) == 0xff && byte(i - 1) >= 0x80); };
  while (raw.size() > 1 && is_sign(raw.size() - 1)) raw.remove_suffix(1);
  if (raw.size() > 8) {
    const cell big = text_of(what::big_integer, raw);
    if (!is_too_long(big)) return push(big);
    return fail(wire_class::value_error, "Exceeds the limit (" + std::to_string(digits_) + " digits) for integers");
  }
  std::uint64_t n = !raw.empty() && byte(raw.size() - 1) >= 0x80 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = raw.size(); i-- > 0;) n = n << 8 | byte(i);
  return load_integer(static_cast<std::int64_t>(n));
}

bool machine::load_float() {
  if (left() < 8) return truncated();
  const auto bits = load_big<std::uint64_t>(at_);
  at_ += 8;
  return push(real(std::bit_cast<double>(bits)));
}

bool machine::push_text(std::string_view utf8) {
  const auto fault = find_utf8_fault(utf8, true);
  if (!fault) return push(text(utf8));
  // Python's words are those for text without surrogates.
  auto strict = find_utf8_fault(utf8.substr(fault->offset)).value_or(*fault);
  strict.offset = fault->offset;
  return fail(wire_class::unicode_decode_error, utf8_fault_text(utf8, strict));
}

template <class Word> bool machine::load_text(const char* name) {
  Word size{};
  std::string_view view;
  if (!read_word(size) || !read_view(size, view, name)) return false;
  return is_ascii(view) ? push(text(view)) : push_text(view);
}

template <class Word> bool machine::load_bytes(const char* name, origin from) {
  Word size{};
  std::string_view view;
  if (!read_word(size)) return false;
  if (left() == 0 && size == 0) return truncated();  // CPython's reading of nothing at the end
  return read_view(size, view, name) && push(text_of(what::bytes, view, from));
}

template <class Word> bool machine::load_old_string() {
  Word size{};
  std::string_view view;
  return read_word(size) && read_view(size, view, "BINSTRING") && push_ascii(view);
}

// ---- the memo

bool machine::load_put(std::uint64_t index) {
  if (!top_is_there()) return false;
  // Honest picklers count from 0 or 1, so an entry has cost at least a byte; beyond that, some slack for dishonest ones.
  if (index > std::max<std::size_t>(offset(), memo_slack) || index >= std::max(most_, memo_slack))
    return fail(wire_class::memory_error, "pickle: memo index " + std::to_string(index) + " is out of bounds");
  if (index >= memo_.size()) {
    cell nothing;
    nothing.note = unset;
    memo_.resize(index + 1, nothing);
  }
  if (memo_[index].note == unset) ++memo_count_;
  memo_[index] = stack_.back();
  return true;
}

bool machine::load_get(std::uint64_t index) {
  if (index >= memo_.size() || memo_[index].note == unset)
    return fail(wire_class::unpickling_error, "Memo value not found at index " + std::to_string(static_cast<std::int64_t>(index)));
  return push(memo_[index]);
}

template <class Word> bool machine::load_binput() {
  Word index{};
  return read_word(index) && load_put(index);
}
template <class Word> bool machine::load_binget() {
  Word index{};
  return read_word(index) && load_get(index);
}

bool machine::finish() {
  cell value;
  if (!pop(value)) return false;
  return tree_.items.push(value) || too_many();
}

/// The scalars that most of a pickle is made of, as long as there is room for the longest and nothing is wrong with them; the rest is
/// left to execute(). The two places that each of them moves are kept out of memory.
void machine::push_plain() {
  constexpr std::size_t longest = 5 + short_most, no_text = longest;
  if (left() < longest) return;
  const unsigned char* at = at_;
  const unsigned char* const last = end_ - longest;
  cell* top = stack_.top();
  const cell* const limit = stack_.limit();
  for (; at <= last && top != limit; ++top) {
    std::size_t head = 2, size = at[1];
    switch (*at) {
      case op::binint1: *top = number(at[1]), at += 2; continue;
      case op::binint2: *top = number(load_little<std::uint16_t>(at + 1)), at += 3; continue;
      case op::binint: *top = number(static_cast<std::int32_t>(load_little<std::uint32_t>(at + 1))), at += 5; continue;
      case op::binfloat: *top = real(std::bit_cast<double>(load_big<std::uint64_t>(at + 1))), at += 9; continue;
      case op::binunicode: head = 5, size = load_little<std::uint32_t>(at + 1); break;
      case op::short_binunicode: break;
      default: size = no_text;
    }
    const auto* const begin = reinterpret_cast<const char*>(at + head);
    if (size > short_most || !is_short_ascii(begin, size)) break;
    *top = text({begin, size});
    at += head + size;
  }
  at_ = at;
  stack_.set_top(top);
}

bool machine::execute() {
  std::size_t from = 0;
  while (at_ != end_) {
    bool good = true;
    switch (const unsigned char key = *at_++; key) {
      case op::proto: good = load_proto(); break;
      case op::frame: good = load_frame(); break;
      case op::stop: return finish();
      case op::mark: load_mark(); break;
      case op::pop: good = load_pop(); break;
      case op::pop_mark:
        good = take_mark(from);
        if (good) stack_.shrink(from);
        break;
      case op::dup: good = load_dup(); break;

      case op::none: good = push({}); break;
      case op::newtrue: good = push(boolean(true)); break;
      case op::newfalse: good = push(boolean(false)); break;
      case op::binint1: good = load_fixed<std::uint8_t>(); break;
      case op::binint2: good = load_fixed<std::uint16_t>(); break;
      case op::binint: good = load_fixed<std::uint32_t, std::int32_t>(); break;
      case op::long1: good = load_long<std::uint8_t>(); break;
      case op::long4: good = load_long<std::uint32_t>(); break;
      case op::binfloat: good = load_float(); break;
      case op::short_binunicode: good = load_text<std::uint8_t>("BINUNICODE"); break;
      case op::binunicode: good = load_text<std::uint32_t>("BINUNICODE"); break;
      case op::binunicode8: good = load_text<std::uint64_t>("BINUNICODE"); break;
      case op::short_binbytes: good = load_bytes<std::uint8_t>("BINBYTES"); break;
      case op::binbytes: good = load_bytes<std::uint32_t>("BINBYTES"); break;
      case op::binbytes8: good = load_bytes<std::uint64_t>("BINBYTES"); break;
      case op::bytearray8: good = load_bytes<std::uint64_t>("BYTEARRAY8", origin::bytearray); break;
      case op::short_binstring: good = load_old_string<std::uint8_t>(); break;
      case op::binstring: good = load_old_string<std::uint32_t>(); break;

      case op::memoize: good = load_put(memo_count_); break;
      case op::binput: good = load_binput<std::uint8_t>(); break;
      case op::long_binput: good = load_binput<std::uint32_t>(); break;
      case op::binget: good = load_binget<std::uint8_t>(); break;
      case op::long_binget: good = load_binget<std::uint32_t>(); break;

      case op::empty_tuple: good = push(indexed(what::tuple, 0)); break;
      case op::tuple1: good = load_short_tuple(1); break;
      case op::tuple2: good = load_short_tuple(2); break;
      case op::tuple3: good = load_short_tuple(3); break;
      case op::tuple: good = take_mark(from) && load_tuple(from); break;
      case op::empty_list: good = load_empty(what::list); break;
      case op::empty_dict: good = load_empty(what::dict); break;
      case op::empty_set: good = load_empty(what::set); break;
      case op::list: good = load_list(); break;
      case op::dict: good = load_dict(); break;
      case op::frozenset: good = load_frozenset(); break;
      case op::append: good = stack_.size() > fence_ + 1 ? append_from(stack_.size() - 1) : underflow(); break;
      case op::appends: good = take_mark(from) && append_from(from); break;
      case op::setitem: good = stack_.size() > fence_ + 2 ? set_items_from(stack_.size() - 2) : underflow(); break;
      case op::setitems: good = take_mark(from) && set_items_from(from); break;
      case op::additems: good = add_items(); break;

      case op::global: good = load_global(); break;
      case op::stack_global: good = load_stack_global(); break;
      case op::reduce: good = load_reduce(); break;
      case op::newobj: good = load_newobj(false); break;
      case op::newobj_ex: good = load_newobj(true); break;
      case op::inst: good = load_inst(); break;
      case op::obj: good = load_obj(); break;
      case op::build: good = load_build(); break;

      default: good = execute_rare(key);
    }
    if (!good) return false;
  }
  return fail(wire_class::eof_error, "Ran out of input");
}

}  // namespace engine::detail::pickle
