// See frame_reader.hpp.
#include <codec/frame_reader.hpp>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

#include <codec/compress.hpp>
#include <codec/digest.hpp>
#include <codec/endian.hpp>

namespace engine {

namespace {

constexpr std::size_t header_size = protocol_48::header_size;
constexpr std::size_t kept_capacity = 16 * 1024;

// `bytes = {}` would only clear: an empty list is assigned, and the capacity stays.
void give_back(std::vector<std::byte>& bytes) { std::vector<std::byte>().swap(bytes); }

std::unexpected<decode_error> refuse(std::string_view type, std::string text, std::size_t offset = 0) {
  return std::unexpected(decode_error{type, std::move(text), offset});
}

}  // namespace

void frame_reader::feed(std::span<const std::byte> bytes) {
  assert(rest_.empty());
  rest_ = bytes;
}

// The last frame's memory may go as soon as the next one is asked for.
void frame_reader::drop_last() {
  if (!delivered_) return;
  delivered_ = false;
  joined_.clear();
  if (joined_.capacity() > kept_capacity) give_back(joined_);
  large_ = {};
  large_filled_ = 0;
  if (inflated_.capacity() > kept_capacity) give_back(inflated_);
}

std::expected<std::optional<frame>, decode_error> frame_reader::next() {
  drop_last();
  if (!joined_.empty() || large_) return next_joined();
  if (rest_.size() < header_size) return keep_rest();
  const auto h = check_header(rest_);
  if (!h) return std::unexpected(h.error());
  const std::size_t size = size_of(*h);
  if (rest_.size() < size) return keep_rest();
  const auto whole = rest_.first(size);
  rest_ = rest_.subspan(size);
  return make(*h, whole);
}

// The bytes given end inside a frame: its beginning is kept, so that their buffer can be returned.
std::expected<std::optional<frame>, decode_error> frame_reader::keep_rest() {
  if (rest_.empty()) {
    if (joined_.capacity() > 0) give_back(joined_);
    if (inflated_.capacity() > 0) give_back(inflated_);
    return std::nullopt;
  }
  if (rest_.size() < header_size) {
    append_from_rest(header_size);
    return std::nullopt;
  }
  return next_joined();
}

void frame_reader::append_from_rest(std::size_t wanted) {
  const std::size_t n = std::min(rest_.size(), wanted - joined_.size());
  joined_.insert(joined_.end(), rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(n));
  rest_ = rest_.subspan(n);
}

std::expected<std::optional<frame>, decode_error> frame_reader::next_joined() {
  if (!large_) {
    if (joined_.size() < header_size) append_from_rest(header_size);
    if (joined_.size() < header_size) return std::nullopt;
    const auto h = check_header(joined_);
    if (!h) return std::unexpected(h.error());
    const std::size_t size = size_of(*h);
    if (size - joined_.size() < limits_.direct_threshold + rest_.size()) {
      append_from_rest(size);
      if (joined_.size() < size) return std::nullopt;
      delivered_ = true;
      return make(*h, joined_);
    }
    try {
      large_ = body::allocate(size);
    } catch (const std::bad_alloc&) {
      return refuse(wire_class::memory_error, "no memory for a message of " + std::to_string(size) + " bytes");
    }
    std::ranges::copy(joined_, large_.bytes().begin());
    large_filled_ = joined_.size();
    give_back(joined_);
  }
  const std::size_t n = std::min(rest_.size(), large_.bytes().size() - large_filled_);
  std::memcpy(large_.bytes().data() + large_filled_, rest_.data(), n);
  large_filled_ += n;
  rest_ = rest_.subspan(n);
  if (large_filled_ < large_.bytes().size()) return std::nullopt;
  delivered_ = true;
  const auto h = check_header(large_.bytes());
  if (!h) return std::unexpected(h.error());
  return make(*h, large_.bytes());
}

std::span<std::byte> frame_reader::room() {
  if (!large_ || delivered_) return {};
  return large_.bytes().subspan(large_filled_);
}

void frame_reader::filled(std::size_t n) {
  assert(n <= room().size());
  large_filled_ += n;
}

std::vector<std::byte> frame_reader::take_rest() {
  drop_last();
  std::vector<std::byte> all = std::move(joined_);
  if (large_) {
    const auto begun = large_.bytes().first(large_filled_);
    all.assign(begun.begin(), begun.end());
  }
  all.insert(all.end(), rest_.begin(), rest_.end());
  rest_ = {};
  give_back(joined_);
  give_back(inflated_);
  large_ = {};
  large_filled_ = 0;
  return all;
}

// ---- checks, in Pyro's order

std::expected<frame_reader::header, decode_error> frame_reader::check_header(std::span<const std::byte> bytes) {
  auto h = protocol_48::read(bytes.first<header_size>());
  if (!h) return h;
  const std::size_t size = h->annotations_length + std::size_t{h->data_length};
  if (limits_.message_size == 0 || size <= limits_.message_size) return h;
  refused_ = frame{.type = h->type, .flags = h->flags, .sequence = h->sequence, .serializer = h->serializer};
  return refuse(wire_class::message_too_large,
                "max message size exceeded (" + std::to_string(size) + " where max=" + std::to_string(limits_.message_size) + ")");
}

std::expected<std::optional<frame>, decode_error> frame_reader::make(const header& h, std::span<const std::byte> whole) {
  const auto annotations = whole.subspan(header_size, h.annotations_length);
  frame f{.type = h.type, .flags = h.flags, .sequence = h.sequence, .serializer = h.serializer,
          .payload = whole.subspan(header_size + h.annotations_length)};
  if (h.annotations_length > 0) {
    if (auto checked = check_annotations(annotations); !checked) {
      refused_ = f;
      return std::unexpected(std::move(checked.error()));
    }
    f.annotations = annotation_view(annotations, protocol::v48);
  }
  if (h.annotations_length > 0 || !hmac_key_.empty()) {
    if (auto checked = check_digest(f); !checked) {
      refused_ = f;
      return std::unexpected(std::move(checked.error()));
    }
  }
  if (f.has(flag::compressed)) {
    if (auto inflated = inflate(f); !inflated) {
      refused_ = f;
      return std::unexpected(std::move(inflated.error()));
    }
  }
  return f;
}

std::expected<void, decode_error> frame_reader::check_annotations(std::span<const std::byte> area) const {
  std::size_t at = 0;
  while (at < area.size()) {
    const auto rest = area.subspan(at);
    const bool ascii = rest.size() >= 6 && std::ranges::all_of(rest.first(4), [](std::byte b) { return std::to_integer<int>(b) < 128; });
    const std::size_t size = rest.size() >= 6 ? 6 + std::size_t{load_big<std::uint16_t>(rest.data() + 4)} : 6;
    if (!ascii || size > rest.size()) return refuse(wire_class::protocol_error, "malformed annotations", header_size + at);
    at += size;
  }
  return {};
}

std::expected<void, decode_error> frame_reader::check_digest(const frame& f) const {
  const auto digest = f.annotations.find("HMAC");
  if (digest.has_value() != !hmac_key_.empty()) return refuse(wire_class::security_error, "hmac key config not symmetric");
  if (!digest) return {};
  std::vector<annotation> annotations;
  for (const annotation a : f.annotations) annotations.push_back(a);
  if (same_digest(*digest, message_digest(hmac_key_, f.payload, annotations))) return {};
  return refuse(wire_class::security_error, "message hmac mismatch");
}

std::expected<void, decode_error> frame_reader::inflate(frame& f) {
  const std::size_t limit = limits_.message_size > 0 ? limits_.message_size : limits_.inflated_size;
  delivered_ = true;
  auto done = decompress(f.payload, limit, inflated_);
  if (done) f.payload = inflated_;
  return done;
}

}  // namespace engine
