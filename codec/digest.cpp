// See digest.hpp. SHA-1 as in RFC 3174, HMAC as in RFC 2104.
#include <codec/digest.hpp>

#include <algorithm>
#include <map>
#include <bit>
#include <cstring>

#include <codec/endian.hpp>

namespace engine {

void hmac_sha1::sha1::compress(const std::byte* from) {
  std::array<std::uint32_t, 80> w;
  for (std::size_t i = 0; i < 16; ++i) w[i] = load_big<std::uint32_t>(from + 4 * i);
  for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < 80; ++i) {
    std::uint32_t f, k;
    if (i < 20) f = (b & c) | (~b & d), k = 0x5a827999u;
    else if (i < 40) f = b ^ c ^ d, k = 0x6ed9eba1u;
    else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdcu;
    else f = b ^ c ^ d, k = 0xca62c1d6u;
    const std::uint32_t next = std::rotl(a, 5) + f + e + k + w[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

void hmac_sha1::sha1::update(std::span<const std::byte> data) {
  const std::size_t held = length % 64;
  length += data.size();
  if (held > 0) {
    const std::size_t n = std::min(data.size(), 64 - held);
    std::copy_n(data.begin(), n, block.begin() + static_cast<std::ptrdiff_t>(held));
    data = data.subspan(n);
    if (held + n < 64) return;
    compress(block.data());
  }
  for (; data.size() >= 64; data = data.subspan(64)) compress(data.data());
  std::ranges::copy(data, block.begin());
}

sha1_digest hmac_sha1::sha1::finish() {
  const std::uint64_t bits = length * 8;
  constexpr std::array<std::byte, 64> padding{std::byte{0x80}};
  const std::size_t held = length % 64;
  update(std::span(padding).first(held < 56 ? 56 - held : 120 - held));
  std::array<std::byte, 8> size;
  store_big(size.data(), bits);
  update(size);
  sha1_digest digest;
  for (std::size_t i = 0; i < state.size(); ++i) store_big(digest.data() + 4 * i, state[i]);
  return digest;
}

hmac_sha1::hmac_sha1(std::string_view key) {
  std::array<std::byte, 64> padded{};
  if (key.size() > padded.size()) {
    sha1 hashed;
    hashed.update(std::as_bytes(std::span(key)));
    std::ranges::copy(hashed.finish(), padded.begin());
  } else {
    std::ranges::copy(std::as_bytes(std::span(key)), padded.begin());
  }
  std::array<std::byte, 64> inner_key;
  std::ranges::transform(padded, inner_key.begin(), [](std::byte b) { return b ^ std::byte{0x36}; });
  std::ranges::transform(padded, outer_key_.begin(), [](std::byte b) { return b ^ std::byte{0x5c}; });
  inner_.update(inner_key);
}

void hmac_sha1::update(std::span<const std::byte> data) { inner_.update(data); }

void hmac_sha1::update_annotations(std::span<const annotation> annotations) {
  std::map<std::string_view, std::span<const std::byte>> last_of_each;
  for (const annotation& a : annotations) last_of_each.insert_or_assign(a.key, a.value);
  last_of_each.erase("HMAC");
  for (const auto& [key, value] : last_of_each) update(value);
}

sha1_digest hmac_sha1::finish() {
  sha1 outer;
  outer.update(outer_key_);
  outer.update(inner_.finish());
  return outer.finish();
}

sha1_digest message_digest(std::string_view key, std::span<const std::byte> payload, std::span<const annotation> annotations) {
  hmac_sha1 mac(key);
  mac.update(payload);
  mac.update_annotations(annotations);
  return mac.finish();
}

bool same_digest(std::span<const std::byte> a, std::span<const std::byte> b) {
  if (a.size() != b.size()) return false;
  std::byte difference{};
  for (std::size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == std::byte{};
}

}  // namespace engine
