// What Python says about msgpack extensions whose data is no number, no day or no moment. Nothing here runs for a good message.
#include <cmath>
#include <vector>

#include <codec/msgpack.hpp>
#include <codec/value.hpp>

namespace engine::detail::msgpack_format {

namespace {

constexpr std::int64_t floor_divide(std::int64_t n, std::int64_t by) { return n / by - (n % by < 0); }

/// The year of a day however far away it is; day 1 is the first of year 1.
std::int64_t year_of(std::int64_t ordinal) {
  constexpr std::int64_t four_hundred = 146097, hundred = 36524, four = 1461, one = 365;
  const std::int64_t cycles = floor_divide(ordinal - 1, four_hundred);
  std::int64_t rest = ordinal - 1 - cycles * four_hundred;
  const std::int64_t hundreds = rest / hundred;
  rest %= hundred;
  const std::int64_t years = rest % four / one;
  const bool last_day = hundreds == 4 || years == 4;  // of a leap year
  return cycles * 400 + hundreds * 100 + rest / four * 4 + years + !last_day;
}

decode_error year_refusal(std::int64_t ordinal) {
  return {wire_class::value_error, "year " + std::to_string(year_of(ordinal)) + " is out of range"};
}

}  // namespace

decode_error integer_refusal(std::span<const std::byte> text) {
  return {wire_class::value_error, "invalid literal for int() with base 10: " + to_repr(value(bytes(text.begin(), text.end())))};
}

decode_error date_refusal(std::int64_t ordinal) {
  if (ordinal > INT32_MAX) return {wire_class::overflow_error, "signed integer is greater than maximum"};
  if (ordinal < INT32_MIN) return {wire_class::overflow_error, "signed integer is less than minimum"};
  if (ordinal < 1) return {wire_class::value_error, "ordinal must be >= 1"};
  return year_refusal(ordinal);
}

decode_error datetime_refusal(double seconds) {
  if (std::isnan(seconds)) return {wire_class::value_error, "Invalid value NaN (not a number)"};
  if (std::fabs(seconds) >= 0x1p63) return {wire_class::overflow_error, "timestamp out of range for platform time_t"};
  constexpr std::int64_t day_seconds = 86400, unix_epoch_ordinal = 719163;
  return year_refusal(floor_divide(static_cast<std::int64_t>(std::floor(seconds)), day_seconds) + unix_epoch_ordinal);
}

}  // namespace engine::detail::msgpack_format
