// Bytes in as they come, whole checked frames out. No io. A frame that lies whole in the bytes given is viewed in place; one
// cut across reads is joined, small ones in a buffer that goes when it is not needed, large ones in a body that the socket may
// fill directly (room()/filled()).
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <codec/body.hpp>
#include <codec/decode_error.hpp>
#include <codec/decode_limits.hpp>
#include <codec/frame.hpp>
#include <codec/protocol_48.hpp>

namespace engine {

struct frame_limits {
  std::size_t message_size = 0;                     ///< annotations + data in bytes, 0 = no limit (MAX_MESSAGE_SIZE, WIRE §2.8)
  std::size_t direct_threshold = 64 * 1024;         ///< a rest of this many bytes or more is offered by room()
  std::size_t inflated_size = decode_limits{}.inflated;  ///< bound of a decompressed payload when message_size is 0, bytes
};

class frame_reader {
 public:
  explicit frame_reader(const frame_limits& limits = {}) : limits_(limits) {}

  /// The key of the HMAC annotation (WIRE §2.6); empty = none expected. Takes effect with the next frame.
  void set_hmac_key(std::string key) { hmac_key_ = std::move(key); }
  void set_limits(const frame_limits& limits) { limits_ = limits; }

  /// Gives the next bytes. They must stay alive and unchanged until next() has returned nullopt; every earlier frame's views
  /// are dead then. Precondition: next() returned nullopt since the last feed.
  void feed(std::span<const std::byte> bytes);

  /// The next whole frame; nullopt: more bytes are needed; error: the stream is unusable (WIRE §3.3 and §5.4 say what to
  /// answer). The frame is valid until the next call of next(), feed() or filled().
  /// Errors: ProtocolError (header, checksum, annotations), MessageTooLargeError "max message size exceeded (N where max=M)",
  /// SecurityError "message hmac mismatch" / "hmac key config not symmetric", ValueError for a broken zlib stream,
  /// MemoryError when the system refuses even the address space of a large body.
  std::expected<std::optional<frame>, decode_error> next();

  /// The usual case of next() and nothing else: a whole frame without annotations, not compressed. False, and nothing has
  /// happened: ask next().
  bool next_plain(frame& out) {
    protocol_48::header h;
    if (delivered_ || !joined_.empty() || large_ || rest_.size() < protocol_48::header_size || !hmac_key_.empty()) return false;
    if (!protocol_48::read_fields(rest_.data(), h) || h.annotations_length != 0 || (h.flags & flag::compressed) != 0) return false;
    const std::size_t size = protocol_48::header_size + std::size_t{h.data_length};
    if (rest_.size() < size || (limits_.message_size != 0 && h.data_length > limits_.message_size)) return false;
    out.protocol = protocol::v48;
    out.type = h.type;
    out.flags = h.flags;
    out.sequence = h.sequence;
    out.serializer = h.serializer;
    out.annotations = {};
    out.payload = rest_.subspan(protocol_48::header_size, h.data_length);
    rest_ = rest_.subspan(size);
    return true;
  }

  /// When a large frame is on its way: where its next bytes belong, to be received there directly. Empty otherwise.
  std::span<std::byte> room();
  /// n bytes have been written at the start of room().
  void filled(std::size_t n);

  /// Header fields of the frame next() refused, as far as they were read: an answer may echo them. nullopt: no header.
  const std::optional<frame>& refused() const { return refused_; }

  /// True when no partial frame is held: a close now is a clean end.
  bool between_frames() const { return rest_.empty() && joined_.empty() && !large_; }
  /// Bytes of heap memory held beyond sizeof, for the budget of an idle connection.
  std::size_t memory() const {
    const std::size_t key = hmac_key_.capacity() > std::string().capacity() ? hmac_key_.capacity() : 0;  // a short one lies in place
    return joined_.capacity() + inflated_.capacity() + large_.capacity() + key;
  }
  /// Takes the bytes given but not yet consumed (for handing a connection to another core). The reader is then empty.
  std::vector<std::byte> take_rest();

 private:
  using header = protocol_48::header;
  // Where the frame being read is: whole in rest_; its beginning in joined_ (small) or large_ (its rest is offered by room()).
  // Invariant: large_filled_ <= large_.bytes().size(), and at most one of joined_ and large_ holds anything.
  std::expected<std::optional<frame>, decode_error> next_joined();
  std::expected<std::optional<frame>, decode_error> keep_rest();
  std::expected<header, decode_error> check_header(std::span<const std::byte> bytes);
  std::expected<std::optional<frame>, decode_error> make(const header&, std::span<const std::byte> whole);
  std::expected<void, decode_error> check_annotations(std::span<const std::byte> area) const;
  std::expected<void, decode_error> check_digest(const frame&) const;
  std::expected<void, decode_error> inflate(frame&);
  void append_from_rest(std::size_t wanted);
  void drop_last();
  static std::size_t size_of(const header& h) { return protocol_48::header_size + h.annotations_length + std::size_t{h.data_length}; }

  // The first are what every frame needs.
  std::span<const std::byte> rest_{};  // given, not consumed
  std::vector<std::byte> joined_{};
  body large_{};
  bool delivered_ = false;             // the last frame lives in joined_ or large_
  frame_limits limits_;
  std::string hmac_key_{};

  std::size_t large_filled_ = 0;
  std::vector<std::byte> inflated_{};
  std::optional<frame> refused_{};
};

}  // namespace engine
