// Python's dates and times out of pickles: from their packed state (datetime.c) or from numbers. A time of day becomes its ISO
// text, a duration its seconds, as other serializers carry them.
#include <array>
#include <cstdlib>

#include <codec/pickle_machine.hpp>
#include <codec/utf8.hpp>

namespace engine::detail::pickle {

bool machine::call_moment(class_id id, const arguments& a, cell& out) {
  switch (id) {
    case class_id::date: return make_date(a, out);
    case class_id::datetime: return make_datetime(a, out);
    case class_id::time: return make_time(a, out);
    case class_id::timedelta: return make_timedelta(a, out);
    default: return make_timezone(a, out);
  }
}

/// A packed state of that size: bytes, or Python 2's str.
bool machine::state_bytes(const cell& c, std::size_t size, std::string& out) const {
  out.clear();
  if (c.is(what::bytes) && c.size == size) {
    out = c.view();
  } else if (c.is(what::string) && c.size <= 2 * size) {
    for (const char* p = c.text; p != c.text + c.size;) {
      const char32_t point = next_utf8(p);
      if (point > 0xff) return false;
      out += static_cast<char>(point);
    }
  }
  return out.size() == size;
}

/// The arguments from `from` on as machine integers; `least` of them must be there, the rest of `out` stays as it is.
bool machine::integers(const arguments& a, std::size_t from, std::size_t least, std::span<std::int64_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (from + i >= a.size) return i >= least;
    if (!a[from + i].is(what::integer) && !a[from + i].is(what::boolean)) return false;
    out[i] = a[from + i].integer;
  }
  return true;
}

bool machine::check_day(const std::int64_t (&ymd)[3], engine::date& out) {
  const auto [year, month, day] = ymd;
  if (year < 1 || year > 9999) return fail(wire_class::value_error, "year " + std::to_string(year) + " is out of range");
  if (month < 1 || month > 12) return fail(wire_class::value_error, "month must be in 1..12");
  if (day < 1 || day > 31) return fail(wire_class::value_error, "day is out of range for month");
  out = {.year = static_cast<std::int32_t>(year), .month = static_cast<std::uint8_t>(month), .day = static_cast<std::uint8_t>(day)};
  return from_ordinal(to_ordinal(out)) == out || fail(wire_class::value_error, "day is out of range for month");
}

bool machine::check_time(std::span<const std::int64_t, 4> hmsu, const cell& zone, time_of_day& out) {
  const auto in = [](std::int64_t n, std::int64_t limit) { return n >= 0 && n < limit; };
  if (!in(hmsu[0], 24)) return fail(wire_class::value_error, "hour must be in 0..23");
  if (!in(hmsu[1], 60)) return fail(wire_class::value_error, "minute must be in 0..59");
  if (!in(hmsu[2], 60)) return fail(wire_class::value_error, "second must be in 0..59");
  if (!in(hmsu[3], 1'000'000)) return fail(wire_class::value_error, "microsecond must be in 0..999999");
  if (!zone.is(what::none) && !zone.is(what::timezone)) return fail(wire_class::type_error, "bad tzinfo state arg");
  out = {.hour = static_cast<std::uint8_t>(hmsu[0]), .minute = static_cast<std::uint8_t>(hmsu[1]),
         .second = static_cast<std::uint8_t>(hmsu[2]), .microsecond = static_cast<std::uint32_t>(hmsu[3])};
  if (zone.is(what::timezone)) out.offset_seconds = static_cast<std::int32_t>(zone.integer);
  return true;
}

namespace {

std::int64_t byte(const std::string& s, std::size_t i) { return static_cast<unsigned char>(s[i]); }
std::int64_t two(const std::string& s, std::size_t i) { return byte(s, i) << 8 | byte(s, i + 1); }
std::int64_t three(const std::string& s, std::size_t i) { return byte(s, i) << 16 | two(s, i + 1); }

}  // namespace

bool machine::make_date(const arguments& a, cell& out) {
  std::int64_t ymd[3] = {};
  std::string state;
  if (a.size == 1 && state_bytes(a[0], 4, state)) {
    ymd[0] = two(state, 0), ymd[1] = byte(state, 2), ymd[2] = byte(state, 3);
  } else if (a.size != 3 || !integers(a, 0, 3, ymd)) {
    return refuse_call("date", "needs a state of 4 bytes, or 3 ints");
  }
  engine::date day;
  if (!check_day(ymd, day)) return false;
  out = number(to_ordinal(day));
  out.type = what::date;
  return true;
}

