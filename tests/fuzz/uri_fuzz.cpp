// Any text as a URI: it is refused in Pyro's words, or it is what it prints, and travels in every serializer as itself. The bytes
// as a serialized URI too.
#include <array>
#include <optional>
#include <string>

#include <engine/object/error.hpp>
#include <engine/object/uri.hpp>
#include <tests/fuzz/fuzz.hpp>
#include <tests/support/encoded.hpp>

namespace {

using namespace engine;
using fuzz::require;

std::optional<uri> parse(std::string_view text) {
  try {
    return uri(text);
  } catch (const error& e) {
    const std::string_view why = e.what();
    require(why.starts_with("invalid uri") || why.starts_with("invalid port in uri, port=") || why.starts_with("invalid ipv6 address: "),
            "refusals are worded as Pyro words them");
    return std::nullopt;
  }
}

/// As in Pyro, a port without a host is neither printed nor sent, and tags in the order of their set may no longer be an object:
/// the empty tag alone, or one with an @ that is not the first any more.
bool prints_all(const uri& u) {
  if (u.object().empty() || u.object().find('@', 1) != std::string::npos) return false;
  return !u.location().empty() || (u.protocol() != uri_protocol::pyro && u.port() == 0);
}

void travels(const uri& u, const serializer& format) {
  const auto written = test::encoded(format, u);
  if (!written) return;  // not UTF-8
  const auto read = test::decoded<uri>(format, test::as_bytes(*written));
  require(read.has_value(), "a written URI can be read");
  require(*read == u, "a URI travels as itself");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const serializer* format : {&serpent(), &msgpack()}) {
    const auto read = test::decoded<std::array<uri, 1>>(*format, fuzz::as_bytes(data, size));
    static_cast<void>(read);
  }
  const auto u = parse(text);
  if (!u || !prints_all(*u)) return 0;
  const auto again = parse(u->to_string());
  require(again && *again == *u, "a URI is what it prints");
  require(std::hash<uri>{}(*again) == std::hash<uri>{}(*u), "equal URIs hash alike");
  for (const serializer* format : {&serpent(), &msgpack()}) travels(*u, *format);
  return 0;
}
