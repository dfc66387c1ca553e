// See frame_writer.hpp.
#include <codec/frame_writer.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <codec/compress.hpp>
#include <codec/digest.hpp>
#include <codec/endian.hpp>

namespace engine {

namespace {
constexpr std::size_t payload_max = 0x7fffffff, digest_size = 20, annotation_prefix = 6;
}

void frame_writer::append_annotations(std::span<const annotation> annotations) {
  for (const annotation& a : annotations) append_annotation(a.key, a.value);
  // Its place is kept now and its value filled in at the end, when the payload is known.
  if (options_.hmac) append_annotation("HMAC", std::array<std::byte, digest_size>{});
}

void frame_writer::append_annotation(std::string_view key, std::span<const std::byte> value) {
  if (key.size() != 4) {
    fault_ = "annotation key must be of length 4";
    return;
  }
  if (std::ranges::any_of(key, [](char c) { return static_cast<unsigned char>(c) > 127; })) {
    fault_ = "annotation key must be ASCII";
    return;
  }
  annotations_length_ += annotation_prefix + value.size();
  if (annotations_length_ > protocol_48::annotations_max) {
    fault_ = "annotations are longer than 65535 bytes in total";
    return;
  }
  char* to = out_.room(annotation_prefix + value.size());
  std::copy_n(key.data(), 4, to);
  store_big(to + 4, static_cast<std::uint16_t>(value.size()));
  std::copy_n(reinterpret_cast<const char*>(value.data()), value.size(), to + annotation_prefix);
  out_.advance(annotation_prefix + value.size());
}

std::unexpected<decode_error> frame_writer::refuse(std::string_view type, std::string text) {
  cancel();
  return std::unexpected(decode_error{type, std::move(text)});
}

void frame_writer::deflate() {
  std::vector<std::byte> plain;
  plain.reserve(out_.size_since(payload_));
  out_.each_since(payload_, [&](std::span<const std::byte> run) { plain.insert(plain.end(), run.begin(), run.end()); });
  const std::vector<std::byte> packed = compress(plain);
  if (packed.size() >= plain.size()) return;
  out_.truncate(payload_);
  out_.append(packed.data(), packed.size());
  options_.flags |= flag::compressed;
}

void frame_writer::sign(std::string_view key) {
  char* const area = out_.at(start_.own + protocol_48::header_size);
  const annotation_view all({reinterpret_cast<const std::byte*>(area), annotations_length_}, options_.protocol);
  std::vector<annotation> annotations;
  for (const annotation a : all) annotations.push_back(a);
  hmac_sha1 mac(key);
  out_.each_since(payload_, [&](std::span<const std::byte> run) { mac.update(run); });
  mac.update_annotations(annotations);
  const sha1_digest digest = mac.finish();
  std::copy_n(reinterpret_cast<const char*>(digest.data()), digest.size(), area + annotations_length_ - digest_size);
}

std::expected<void, decode_error> frame_writer::finish_any(const frame_finish& how) {
  if (fault_) return refuse(wire_class::protocol_error, fault_);
  std::size_t length = out_.size_since(payload_);
  if (how.compress && length >= compress_least) {
    deflate();
    length = out_.size_since(payload_);
  }
  if (const std::size_t total = length + annotations_length_; how.message_size > 0 && total > how.message_size) {
    return refuse(wire_class::message_too_large,
                  "max message size exceeded (" + std::to_string(total) + " where max=" + std::to_string(how.message_size) + ")");
  }
  if (length > payload_max) return refuse(wire_class::protocol_error, "a message cannot be longer than 2147483647 bytes");
  if (options_.hmac) sign(how.hmac_key);
  write_header(length);
  return {};
}

}  // namespace engine
