// Reserves the header, lets annotations and payload be written in place, then fills the lengths in: a frame is encoded
// straight into the connection's outgoing bytes.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include <codec/decode_error.hpp>
#include <codec/frame.hpp>
#include <codec/output.hpp>
#include <codec/protocol_48.hpp>

namespace engine {

/// What stands in a frame's header.
struct frame_options {
  engine::protocol protocol = protocol::v48;
  message type = message::result;
  std::uint16_t flags = 0;
  std::uint16_t sequence = 0;
  std::uint16_t serializer = 0;
  bool hmac = false;  ///< leave room for the HMAC annotation; finish() needs the key then
};

struct frame_finish {
  std::size_t message_size = 0;   ///< MAX_MESSAGE_SIZE, bytes, 0 = no limit
  bool compress = false;          ///< COMPRESSION is on: deflate a payload of 200 bytes or more if that helps (WIRE §2.7)
  std::string_view hmac_key = {}; ///< key of the HMAC annotation, when frame_options::hmac was set
};

/// One frame being written at the end of `out`. Between construction and finish() write only the payload there.
class frame_writer {
 public:
  /// Writes header room and the annotations. A key that is not four ASCII characters, or a sum above 65535 bytes, makes
  /// finish() fail with ProtocolError ("annotation key must be of length 4", WIRE §2.6). Borrows `annotations` only here.
  frame_writer(output& out, const frame_options& options, std::span<const annotation> annotations = {})
      : out_(out), start_(out.here()), options_(options) {
    out_.room(protocol_48::header_size);
    out_.advance(protocol_48::header_size);
    if (!annotations.empty() || options_.hmac) append_annotations(annotations);
    payload_ = out_.here();
  }

  /// Over a payload that is written already, behind room for the header that begins at `start`.
  frame_writer(output& out, const frame_options& options, const output::mark& start)
      : out_(out), start_(start), payload_{start.own + protocol_48::header_size, start.blocks}, options_(options) {}

  /// Fills the header in. On error (ProtocolError, MessageTooLargeError "max message size exceeded (N where max=M)") the
  /// output is as before the frame.
  std::expected<void, decode_error> finish(const frame_finish& how = {}) {
    const std::size_t length = out_.size_since(payload_);
    // What most frames are: short, with nothing to be said along and nothing to be computed.
    if (length > short_most || annotations_length_ > 0 || options_.hmac || fault_ || (how.message_size > 0 && length > how.message_size) ||
        (how.compress && length >= compress_least)) [[unlikely]]
      return finish_any(how);
    write_header(length);
    return {};
  }

  /// Drops the frame: the output is as before it.
  void cancel() { out_.truncate(start_); }

  /// A payload of so many bytes is not compressed, signed or measured unless something says so.
  static constexpr std::size_t short_most = 0xffff;

 private:
  static constexpr std::size_t compress_least = 200;
  void append_annotations(std::span<const annotation>);
  std::expected<void, decode_error> finish_any(const frame_finish& how);
  void write_header(std::size_t length) {
    protocol_48::write({.type = options_.type, .flags = options_.flags, .sequence = options_.sequence, .serializer = options_.serializer,
                        .data_length = static_cast<std::uint32_t>(length),
                        .annotations_length = static_cast<std::uint16_t>(annotations_length_)},
                       out_.at(start_.own));
  }
  void append_annotation(std::string_view key, std::span<const std::byte> value);
  void deflate();
  void sign(std::string_view key);
  std::unexpected<decode_error> refuse(std::string_view type, std::string text);

  output& out_;
  output::mark start_{};
  output::mark payload_{};
  frame_options options_;
  std::size_t annotations_length_ = 0;
  const char* fault_ = nullptr;
};

}  // namespace engine
