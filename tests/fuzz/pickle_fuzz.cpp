// Any bytes: the pickle reader neither crashes nor believes them, skipping agrees with reading, what is read as a plain pickle is what the
// machine makes of it, structs are the same by either way of reading them, and what was read and can be written comes back the same.
#include <codec/pickle_tape.hpp>
#include <tests/fuzz/format_fuzz.hpp>
#include <tests/fuzz/struct_fuzz.hpp>

using namespace engine;
using fuzz::require;

namespace {

// A few bytes may stand for many values; more would only be slow.
constexpr decode_limits limits{.elements = 20'000};

void round_trip(const value& v) {
  const auto written = test::encoded(pickle(), v);
  if (!written) return;  // what looks like an exception, and is none
  const auto again = test::decoded<value>(pickle(), test::as_bytes(*written));
  require(again.has_value(), "what was written can be read");
  if (!written->contains("Pyro4.") && !written->contains("cexceptions\n")) require(same(*again, v), "what was written comes back the same");
}

/// NONE and POP in front mean nothing, but are not plain.
void by_the_machine(std::span<const std::byte> payload, const std::expected<value, decode_error>& read) {
  detail::pickle::tape tape;
  if (!tape.run(payload, limits.elements)) return;
  bytes longer{std::byte('N'), std::byte('0')};
  longer.insert(longer.end(), payload.begin(), payload.end());
  const auto again = test::decoded<value>(pickle(), longer, limits);
  require(read.has_value() == again.has_value(), "the machine reads what is plain");
  if (read) return require(same(*read, *again), "the machine reads the same");
  require(read.error().type == again.error().type && read.error().text == again.error().text, "the machine finds the same wrong");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto payload = fuzz::as_bytes(data, size);
  const auto v = test::decoded<value>(pickle(), payload, limits);
  const bool skipped = fuzz::skips(pickle(), payload, limits);
  require(!v || skipped, "what can be read can be skipped");
  require(v || !skipped || v.error().text.starts_with("unhashable"), "what can be skipped can be read");
  by_the_machine(payload, v);
  if (v) round_trip(*v);
  fuzz::read_call(pickle(), payload, limits);
  fuzz::read_structs(pickle(), payload, limits);
  return 0;
}
