// Each kind leans towards the values where formats change their form: limits of integer widths, empty and long texts,
// quotes and escapes, doubles that print oddly.
#include <tests/support/random_value.hpp>

#include <bit>
#include <cmath>
#include <limits>

#include <codec/utf8.hpp>

namespace engine::test {

namespace {

constexpr kind_set scalars = one_of({kind::none, kind::boolean, kind::integer, kind::big_integer, kind::real, kind::complex,
                                     kind::string, kind::bytes, kind::datetime, kind::date});
constexpr kind_set hashables = scalars | one_of({kind::tuple, kind::frozenset});

char32_t random_point(random_value& random, bool surrogates) {
  switch (random.below(8)) {
    case 0: return U"'\"\\\n\r\t\0{}(),:"[random.below(13)];
    case 1: return static_cast<char32_t>(random.below(0x20));
    case 2: return static_cast<char32_t>(0x80 + random.below(0x780));
    case 3: return static_cast<char32_t>(0x10000 + random.below(0x100000));
    case 4: {
      const auto point = static_cast<char32_t>(0x800 + random.below(0xf800));
      return !surrogates && point >= 0xd800 && point < 0xe000 ? U'€' : point;
    }
    default: return static_cast<char32_t>(0x20 + random.below(0x5f));
  }
}

}  // namespace

std::string random_value::text() {
  std::string made;
  for (std::uint64_t left = below(options_.text_size + 1); left > 0; --left)
    append_utf8(made, random_point(*this, options_.surrogates));
  return made;
}

engine::bytes random_value::bytes() {
  engine::bytes made(below(options_.text_size + 1));
  for (std::byte& b : made) b = static_cast<std::byte>(random_());
  return made;
}

std::int64_t random_value::small_integer() {
  const auto bits = below(64);
  std::uint64_t n = random_() >> bits;
  if (below(3) == 0) n = (std::uint64_t(1) << (63 - bits)) - below(3);  // around a power of two
  const auto number = static_cast<std::int64_t>(n & (~std::uint64_t(0) >> 1));
  return below(2) == 0 ? number : -number - static_cast<std::int64_t>(below(2));
}

engine::integer random_value::big_integer() {
  std::vector<std::uint32_t> digits(2 + below(6));
  for (std::uint32_t& digit : digits) digit = static_cast<std::uint32_t>(random_());
  digits[1] |= 0x80000000u;  // beyond int64, but now and then within uint64
  const bool negative = below(2) == 0;
  return engine::integer::from_digits(std::move(digits), negative);
}

double random_value::real() {
  switch (below(6)) {
    case 0: return static_cast<double>(small_integer());
    case 1: return static_cast<double>(below(2000)) / 100 - 10;
    case 2: return std::pow(10.0, static_cast<double>(below(40)) - 20);
    case 3: return below(2) == 0 ? 0.0 : -0.0;
    case 4: {
      if (!options_.nan_and_infinity) return 0.1;
      constexpr double odd[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                                -std::numeric_limits<double>::infinity()};
      return odd[below(3)];
    }
    default: {
      const double any = std::bit_cast<double>(random_());
      return std::isfinite(any) ? any : 1.5;
    }
  }
}

engine::date random_value::date() { return *from_ordinal(static_cast<std::int64_t>(1 + below(3652059))); }

engine::datetime random_value::datetime() {
  engine::datetime made;
  // A binary double holds microseconds exactly enough for these years only, and msgpack carries one.
  made.day = *from_ordinal(static_cast<std::int64_t>(719163 + below(20000)));
  made.time.hour = static_cast<std::uint8_t>(below(24));
  made.time.minute = static_cast<std::uint8_t>(below(60));
  made.time.second = static_cast<std::uint8_t>(below(60));
  if (below(2) == 0) made.time.microsecond = static_cast<std::uint32_t>(below(1000000));
  if (options_.zone_aware && below(3) == 0) made.time.offset_seconds = (static_cast<std::int32_t>(below(47)) - 23) * 1800;
  return made;
}

value random_value::hashable(kind_set allowed, std::size_t depth) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    value made = make(allowed & hashables, depth);
    if (unhashable_part(made) == kind::none) return made;  // a tuple may have got a list
  }
  return make(allowed & hashables & scalars, 0);
}

value random_value::make_container(kind k, std::size_t depth) {
  const std::uint64_t size = below(options_.elements + 1);
  const auto fill = [&](auto items) {
    for (std::uint64_t i = 0; i < size; ++i) items.push_back(make(options_.kinds, depth));
    return value(std::move(items));
  };
  const auto fill_unique = [&](auto items) {
    for (std::uint64_t i = 0; i < size; ++i) items.insert(hashable(options_.kinds, depth));
    return value(std::move(items));
  };
  switch (k) {
    case kind::list: return fill(value::list());
    case kind::tuple: return fill(value::tuple());
    case kind::set: return fill_unique(value::set());
    case kind::frozenset: return fill_unique(value::frozenset());
    default: break;
  }
  value::dict entries;
  for (std::uint64_t i = 0; i < size; ++i) entries.set(hashable(options_.keys & options_.kinds, depth), make(options_.kinds, depth));
  return entries;
}

value random_value::make(kind_set allowed, std::size_t depth) {
  if (depth == 0) allowed &= scalars;
  if (allowed == 0) return {};
  kind k;
  do k = static_cast<kind>(1 + below(15));
  while (!contains(allowed, k));
  switch (k) {
    case kind::boolean: return below(2) == 0;
    case kind::integer: return small_integer();
    case kind::big_integer: return big_integer();
    case kind::real: return real();
    case kind::complex: {
      const double part = real();
      return std::complex<double>(part, real());
    }
    case kind::string: return text();
    case kind::bytes: return value(bytes());
    case kind::datetime: return datetime();
    case kind::date: return date();
    case kind::error:
    case kind::none: return {};
    default: return make_container(k, depth - 1);
  }
}

}  // namespace engine::test
