// Equality and hashing of values as Python defines them: numbers compare by value across their types, so they must hash by
// value too. The hash is SipHash-1-3 with a seed of this process.
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>

#include <codec/key_lookup.hpp>

namespace engine {

namespace {

using words = std::array<std::uint64_t, 2>;

const words& seed() {
  static const words made = [] {
    words random{};
    // Without entropy (a very early boot) the address space layout still differs from process to process.
    if (getrandom(random.data(), sizeof random, 0) != sizeof random) random[0] = reinterpret_cast<std::uintptr_t>(&random);
    return random;
  }();
  return made;
}

struct sip_state {
  std::uint64_t a, b, c, d;
  void round() {
    a += b; b = std::rotl(b, 13); b ^= a; a = std::rotl(a, 32);
    c += d; d = std::rotl(d, 16); d ^= c;
    a += d; d = std::rotl(d, 21); d ^= a;
    c += b; b = std::rotl(b, 17); b ^= c; c = std::rotl(c, 32);
  }
  void absorb(std::uint64_t word) { d ^= word; round(); a ^= word; }
};

std::uint64_t hash_bytes(const void* data, std::size_t size, std::uint64_t tag) {
  const auto [k0, k1] = seed();
  sip_state s{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ tag, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
  const char* p = static_cast<const char*>(data);
  std::size_t rest = size;
  std::uint64_t word = 0;
  for (; rest >= 8; rest -= 8, p += 8) {
    std::memcpy(&word, p, 8);
    s.absorb(word);
  }
  word = 0;
  if (rest != 0) std::memcpy(&word, p, rest);
  s.absorb(word ^ static_cast<std::uint64_t>(size) << 56);
  s.c ^= 0xff;
  s.round(); s.round(); s.round();
  return s.a ^ s.b ^ s.c ^ s.d;
}

template <class... Word> std::uint64_t hash_words(std::uint64_t tag, Word... word) {
  const std::array<std::uint64_t, sizeof...(Word)> all{static_cast<std::uint64_t>(word)...};
  return hash_bytes(all.data(), sizeof all, tag);
}

enum tag : std::uint64_t { number_tag = 1, big_tag, fraction_tag, text_tag, bytes_tag, tuple_tag, set_tag, moment_tag, date_tag, none_tag };

/// The exact integer a whole double stands for.
integer integer_from(double whole) {
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(whole), &exponent);  // fraction * 2**exponent, 53 bits of it
  const auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  const int shift = exponent - 53;
  if (shift <= 0) return integer::from_digits({static_cast<std::uint32_t>(mantissa >> -shift), static_cast<std::uint32_t>(mantissa >> -shift >> 32)}, whole < 0);
  std::vector<std::uint32_t> digits(static_cast<std::size_t>(shift) / 32 + 3);
  const auto low = static_cast<std::size_t>(shift) / 32;
  const auto bits = static_cast<unsigned>(shift) % 32;
  const std::uint64_t up = bits == 0 ? 0 : mantissa >> (64 - bits);
  const std::uint64_t down = mantissa << bits;
  digits[low] = static_cast<std::uint32_t>(down);
  digits[low + 1] = static_cast<std::uint32_t>(down >> 32);
  digits[low + 2] = static_cast<std::uint32_t>(up);
  return integer::from_digits(std::move(digits), whole < 0);
}

bool fits_int64(double x) { return x >= -0x1p63 && x < 0x1p63; }

/// A number taken apart so that equal ones look the same: whole numbers as int64 or integer, the rest as double.
using real_part = std::variant<std::int64_t, integer, double>;

real_part canonical(double x) {
  if (!std::isfinite(x) || x != std::trunc(x)) return x;
  if (fits_int64(x)) return static_cast<std::int64_t>(x);
  return integer_from(x);
}

bool is_number(kind k) { return k >= kind::boolean && k <= kind::complex; }

std::pair<real_part, double> parts(const value& v) {
  switch (v.kind()) {
    case kind::boolean: return {std::int64_t(v.get<bool>()), 0.0};
    case kind::integer: return {v.get<std::int64_t>(), 0.0};
    case kind::big_integer: return {v.get<integer>(), 0.0};
    case kind::real: return {canonical(v.get<double>()), 0.0};
    default: break;
  }
  const auto& z = v.get<std::complex<double>>();
  return {canonical(z.real()), z.imag()};
}

std::uint64_t hash_number(const value& v) {
  if (const auto* n = v.get_if<std::int64_t>()) return hash_words(number_tag, *n);
  const auto [real, imaginary] = parts(v);
  std::uint64_t hash = 0;
  if (const auto* n = std::get_if<std::int64_t>(&real)) {
    hash = hash_words(number_tag, *n);
  } else if (const auto* big = std::get_if<integer>(&real)) {
    hash = hash_bytes(big->magnitude().data(), big->magnitude().size() * 4, big_tag + (big->negative() ? 100 : 0));
  } else {
    const double x = std::get<double>(real);
    // No nan equals another, and a thousand of them must not share one hash.
    static std::atomic<std::uint64_t> nans{0};
    hash = hash_words(fraction_tag, std::isnan(x) ? ++nans : std::bit_cast<std::uint64_t>(x));
  }
  return imaginary == 0 ? hash : hash_words(fraction_tag, hash, std::bit_cast<std::uint64_t>(imaginary));
}

/// Zone-aware times are the same when they are the same instant; naive ones when they read the same.
std::pair<bool, std::int64_t> instant(const datetime& when) {
  datetime plain = when;
  plain.time.offset_seconds = when.time.offset_seconds ? when.time.offset_seconds : 0;
  return {when.time.offset_seconds.has_value(), to_unix_microseconds(plain)};
}

bool is_set(kind k) { return k == kind::set || k == kind::frozenset; }

bool contains(const value& set, const value& item) {
  return set.kind() == kind::set ? set.get<value::set>().contains(item) : set.get<value::frozenset>().contains(item);
}

bool equal_dicts(const value::dict& a, const value::dict& b) {
  return a.size() == b.size() && std::ranges::all_of(a, [&](const value_entry& entry) {
    const value* other = b.find(entry.key);
    return other != nullptr && entry.item == *other;
  });
}

bool same_double(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

bool same_sets(const value& a, const value& b) {
  return a.size() == b.size() && std::ranges::all_of(a, [&](const value& item) {
    return std::ranges::any_of(b, [&](const value& other) { return same(item, other); });
  });
}

}  // namespace

std::uint64_t detail::hash_text(std::string_view text) { return hash_bytes(text.data(), text.size(), text_tag); }

kind unhashable_part(const value& v) {
  switch (v.kind()) {
    case kind::list:
    case kind::set:
    case kind::dict: return v.kind();
    case kind::tuple:
      for (const value& item : v) {
        if (const kind part = unhashable_part(item); part != kind::none) return part;
      }
      return kind::none;
    default: return kind::none;
  }
}

std::uint64_t hash_of(const value& v) {
  switch (v.kind()) {
    case kind::string: return detail::hash_text(v.get<std::string>());
    case kind::bytes: return hash_bytes(v.get<bytes>().data(), v.size(), bytes_tag);
    case kind::datetime: {
      const auto [aware, at] = instant(v.get<datetime>());
      return hash_words(moment_tag, aware, at);
    }
    case kind::date: return hash_words(date_tag, to_ordinal(v.get<date>()));
    case kind::tuple: {
      std::uint64_t hash = v.size();
      for (const value& item : v) hash = hash_words(tuple_tag, hash, hash_of(item));
      return hash;
    }
    case kind::frozenset: {
      std::uint64_t hash = v.size();
      for (const value& item : v) hash += hash_words(set_tag, hash_of(item));  // the same sum in any order
      return hash;
    }
    default: return is_number(v.kind()) ? hash_number(v) : hash_words(none_tag, 0);
  }
}

bool value::equal(const value& a, const value& b) {
  const engine::kind k = a.kind();
  if (is_number(k) && is_number(b.kind())) {
    if (k == kind::integer && b.kind() == kind::integer) return a.get<std::int64_t>() == b.get<std::int64_t>();
    return parts(a) == parts(b);
  }
  if (is_set(k) && is_set(b.kind())) {
    return a.size() == b.size() && std::ranges::all_of(a, [&](const value& item) { return contains(b, item); });
  }
  if (k != b.kind()) return false;
  switch (k) {
    case kind::string: return a.get<std::string>() == b.get<std::string>();
    case kind::bytes: return a.get<engine::bytes>() == b.get<engine::bytes>();
    case kind::datetime: return instant(a.get<datetime>()) == instant(b.get<datetime>());
    case kind::date: return a.get<date>() == b.get<date>();
    case kind::dict: return equal_dicts(a.get<dict>(), b.get<dict>());
    case kind::list:
    case kind::tuple: return std::ranges::equal(a, b);
    default: return true;  // None
  }
}

bool same(const value& a, const value& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case kind::real: return same_double(a.get<double>(), b.get<double>());
    case kind::complex: {
      const auto& x = a.get<std::complex<double>>();
      const auto& y = b.get<std::complex<double>>();
      return same_double(x.real(), y.real()) && same_double(x.imag(), y.imag());
    }
    case kind::datetime: return a.get<datetime>() == b.get<datetime>();
    case kind::list:
    case kind::tuple: return std::ranges::equal(a, b, same);
    case kind::set:
    case kind::frozenset: return same_sets(a, b);
    case kind::dict:
      return std::ranges::equal(a.entries(), b.entries(), [](const value_entry& x, const value_entry& y) {
        return same(x.key, y.key) && same(x.item, y.item);
      });
    default: return a == b;
  }
}

}  // namespace engine
