// Points in time as Pyro's serializers carry them: civil fields, no time zone data base. Conversions to std::chrono
// live in codec/convert.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engine {

/// A calendar day, proleptic Gregorian, year 1..9999.
struct date {
  std::int32_t year = 1;
  std::uint8_t month = 1, day = 1;
  bool operator==(const date&) const = default;
  auto operator<=>(const date&) const = default;
};

/// A time of day; `offset_seconds` from UTC when it is zone-aware.
struct time_of_day {
  std::uint8_t hour = 0, minute = 0, second = 0;
  std::uint32_t microsecond = 0;
  std::optional<std::int32_t> offset_seconds{};
  bool operator==(const time_of_day&) const = default;
};

/// Python's datetime: naive (local time, no offset) or zone-aware.
struct datetime {
  date day{};
  time_of_day time{};
  bool operator==(const datetime&) const = default;
};

std::string iso_format(const date&);         ///< 2020-01-02
std::string iso_format(const time_of_day&);  ///< 03:04:05.000678, with +00:00 when zone-aware
std::string iso_format(const datetime&);     ///< 2020-01-02T03:04:05

/// The inverse of iso_format; also a blank for the `T`, and `Z` for +00:00. nullopt for anything else and for impossible days.
std::optional<date> parse_date(std::string_view text);
std::optional<time_of_day> parse_time(std::string_view text);
std::optional<datetime> parse_datetime(std::string_view text);

/// Python's date.toordinal(): day 1 is 0001-01-01.
std::int64_t to_ordinal(const date&);
std::optional<date> from_ordinal(std::int64_t ordinal);  ///< nullopt outside year 1..9999

/// POSIX seconds of a naive datetime read as local time (as datetime.timestamp()), and back (as datetime.fromtimestamp()).
double to_timestamp(const datetime&);
std::optional<datetime> from_timestamp(double seconds);

/// The same without the rounding of a double: microseconds since 1970 UTC. A zone-aware datetime is read in its own zone.
std::int64_t to_unix_microseconds(const datetime&);
std::optional<datetime> from_unix_microseconds(std::int64_t microseconds);

}  // namespace engine
