// Any bytes through the json reader: reading and skipping must agree, a refusal names a place in the text, and what was read comes
// back the same from what is written of it.
#include <tests/fuzz/format_fuzz.hpp>

using namespace engine;
using fuzz::require;

namespace {

bool skips(std::span<const std::byte> payload) {
  const auto in = json().make_reader();
  in->start(payload);
  const bool skipped = in->skip() && in->finish();
  require(skipped || in->error().offset <= payload.size(), "a refusal says where");
  return skipped;
}

void skip_call(std::span<const std::byte> payload) {
  static const auto in = json().make_reader();
  in->start(payload);
  std::string_view object, method;
  const bool whole = in->begin_call(object, method) && in->skip() && in->begin_keywords() && in->skip() && in->end_call();
  require(!whole || skips(payload), "a whole call is a whole value");
}

void round_trip(const value& v) {
  const auto written = test::encoded(json(), v);
  if (!written) return;  // lone surrogates are read only
  const auto again = test::decoded<value>(json(), test::as_bytes(*written));
  require(again && same(*again, v), "what was written comes back the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto payload = fuzz::as_bytes(data, size);
  const auto v = test::decoded<value>(json(), payload);
  require(v.has_value() == skips(payload), "skipping agrees with reading");
  if (v) round_trip(*v);
  fuzz::read_call(json(), payload);
  skip_call(payload);
  return 0;
}
