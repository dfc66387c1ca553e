// Typed conversion of the values that hold no others: numbers, text, bytes, moments, enums.
#pragma once

#include <chrono>
#include <cmath>
#include <complex>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <codec/body.hpp>
#include <codec/codec_of.hpp>
#include <codec/short_text.hpp>

namespace engine {

template <> struct codec_of<bool> {
  static bool decode(reader& in, bool& out) { return in.read_boolean(out); }
  template <class Writer> static void encode(Writer& out, bool value) { out.boolean(value); }
  static constexpr fit fits(kind k) { return detail::exact_if(k == kind::boolean); }
};

/// Range-checked: OverflowError "int 300 does not fit uint8". A bool is not taken for a number.
template <detail::plain_integer T> struct codec_of<T> {
  static bool decode(reader& in, T& out) {
    if constexpr (std::is_unsigned_v<T> && sizeof(T) == 8) {
      if (in.peek() == kind::big_integer) return decode_big(in, out);
    }
    std::int64_t wide = 0;
    if (!in.read_integer(wide)) return false;
    if (!std::in_range<T>(wide)) return detail::fail_range(in, std::to_string(wide), std::is_signed_v<T>, sizeof(T));
    out = static_cast<T>(wide);
    return true;
  }
  template <class Writer> static void encode(Writer& out, T value) {
    if constexpr (std::is_signed_v<T>) out.signed_integer(value);
    else out.unsigned_integer(value);
  }
  static constexpr fit fits(kind k) {
    if (k == kind::big_integer && std::is_unsigned_v<T> && sizeof(T) == 8) return fit::convertible;
    return detail::exact_if(k == kind::integer);
  }

 private:
  static bool decode_big(reader& in, T& out) {
    integer big;
    if (!in.read_big_integer(big)) return false;
    const auto fitting = big.to_uint64();
    if (!fitting) return detail::fail_range(in, big.to_string(), false, sizeof(T));
    out = *fitting;
    return true;
  }
};

/// Any number is taken, as by Python's float().
template <std::floating_point T> struct codec_of<T> {
  static bool decode(reader& in, T& out) {
    double wide = 0;
    if (!in.read_real(wide)) return false;
    out = static_cast<T>(wide);
    return true;
  }
  template <class Writer> static void encode(Writer& out, T value) { out.real(static_cast<double>(value)); }
  static constexpr fit fits(kind k) {
    return k == kind::integer || k == kind::big_integer ? fit::convertible : detail::exact_if(k == kind::real);
  }
};

template <std::floating_point T> struct codec_of<std::complex<T>> {
  static bool decode(reader& in, std::complex<T>& out) {
    std::complex<double> wide;
    double real = 0;
    if (in.peek() == kind::complex) {
      if (!in.read_complex(wide)) return false;
    } else {
      if (!in.read_real(real)) return false;
      wide = real;
    }
    out = {static_cast<T>(wide.real()), static_cast<T>(wide.imag())};
    return true;
  }
  static void encode(writer& out, const std::complex<T>& value) {
    out.complex({static_cast<double>(value.real()), static_cast<double>(value.imag())});
  }
  static constexpr fit fits(kind k) {
    return fit_of<double>(k) != fit::no ? fit::convertible : detail::exact_if(k == kind::complex);
  }
};

template <> struct codec_of<integer> {
  static bool decode(reader& in, integer& out) { return in.read_big_integer(out); }
  static void encode(writer& out, const integer& value) { out.big_integer(value); }
  static constexpr fit fits(kind k) { return detail::exact_if(k == kind::integer || k == kind::big_integer); }
};

template <> struct codec_of<std::string_view> {
  static bool decode(reader& in, std::string_view& out) { return in.read_string(out); }
  template <class Writer> static void encode(Writer& out, std::string_view value) { out.string(value); }
  static constexpr fit fits(kind k) { return detail::exact_if(k == kind::string); }
};

template <> struct codec_of<std::string> {
  static bool decode(reader& in, std::string& out) {
    std::string_view text;
    if (!in.read_string(text)) return false;
    detail::assign(out, text);
    return true;
  }
  template <class Writer> static void encode(Writer& out, const std::string& value) { out.string(value); }
  static constexpr fit fits(kind k) { return detail::exact_if(k == kind::string); }
};

template <> struct codec_of<const char*> {
  template <class Writer> static void encode(Writer& out, const char* value) { out.string(value); }
};
template <> struct codec_of<char*> : codec_of<const char*> {};
/// A string literal.
template <std::size_t N> struct codec_of<char[N]> : codec_of<const char*> {};

namespace detail {
/// Formats without bytes carry them in a dict, so one is tried when nothing fits better.
constexpr fit fit_of_bytes(kind k) { return k == kind::dict ? fit::convertible : exact_if(k == kind::bytes); }
}  // namespace detail

template <> struct codec_of<std::span<const std::byte>> {
  static bool decode(reader& in, std::span<const std::byte>& out) { return in.read_bytes(out); }
  template <class Writer> static void encode(Writer& out, std::span<const std::byte> value) { out.bytes(value); }
  static constexpr fit fits(kind k) { return detail::fit_of_bytes(k); }
};
template <> struct codec_of<std::span<std::byte>> {
  template <class Writer> static void encode(Writer& out, std::span<const std::byte> value) { out.bytes(value); }
};

template <> struct codec_of<bytes> {
  static bool decode(reader& in, bytes& out) {
    std::span<const std::byte> view;
    if (!in.read_bytes(view)) return false;
    if (view.size() >= large && out.capacity() < view.size()) {
      bytes().swap(out);
      out.reserve(view.size());
      prefer_huge_pages({out.data(), view.size()});
    }
    out.assign(view.begin(), view.end());
    return true;
  }
  template <class Writer> static void encode(Writer& out, const bytes& value) { out.bytes(value); }
  static constexpr fit fits(kind k) { return detail::fit_of_bytes(k); }

 private:
  static constexpr std::size_t large = std::size_t{4} << 20;
};

/// Formats without dates of their own carry them as ISO text, so that is taken as well; not preferred to a string, though.
template <> struct codec_of<datetime> {
  static bool decode(reader& in, datetime& out);
  static void encode(writer& out, const datetime& value) { out.at(value); }
  static constexpr fit fits(kind k) { return k == kind::string ? fit::convertible : detail::exact_if(k == kind::datetime); }
};
template <> struct codec_of<date> {
  static bool decode(reader& in, date& out);
  static void encode(writer& out, const date& value) { out.at(value); }
  static constexpr fit fits(kind k) { return k == kind::string ? fit::convertible : detail::exact_if(k == kind::date); }
};
template <> struct codec_of<time_of_day> {
  static bool decode(reader& in, time_of_day& out);
  static void encode(writer& out, const time_of_day& value) { out.at(value); }
  static constexpr fit fits(kind k) { return k == kind::string ? fit::convertible : fit::no; }
};

/// A naive datetime means local time, as in Python.
template <class Duration> struct codec_of<std::chrono::time_point<std::chrono::system_clock, Duration>> {
  using point = std::chrono::time_point<std::chrono::system_clock, Duration>;
  static bool decode(reader& in, point& out) {
    datetime when;
    if (!codec_of<datetime>::decode(in, when)) return false;
    out = point(std::chrono::duration_cast<Duration>(std::chrono::microseconds(to_unix_microseconds(when))));
    return true;
  }
  static void encode(writer& out, const point& value) {
    const auto since = std::chrono::floor<std::chrono::microseconds>(value.time_since_epoch());
    if (const auto when = from_unix_microseconds(since.count())) return out.at(*when);
    out.fail(wire_class::value_error, "time point outside the years 1 to 9999");
  }
  static constexpr fit fits(kind k) { return codec_of<datetime>::fits(k); }
};

template <> struct codec_of<std::chrono::year_month_day> {
  static bool decode(reader& in, std::chrono::year_month_day& out);
  static void encode(writer& out, const std::chrono::year_month_day& value);
  static constexpr fit fits(kind k) { return codec_of<date>::fits(k); }
};

/// A number of seconds.
template <class Rep, class Period> struct codec_of<std::chrono::duration<Rep, Period>> {
  using duration = std::chrono::duration<Rep, Period>;
  static bool decode(reader& in, duration& out) {
    double seconds = 0;
    if (!in.read_real(seconds)) return false;
    const auto ticks = std::chrono::duration<double, Period>(std::chrono::duration<double>(seconds)).count();
    if constexpr (std::integral<Rep>) {
      // The negation catches nan; a bound as double may round up to one past the largest Rep, hence not <=.
      if (!(ticks > static_cast<double>(std::numeric_limits<Rep>::min()) && ticks < static_cast<double>(std::numeric_limits<Rep>::max())))
        return in.fail(wire_class::overflow_error, "number of seconds does not fit the duration");
      out = duration(static_cast<Rep>(std::round(ticks)));
    } else {
      out = duration(static_cast<Rep>(ticks));
    }
    return true;
  }
  static void encode(writer& out, const duration& value) { out.duration(std::chrono::duration<double>(value).count()); }
  static constexpr fit fits(kind k) { return fit_of<double>(k) != fit::no ? fit::convertible : fit::no; }
};

/// Enums travel as their underlying number. std::byte is not an enum to us: it only occurs in bytes.
template <class T> requires(std::is_enum_v<T> && !std::same_as<T, std::byte>) struct codec_of<T> {
  using underlying = std::underlying_type_t<T>;
  using number = std::conditional_t<detail::plain_integer<underlying>, underlying,
                                    std::conditional_t<std::is_signed_v<underlying>, std::int32_t, std::uint32_t>>;
  static bool decode(reader& in, T& out) {
    number n{};
    if (!codec_of<number>::decode(in, n)) return false;
    if (!in_underlying(n)) return detail::fail_range(in, std::to_string(n), std::is_signed_v<underlying>, sizeof(underlying));
    out = static_cast<T>(static_cast<underlying>(n));
    return true;
  }
  template <class Writer> static void encode(Writer& out, T value) { codec_of<number>::encode(out, static_cast<number>(value)); }
  static constexpr fit fits(kind k) { return codec_of<number>::fits(k); }

 private:
  static bool in_underlying(number n) { return static_cast<number>(static_cast<underlying>(n)) == n; }
};

}  // namespace engine
