// See welcome.hpp.
#include <engine/object/welcome.hpp>

#include <algorithm>
#include <array>

#include <engine/io/log.hpp>
#include <engine/link/uuid.hpp>
#include <engine/object/client_context.hpp>
#include <engine/object/reverse_connections.hpp>

namespace engine {

namespace {

constexpr std::uint16_t marshal_id = 3;

/// A marshal string (WIRE §19), what Pyro's server refuses with when it cannot know the caller's serializer.
void marshal_text(output& out, std::string_view text) {
  if (text.size() <= 255 && std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 128; })) {
    out.append('\xfa');
    out.append(static_cast<char>(text.size()));
  } else {
    out.append('\xf5');
    const auto n = static_cast<std::uint32_t>(text.size());
    for (unsigned shift = 0; shift < 32; shift += 8) out.append(static_cast<char>((n >> shift) & 0xff));
  }
  out.append(text);
}

struct greeting {
  value handshake{};
  std::optional<std::string> object{};
};

// The CONNECT body: a dict with `handshake`, and with the metadata flag `object`. Errors are the texts of WIRE §3.3.
std::expected<greeting, std::string> read_greeting(reader& in, bool with_object) {
  value body;
  if (!decode(in, body) || !in.finish()) return std::unexpected(in.error().text);
  const value::dict* fields = body.get_if<value::dict>();
  if (!fields) return std::unexpected("handshake data must be a dict");
  const value* handshake = fields->find("handshake");
  if (!handshake) return std::unexpected("'handshake'");
  greeting g{.handshake = *handshake};
  if (!with_object) return g;
  const value* object = fields->find("object");
  if (!object) return std::unexpected("'object'");
  if (const auto* name = object->get_if<std::string>()) g.object = *name;
  else return std::unexpected("unknown object");
  return g;
}

struct answering {
  const frame& request;
  const serializer& format;
  const hosting& host;
  codecs& codecs_;
  output& out;
  const std::string& peer;
  std::span<const std::byte> giver;
  std::array<std::byte, 16> made = random_uuid();

  std::string_view version() const { return host.accepts(msgpack()) || host.own_peer_may_use(msgpack(), true) ? own_version : own_version_without_msgpack; }
  template <class Body> bool send(message type, std::uint16_t flags, bool own_peer, Body&& body) {
    const auto id = request.annotations.find("CORR");
    const std::array<annotation, 3> annotations{annotation{"CORR", id.value_or(std::span<const std::byte>(made))},
                                                annotation{own_annotation, std::as_bytes(std::span(version()))}, annotation{memory_annotation, giver}};
    const std::string& key = host.hmac_key;
    frame_writer frame(out, {.type = type, .flags = flags, .sequence = request.sequence, .serializer = request.serializer,
                             .hmac = !key.empty()},
                       hosts_annotations(host, std::span(annotations).first(!own_peer ? 1 : giver.empty() ? 2 : 3)).all());
    writer& w = codecs_.writer_of(format);
    w.start(out);
    body(w);
    if (w.ok()) return frame.finish({.compress = host.settings.compression && type == message::connect_ok, .hmac_key = key}).has_value();
    frame.cancel();
    return type == message::connect_ok && fail(w.error().text);
  }
  bool fail(std::string_view reason) {
    log_warning("{}: connection refused: {}", peer, reason);
    send(message::connect_fail, 0, false, [&](writer& w) { w.string(reason); });
    return false;
  }
};

}  // namespace

void refuse(std::string_view reason, const frame* echo, const hosting& host, output& out) {
  const std::string& key = host.hmac_key;
  frame_writer frame(out, {.type = message::connect_fail, .sequence = echo ? echo->sequence : std::uint16_t{0},
                           .serializer = marshal_id, .hmac = !key.empty()});
  marshal_text(out, reason);
  if (!frame.finish({.hmac_key = key})) log_error("a refusal could not be written: {}", reason);
}

bool welcome(const frame& request, session& s, const hosting& host, codecs& codecs_, const handshake_validator& validate, output& out, std::span<const std::byte> giver) {
  const auto refused = [&](const std::string& reason) {
    log_warning("{}: connection refused: {}", s.peer, reason);
    refuse(reason, &request, host, out);
    return false;
  };
  if (request.type != message::connect) return refused("invalid msg type " + std::to_string(static_cast<unsigned>(request.type)) + " received");
  const serializer* format = find_serializer_48(request.serializer);
  const bool own_peer = request.annotations.find(own_annotation).has_value();
  if (!format || (!host.accepts(*format) && !host.own_peer_may_use(*format, own_peer)))
    return refused("message used serializer that is not accepted: " + std::to_string(request.serializer));
  answering answer{request, *format, host, codecs_, out, s.peer, giver};
  reader& in = codecs_.reader_of(*format);
  in.start(request.payload);
  const bool with_metadata = request.has(flag::metadata);
  auto greeted = read_greeting(in, with_metadata);
  if (!greeted) return answer.fail(greeted.error());
  value reply = "hello";
  try {
    if (validate) reply = validate(s.peer, greeted->handshake);
  } catch (...) {
    return answer.fail(wire_exception::describe(std::current_exception()).text());
  }
  std::shared_ptr<const exposed_object> object;
  if (greeted->object) {
    object = host.objects.find(*greeted->object);
    if (!object) return answer.fail("unknown object");
    s.object_id = *greeted->object;
  }
  s.own_peer = own_peer;
  s.may_share = own_peer && !giver.empty();
  if (const auto secret = request.annotations.find(detail::reverse_annotation); secret && own_peer) {
    if (secret->size() != 16) return answer.fail("a connection for being called is offered without a secret of 16 bytes");
    s.reverse_id = detail::reverse_id_of_secret({reinterpret_cast<const char*>(secret->data()), secret->size()});
  }
  return answer.send(message::connect_ok, with_metadata ? flag::metadata : std::uint16_t{0}, own_peer, [&](writer& w) {
    if (!object) return encode(w, reply);
    w.begin(kind::dict, 2);
    w.string("handshake");
    encode(w, reply);
    w.string("meta");
    encode(w, value(metadata_of(*object->table, true)));
    w.end();
  });
}

}  // namespace engine
