// Any bytes as the payload of a request to an exposed object: whatever they are, exactly one well-formed answer comes out (none to a
// oneway call), the verdict agrees with it, and the next request is answered as if nothing had happened.
// The first byte of the input chooses serializer, oneway, peer and the server's settings.
#include <array>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>
#include <codec/shape.hpp>
#include <engine/engine.hpp>
#include <engine/object/dispatch.hpp>
#include <tests/fuzz/fuzz.hpp>
#include <tests/support/encoded.hpp>

namespace fuzzed {

struct order {
  std::string item;
  int count = 1;
  std::optional<double> when{};
};
ENGINE_SHAPE(order, item, count, when)

/// Every way a parameter can be decoded and an answer can be made.
class Target {
 public:
  std::int64_t add(std::int32_t a, std::int32_t b) { return std::int64_t{a} + b; }
  std::string join(const std::vector<std::string>& parts, std::string_view between, std::optional<bool> twice) {
    std::string all;
    for (int left = twice.value_or(false) ? 2 : 1; left > 0; --left)
      for (const std::string& part : parts) all.append(all.empty() ? "" : between).append(part);
    return all;
  }
  engine::value any(engine::value v) { return v; }
  engine::value variadic(std::string_view first, engine::args rest, engine::kwargs named) {
    rest.emplace_back(first);
    rest.push_back(std::move(named.items));
    return engine::value::list(std::move(rest));
  }
  std::size_t table(const std::map<std::string, std::vector<double>>& rows) { return rows.size(); }
  std::size_t either(const std::variant<int, std::string, std::vector<std::array<float, 2>>>& v) { return v.index(); }
  order place(order o) { return o; }
  std::size_t size(std::span<const std::byte> data) { return data.size(); }
  engine::uri where(engine::uri u) { return u; }
  void fail(std::string why) {
    if (why.starts_with("closed")) throw engine::connection_closed(why);
    throw std::invalid_argument(why);
  }
  engine::value level = 3;
};
ENGINE_EXPOSE(Target, add, join, any, variadic, table, either, place, size, where, fail, level)
ENGINE_MARK(Target, add, .parameters = "a, b=2")
ENGINE_MARK(Target, join, .parameters = "parts, between=', ', twice=None")

}  // namespace fuzzed

namespace {

using namespace engine;
using fuzz::require;

constexpr std::string_view key = "secr3t";

struct server {
  fuzzed::Target target{};
  engine::hosting host{};
  explicit server(bool compressing, bool signing) {
    host.accepted = {"serpent", "msgpack"};
    host.settings.compression = compressing;
    if (signing) host.hmac_key = std::string(key);
    host.objects.add({.id = "thing", .object = &target, .table = &interface_of<fuzzed::Target>()}, false);
  }
};

/// The frames of an output; they must be whole.
struct answers {
  explicit answers(const output& out, const std::string& hmac_key) : bytes(test::flat(out)) {
    frames.set_hmac_key(hmac_key);
    frames.feed(test::as_bytes(bytes));
  }
  std::optional<frame> next() {
    const auto got = frames.next();
    require(got.has_value(), "an answer is a frame");
    require(got->has_value() || frames.between_frames(), "an answer is whole");
    return *got;
  }
  std::string bytes;
  frame_reader frames{};
};

void check_answer(const frame& request, const frame& answer, const serializer& format) {
  require(answer.type == message::result && answer.sequence == request.sequence && answer.serializer == request.serializer,
          "an answer belongs to its request");
  const auto body = test::decoded<value>(format, answer.payload, {.depth = 1000, .digits = 100000});
  require(body.has_value(), "an answer can be read");
  if (!answer.has(flag::exception)) return;
  const auto* fields = body->get_if<value::dict>();
  require(fields && fields->contains("__class__") && fields->contains("__exception__") && fields->contains("args"),
          "an exception is one");
}

void check_next_request(dispatcher& dispatch, session& s, const server& from, const serializer& format) {
  output out;
  const auto writer = format.make_writer();
  writer->start(out);
  writer->begin_call("thing", "add", 1);
  writer->signed_integer(40);
  writer->begin_keywords(0);
  writer->end_call();
  const std::string payload = test::flat(out);
  out.clear();
  const frame request{.sequence = 2, .serializer = format.id_48, .payload = test::as_bytes(payload)};
  require(dispatch.answer(request, s, out) == verdict::keep, "a good request is answered");
  answers all(out, from.host.hmac_key);
  const auto answer = all.next();
  require(answer && !answer->has(flag::exception), "a good request succeeds");
  require(test::decoded<int>(format, answer->payload) == 42, "a good request gets its result");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::choices from(fuzz::as_bytes(data, size));
  const unsigned how = from.byte();
  const serializer& format = (how & 1) != 0 ? msgpack() : serpent();
  const bool oneway = (how & 2) != 0;
  server running((how & 8) != 0, (how & 16) != 0);
  dispatcher dispatch(running.host, 0);
  session s{.own_peer = (how & 4) != 0, .peer = "fuzz"};
  const std::uint16_t flags = oneway ? flag::oneway : 0;
  const frame request{.flags = flags, .sequence = 1, .serializer = format.id_48, .payload = from.rest()};

  output out;
  const verdict v = dispatch.answer(request, s, out);
  require(v != verdict::elsewhere, "the object is here");
  answers all(out, running.host.hmac_key);
  const auto answer = all.next();
  require(!(oneway && answer), "a oneway call is not answered");
  require(oneway || answer || v == verdict::close, "a call is answered or the connection ends");
  if (answer) {
    check_answer(request, *answer, format);
    require(!all.next(), "a call is answered once");
  }
  check_next_request(dispatch, s, running, format);
  return 0;
}
