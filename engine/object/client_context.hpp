// What the calling thread says along with its calls, and what came along with its last answer (Pyro's current_context at the client):
// annotations of its own and the correlation id. One of each per thread; nothing is paid for what is not used.
//
//   engine::outgoing_context().annotate("USER", "ann");
//   greeter.get_fortune("Ann");
//   auto mood = engine::answer_context().annotation("MOOD");
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <codec/frame.hpp>

namespace engine {

/// 16 bytes of a UUID in their printed order.
using correlation_uuid = std::array<std::byte, 16>;

/// What goes out with every request and handshake of this thread until it is changed.
class client_context {
 public:
  /// Most annotations of one's own.
  static constexpr std::size_t most = 16;

  /// `key`: four ASCII characters; one that is there already gets the new value. Throws protocol_error: "annotation key must be
  /// of length 4", a key that is not ASCII or is the engine's own (CORR, HMAC, ENG…), more than `most` of them. All keys and
  /// values of a message may have 65535 bytes together: what exceeds them is thrown by the call.
  void annotate(std::string_view key, std::span<const std::byte> value);
  void annotate(std::string_view key, std::string_view value) { annotate(key, std::as_bytes(std::span(value))); }
  void remove(std::string_view key);
  /// The id under which servers log what belongs together; nullopt: they make one up.
  void correlate(std::optional<correlation_uuid> id) { id_ = id; }
  const std::optional<correlation_uuid>& correlation_id() const { return id_; }
  void clear();

  bool empty() const { return said_.empty() && !id_; }
  /// For the engine: views of everything, at most most_annotations; returns how many.
  std::size_t write_to(std::span<annotation> room) const;

 private:
  struct pair { std::array<char, 4> key; std::string value; };
  std::vector<pair> said_{};
  std::optional<correlation_uuid> id_{};
};

/// What came with the last answer to a synchronous call of this thread, until the next one.
class incoming_context {
 public:
  /// The value of an annotation; views live until the thread's next call.
  std::optional<std::span<const std::byte>> annotation(std::string_view key) const { return view().find(key); }
  /// The same as text.
  std::optional<std::string_view> text(std::string_view key) const;
  /// The caller's, or what the server made up. Servers of ours answer with it only when they were given one.
  std::optional<correlation_uuid> correlation_id() const;
  /// All of them, in the order they were sent.
  annotation_view view() const { return {std::as_bytes(std::span(chunks_)), protocol::v48}; }

  /// For the engine: keeps a copy.
  void hear(const annotation_view&);

 private:
  std::string chunks_{};
};

/// This thread's.
client_context& outgoing_context();
incoming_context& answer_context();

namespace detail {
/// The most that one request carries of client_context.
inline constexpr std::size_t most_annotations = client_context::most + 1;
/// Whether this thread's outgoing context is empty.
bool nothing_said_along();
/// Throws protocol_error for a key that a program must not say: not four ASCII characters, or the engine's own.
void check_annotation_key(std::string_view key);
}  // namespace detail

/// The number of a request that is not wanted any more, u16 big-endian, in a PING between programs of ours (docs/wire.md).
inline constexpr std::string_view cancel_annotation = "ENGC";
/// Between programs of ours on one machine. In CONNECTOK: who would give memory to share. In a PING: where to, so that the connection goes on over it
/// (docs/wire.md).
inline constexpr std::string_view memory_annotation = "ENGM";
/// Microseconds the caller will still wait, u64 big-endian, in requests between programs of ours (docs/wire.md).
inline constexpr std::string_view deadline_annotation = "ENGD";
/// In a request: what its result is to be kept for later requests (promises.hpp).
inline constexpr std::string_view keep_annotation = "ENGK";
/// In a request: the number, u16 big-endian, of the earlier one whose result is the object that is called.
inline constexpr std::string_view upon_annotation = "ENGP";
/// In a PING behind CONNECT: it is a request, for a program of ours. Others answer it as what it looks like, and have done nothing (docs/wire.md).
inline constexpr std::string_view early_annotation = "ENGE";

}  // namespace engine
