// What the frame tests share: a frame written in one call, a frame's fields as plain values, all frames of some bytes.
#pragma once

#include <cstdint>
#include <expected>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>
#include <tests/support/encoded.hpp>

namespace engine::test {

inline std::string text_of(std::span<const std::byte> data) { return {reinterpret_cast<const char*>(data.data()), data.size()}; }
inline std::string dump(std::string_view hex) { return text_of(from_hex(hex)); }

using annotation_list = std::vector<std::pair<std::string, std::string>>;

inline const std::string correlation = dump("00112233445566778899aabbccddeeff");
inline const annotation_list with_correlation = {{"CORR", correlation}};

/// The bytes of one frame, or why there is none.
inline std::expected<std::string, decode_error> try_frame(const frame_options& options, std::string_view payload,
                                                          const annotation_list& annotations = {}, const frame_finish& how = {}) {
  std::vector<annotation> views;
  for (const auto& [key, value] : annotations) views.push_back({key, as_bytes(value)});
  output out;
  frame_writer writer(out, options, views);
  out.append(payload);
  if (auto done = writer.finish(how); !done) return std::unexpected(done.error());
  return flat(out);
}
inline std::string frame_bytes(const frame_options& options, std::string_view payload, const annotation_list& annotations = {},
                               const frame_finish& how = {}) {
  return try_frame(options, payload, annotations, how).value();
}

/// A frame that outlives its reader.
struct seen_frame {
  message type{};
  std::uint16_t flags = 0, sequence = 0, serializer = 0;
  annotation_list annotations{};
  std::string payload{};
  bool operator==(const seen_frame&) const = default;
};

inline seen_frame seen(const frame& f) {
  seen_frame copy{f.type, f.flags, f.sequence, f.serializer, {}, text_of(f.payload)};
  for (const annotation a : f.annotations) copy.annotations.emplace_back(a.key, text_of(a.value));
  return copy;
}

inline std::ostream& operator<<(std::ostream& to, const seen_frame& f) {
  to << "type " << static_cast<int>(f.type) << " flags " << f.flags << " sequence " << f.sequence << " serializer " << f.serializer;
  for (const auto& [key, value] : f.annotations) to << " " << key << " " << to_hex(value);
  return to << " payload of " << f.payload.size() << ": " << f.payload.substr(0, 60);
}

/// "ProtocolError: header checksum mismatch"
inline std::string words(const decode_error& error) {
  return std::string(error.type.substr(error.type.rfind('.') + 1)) + ": " + error.text;
}

/// All frames that come out of the bytes given; an error is appended to `fault`.
inline std::vector<seen_frame> drain(frame_reader& reader, std::string* fault = nullptr) {
  std::vector<seen_frame> all;
  for (;;) {
    const auto next = reader.next();
    if (!next && fault) *fault += words(next.error());
    if (!next || !*next) return all;
    all.push_back(seen(**next));
  }
}

/// The one frame that `bytes` are.
inline std::expected<seen_frame, decode_error> read_frame(std::string_view bytes, const frame_limits& limits = {}, const std::string& key = {}) {
  frame_reader reader(limits);
  reader.set_hmac_key(key);
  reader.feed(as_bytes(bytes));
  const auto next = reader.next();
  if (!next) return std::unexpected(next.error());
  if (!*next) return std::unexpected(decode_error{"", "not a whole frame"});
  return seen(**next);
}

/// The error reading `bytes` gives, "" if there is none.
inline std::string refusal(std::string_view bytes, const frame_limits& limits = {}, const std::string& key = {}) {
  const auto read = read_frame(bytes, limits, key);
  return read ? "" : words(read.error());
}

}  // namespace engine::test