bool machine::make_datetime(const arguments& a, cell& out) {
  std::int64_t ymd[3] = {};
  std::array<std::int64_t, 4> hmsu{};
  cell zone;
  std::string state;
  if ((a.size == 1 || a.size == 2) && state_bytes(a[0], 10, state)) {
    // The highest bit of the month is the fold.
    ymd[0] = two(state, 0), ymd[1] = byte(state, 2) & 0x7f, ymd[2] = byte(state, 3);
    hmsu = {byte(state, 4), byte(state, 5), byte(state, 6), three(state, 7)};
    if (a.size == 2) zone = a[1];
  } else {
    if (a.size > 8 || !integers(a, 0, 3, ymd) || !integers(a, 3, 0, hmsu))
      return refuse_call("datetime", "needs a state of 10 bytes, or 3 to 7 ints and a timezone");
    if (a.size == 8) zone = a[7];
  }
  engine::datetime when;
  if (!check_day(ymd, when.day) || !check_time(hmsu, zone, when.time)) return false;
  tree_.moments.push_back(when);
  out = indexed(what::datetime, tree_.moments.size() - 1);
  return true;
}

bool machine::make_time(const arguments& a, cell& out) {
  std::array<std::int64_t, 4> hmsu{};
  cell zone;
  std::string state;
  if ((a.size == 1 || a.size == 2) && state_bytes(a[0], 6, state)) {
    hmsu = {byte(state, 0) & 0x7f, byte(state, 1), byte(state, 2), three(state, 3)};
    if (a.size == 2) zone = a[1];
  } else {
    if (a.size > 5 || !integers(a, 0, 0, hmsu)) return refuse_call("time", "needs a state of 6 bytes, or up to 4 ints and a timezone");
    if (a.size == 5) zone = a[4];
  }
  time_of_day time;
  if (!check_time(hmsu, zone, time)) return false;
  const std::string iso = iso_format(time);
  if (!expand(iso.size())) return false;
  out = text(tree_.keep(iso));
  return true;
}

bool machine::make_timedelta(const arguments& a, cell& out) {
  std::int64_t parts[3] = {};  // days, seconds, microseconds
  constexpr std::int64_t most = 999'999'999;
  if (a.size > 3 || !integers(a, 0, 0, parts)) return refuse_call("timedelta", "needs up to 3 ints");
  for (const std::int64_t part : parts)
    if (part > 86400 * most || part < -86400 * most) return fail(wire_class::overflow_error, "Python int too large to convert to C int");
  if (parts[0] > most || parts[0] < -most)
    return fail(wire_class::overflow_error, "days=" + std::to_string(parts[0]) + "; must have magnitude <= 999999999");
  // As Python's total_seconds(), which rounds once: exactly up to 285 years, the wider type would round twice.
  const std::int64_t seconds = parts[0] * 86400 + parts[1];
  constexpr std::int64_t exact = (std::int64_t{1} << 53) / 1'000'000 - 86400;
  const bool rounds_once = std::abs(seconds) < exact && std::abs(parts[2]) < 86400 * std::int64_t{1'000'000};
  const double total = rounds_once ? static_cast<double>(seconds * 1'000'000 + parts[2]) / 1e6
                                   : static_cast<double>(static_cast<long double>(seconds) + static_cast<long double>(parts[2]) / 1e6L);
  out = real(total, origin::timedelta);
  return true;
}

bool machine::make_timezone(const arguments& a, cell& out) {
  const bool is_offset = (a.size == 1 || a.size == 2) && a[0].is(what::real) && static_cast<origin>(a[0].note) == origin::timedelta;
  if (!is_offset || a[0].real <= -86400 || a[0].real >= 86400 || a[0].real != static_cast<double>(static_cast<std::int64_t>(a[0].real)))
    return refuse_call("timezone", "needs an offset of whole seconds, less than a day");
  out = number(static_cast<std::int64_t>(a[0].real));
  out.type = what::timezone;
  return true;
}

}  // namespace engine::detail::pickle
