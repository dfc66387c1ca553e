// Any bytes: the marshal reader neither crashes nor believes them, skipping agrees with reading, looking for a class ahead changes
// nothing, structs are the same by either way of reading them, and what was read comes back the same.
#include <optional>

#include <tests/fuzz/format_fuzz.hpp>
#include <tests/fuzz/struct_fuzz.hpp>

using namespace engine;
using fuzz::require;

namespace {

constexpr decode_limits bounds{.elements = 20000};  // few bytes may mean many values, which would take the fuzzer's time

void round_trip(const value& v) {
  const auto written = test::encoded(marshal(), v);
  require(written.has_value(), "what was read can be written");
  const auto again = test::decoded<value>(marshal(), test::as_bytes(*written));
  require(again && same(*again, v), "what was written comes back the same");
}

/// Reads every element of the outermost container after looking ahead into it.
std::optional<value::list> elements_after_looking_ahead(std::span<const std::byte> payload) {
  const auto in = marshal().make_reader();
  in->start(payload, bounds);
  std::size_t hint = 0;
  if (!in->enter_sequence(hint)) return std::nullopt;
  value::list all;
  while (in->more()) {
    static_cast<void>(in->class_name());
    value element;
    if (!decode(*in, element)) return std::nullopt;
    all.push_back(std::move(element));
  }
  return in->ok() ? std::optional(all) : std::nullopt;
}

/// Skipping follows no references, so it meets neither what lies behind them once more nor its depth.
bool only_reading_notices(const decode_error& error) {
  return error.text.starts_with("unhashable") || error.text == "too many values in one message" || error.text == "recursion limit exceeded";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto payload = fuzz::as_bytes(data, size);
  const auto v = test::decoded<value>(marshal(), payload, bounds);
  const bool skipped = fuzz::skips(marshal(), payload, bounds);
  require(!v || skipped, "what can be read can be skipped");
  require(v || !skipped || only_reading_notices(v.error()), "what can be skipped can be read");
  if (v) round_trip(*v);
  if (v && v->kind() == kind::list) {
    const auto ahead = elements_after_looking_ahead(payload);
    require(ahead && same(value(*ahead), *v), "looking ahead changes nothing");
  }
  fuzz::read_call(marshal(), payload, bounds);
  fuzz::read_structs(marshal(), payload, bounds);
  return 0;
}
