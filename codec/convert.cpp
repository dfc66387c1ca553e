// The parts of typed conversion that are the same for many types, and those that only matter when something is wrong.
#include <codec/convert.hpp>

namespace engine {

namespace detail {

bool fail_range(reader& in, const std::string& number, bool is_signed, std::size_t size) {
  return in.fail(wire_class::overflow_error,
                 "int " + number + " does not fit " + (is_signed ? "int" : "uint") + std::to_string(size * 8));
}

bool fail_length(reader& in, std::size_t expected, std::size_t actual, bool at_least) {
  return in.fail(wire_class::value_error, "expected " + std::to_string(expected) + " elements, got " +
                                              std::to_string(actual) + (at_least ? " or more" : ""));
}

bool fail_fit(reader& in, std::string_view expected, kind actual) {
  if (!in.ok()) return false;
  return in.fail(wire_class::type_error, "expected " + std::string(expected) + ", not " + std::string(python_name(actual)));
}

bool close_fixed(reader& in, std::size_t expected) {
  if (!in.more()) return in.ok();
  return fail_length(in, expected, expected + 1, true);
}

namespace {

template <class T> bool from_text(reader& in, std::optional<T> (*parse)(std::string_view), const char* what, T& out) {
  std::string_view text;
  if (!in.read_string(text)) return false;
  const auto parsed = parse(text);
  if (!parsed) return in.fail(wire_class::value_error, std::string("not ") + what + " in ISO format");
  out = *parsed;
  return true;
}

}  // namespace
}  // namespace detail

bool codec_of<datetime>::decode(reader& in, datetime& out) {
  if (in.peek() == kind::string) return detail::from_text(in, parse_datetime, "a datetime", out);
  return in.read_datetime(out);
}

bool codec_of<date>::decode(reader& in, date& out) {
  if (in.peek() == kind::string) return detail::from_text(in, parse_date, "a date", out);
  return in.read_date(out);
}

bool codec_of<time_of_day>::decode(reader& in, time_of_day& out) { return detail::from_text(in, parse_time, "a time", out); }

bool codec_of<std::chrono::year_month_day>::decode(reader& in, std::chrono::year_month_day& out) {
  date day;
  if (!codec_of<date>::decode(in, day)) return false;
  out = {std::chrono::year(day.year), std::chrono::month(day.month), std::chrono::day(day.day)};
  return true;
}

void codec_of<std::chrono::year_month_day>::encode(writer& out, const std::chrono::year_month_day& value) {
  const int year = static_cast<int>(value.year());
  if (!value.ok() || year < 1 || year > 9999) {
    out.fail(wire_class::value_error, "not a day of the years 1 to 9999");
    return;
  }
  out.at(date{year, static_cast<std::uint8_t>(static_cast<unsigned>(value.month())),
              static_cast<std::uint8_t>(static_cast<unsigned>(value.day()))});
}

}  // namespace engine
