// Civil days come from <chrono>'s calendar arithmetic; local time from localtime_r, the only source of zone rules used.
// Where a local time happens twice or never, the choice is Python's for fold=0, so both ends name the same instant.
#include <codec/moment.hpp>

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace engine {

namespace {

constexpr std::int64_t unix_epoch_ordinal = 719163;
constexpr std::int64_t last_ordinal = 3652059;  // 9999-12-31
constexpr std::int64_t day_seconds = 86400;

void append_digits(std::string& text, std::uint32_t number, int width) {
  char digits[10];
  for (int i = width; i-- > 0; number /= 10) digits[i] = static_cast<char>('0' + number % 10);
  text.append(digits, static_cast<std::size_t>(width));
}

void append_offset(std::string& text, std::int32_t offset) {
  text += offset < 0 ? '-' : '+';
  const auto size = static_cast<std::uint32_t>(offset < 0 ? -offset : offset);
  append_digits(text, size / 3600, 2);
  text += ':';
  append_digits(text, size / 60 % 60, 2);
  if (size % 60 == 0) return;
  text += ':';
  append_digits(text, size % 60, 2);
}

/// Takes text apart from the front; once something did not fit, `good` stays false.
struct scanner {
  std::string_view rest;
  bool good = true;

  std::uint32_t digits(std::size_t width) {
    if (rest.size() < width) good = false;
    if (!good) return 0;
    std::uint32_t number = 0;
    for (const char c : rest.substr(0, width)) {
      if (c < '0' || c > '9') good = false;
      number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    rest.remove_prefix(width);
    return number;
  }
  void expect(char c) { good = take(c) && good; }
  bool take(char c) {
    if (!rest.starts_with(c)) return false;
    rest.remove_prefix(1);
    return true;
  }
};

date scan_date(scanner& in) {
  date day;
  day.year = static_cast<std::int32_t>(in.digits(4));
  in.expect('-');
  day.month = static_cast<std::uint8_t>(in.digits(2));
  in.expect('-');
  day.day = static_cast<std::uint8_t>(in.digits(2));
  const std::chrono::year_month_day ymd{std::chrono::year(day.year), std::chrono::month(day.month), std::chrono::day(day.day)};
  if (day.year < 1 || !ymd.ok()) in.good = false;
  return day;
}

std::optional<std::int32_t> scan_offset(scanner& in) {
  if (in.take('Z')) return 0;
  const bool west = in.take('-');
  if (!west && !in.take('+')) return std::nullopt;
  const std::uint32_t hours = in.digits(2);
  in.expect(':');
  const std::uint32_t minutes = in.digits(2);
  const std::uint32_t seconds = in.take(':') ? in.digits(2) : 0;
  if (hours > 23 || minutes > 59 || seconds > 59) in.good = false;
  const auto size = static_cast<std::int32_t>(hours * 3600 + minutes * 60 + seconds);
  return west ? -size : size;
}

time_of_day scan_time(scanner& in) {
  time_of_day time;
  time.hour = static_cast<std::uint8_t>(in.digits(2));
  in.expect(':');
  time.minute = static_cast<std::uint8_t>(in.digits(2));
  if (in.take(':')) time.second = static_cast<std::uint8_t>(in.digits(2));
  if (in.take('.')) time.microsecond = in.digits(6);
  if (time.hour > 23 || time.minute > 59 || time.second > 59) in.good = false;
  time.offset_seconds = scan_offset(in);
  return time;
}

/// Seconds the local zone is ahead of UTC at that instant; 0 where the system cannot say.
std::int64_t zone_offset(std::int64_t unix_seconds) {
  const auto at = static_cast<time_t>(unix_seconds);
  tm local{};
  return localtime_r(&at, &local) != nullptr ? local.tm_gmtoff : 0;
}

/// The instant a local clock shows `wall` (seconds counted as if it were UTC): the earlier of two, and across a gap the
/// later guess.
std::int64_t local_to_utc(std::int64_t wall) {
  const std::int64_t guessed = zone_offset(wall);
  const std::int64_t first = wall - guessed;
  const bool first_fits = zone_offset(first) == guessed;
  const std::int64_t other = zone_offset(first_fits ? first - day_seconds : first);
  if (first_fits && other == guessed) return first;
  const std::int64_t second = wall - other;
  if (zone_offset(second) == other) return second;
  return first_fits ? first : std::max(first, second);
}

std::int64_t wall_seconds(const datetime& when) {
  return (to_ordinal(when.day) - unix_epoch_ordinal) * day_seconds + when.time.hour * 3600 + when.time.minute * 60 +
         when.time.second;
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

std::string iso_format(const date& day) {
  std::string text;
  append_digits(text, static_cast<std::uint32_t>(day.year), 4);
  text += '-';
  append_digits(text, day.month, 2);
  text += '-';
  append_digits(text, day.day, 2);
  return text;
}

std::string iso_format(const time_of_day& time) {
  std::string text;
  append_digits(text, time.hour, 2);
  text += ':';
  append_digits(text, time.minute, 2);
  text += ':';
  append_digits(text, time.second, 2);
  if (time.microsecond != 0) {
    text += '.';
    append_digits(text, time.microsecond, 6);
  }
  if (time.offset_seconds) append_offset(text, *time.offset_seconds);
  return text;
}

std::string iso_format(const datetime& when) { return iso_format(when.day) + 'T' + iso_format(when.time); }

std::optional<date> parse_date(std::string_view text) {
  scanner in{text};
  const date day = scan_date(in);
  return in.good && in.rest.empty() ? std::optional(day) : std::nullopt;
}

std::optional<time_of_day> parse_time(std::string_view text) {
  scanner in{text};
  const time_of_day time = scan_time(in);
  return in.good && in.rest.empty() ? std::optional(time) : std::nullopt;
}

std::optional<datetime> parse_datetime(std::string_view text) {
  scanner in{text};
  datetime when;
  when.day = scan_date(in);
  if (!in.take(' ')) in.expect('T');
  when.time = scan_time(in);
  return in.good && in.rest.empty() ? std::optional(when) : std::nullopt;
}

std::int64_t to_ordinal(const date& day) {
  const std::chrono::year_month_day ymd{std::chrono::year(day.year), std::chrono::month(day.month), std::chrono::day(day.day)};
  return std::chrono::sys_days(ymd).time_since_epoch().count() + unix_epoch_ordinal;
}

std::optional<date> from_ordinal(std::int64_t ordinal) {
  if (ordinal < 1 || ordinal > last_ordinal) return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::sys_days(std::chrono::days(ordinal - unix_epoch_ordinal))};
  return date{static_cast<int>(ymd.year()), static_cast<std::uint8_t>(static_cast<unsigned>(ymd.month())),
              static_cast<std::uint8_t>(static_cast<unsigned>(ymd.day()))};
}

std::int64_t to_unix_microseconds(const datetime& when) {
  const std::int64_t wall = wall_seconds(when);
  const std::int64_t seconds = when.time.offset_seconds ? wall - *when.time.offset_seconds : local_to_utc(wall);
  return seconds * 1'000'000 + when.time.microsecond;
}

std::optional<datetime> from_unix_microseconds(std::int64_t microseconds) {
  std::int64_t seconds = floor_divide(microseconds, 1'000'000);
  const auto fraction = static_cast<std::uint32_t>(microseconds - seconds * 1'000'000);
  seconds += zone_offset(seconds);
  const std::int64_t days = floor_divide(seconds, day_seconds);
  const auto day = from_ordinal(days + unix_epoch_ordinal);
  if (!day) return std::nullopt;
  const auto rest = static_cast<std::uint32_t>(seconds - days * day_seconds);
  datetime when{*day, {}};
  when.time.hour = static_cast<std::uint8_t>(rest / 3600);
  when.time.minute = static_cast<std::uint8_t>(rest / 60 % 60);
  when.time.second = static_cast<std::uint8_t>(rest % 60);
  when.time.microsecond = fraction;
  return when;
}

// Python adds whole seconds and a fraction; dividing the microseconds instead would round twice far from 1970.
double to_timestamp(const datetime& when) {
  constexpr std::int64_t second = 1'000'000;
  const std::int64_t microseconds = to_unix_microseconds(when);
  const std::int64_t fraction = (microseconds % second + second) % second;
  return static_cast<double>((microseconds - fraction) / second) + static_cast<double>(fraction) / 1e6;
}

std::optional<datetime> from_timestamp(double seconds) {
  if (!(std::fabs(seconds) < 1e12)) return std::nullopt;
  double whole = 0;
  const double fraction = std::modf(seconds, &whole);
  return from_unix_microseconds(static_cast<std::int64_t>(whole) * 1'000'000 +
                                static_cast<std::int64_t>(std::nearbyint(fraction * 1e6)));
}

}  // namespace engine
