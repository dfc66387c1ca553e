// Any bytes: the msgpack reader neither crashes nor believes them, skipping agrees with reading, and what was read and can be
// written comes back the same.
#include <tests/fuzz/format_fuzz.hpp>

using namespace engine;
using fuzz::require;

namespace {

void round_trip(const value& v) {
  const auto written = test::encoded(msgpack(), v);
  if (!written) return;  // keys of dicts that only we would read
  const auto again = test::decoded<value>(msgpack(), test::as_bytes(*written));
  require(again && same(*again, v), "what was written comes back the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto payload = fuzz::as_bytes(data, size);
  const auto v = test::decoded<value>(msgpack(), payload);
  const bool skipped = fuzz::skips(msgpack(), payload);
  require(!v || skipped, "what can be read can be skipped");
  require(v || !skipped || v.error().text.starts_with("unhashable"), "what can be skipped can be read");
  if (v) round_trip(*v);
  fuzz::read_call(msgpack(), payload);
  return 0;
}
