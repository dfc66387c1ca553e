// The HMAC annotation of protocol 48 (WIRE §2.6): HMAC-SHA1 over the payload as sent, then the values of all other
// annotations by ascending key. SHA-1 itself is here because it is 60 lines and a TLS library is not needed otherwise.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <codec/frame.hpp>

namespace engine {

using sha1_digest = std::array<std::byte, 20>;

/// Streaming HMAC-SHA1 (RFC 2104, RFC 3174).
class hmac_sha1 {
 public:
  explicit hmac_sha1(std::string_view key);
  void update(std::span<const std::byte>);
  /// The values by ascending key, an HMAC one left out. Of equal keys the last counts: Python's reader keeps them in a dict.
  void update_annotations(std::span<const annotation> annotations);
  sha1_digest finish();

 private:
  struct sha1 {
    std::array<std::uint32_t, 5> state{0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};
    std::array<std::byte, 64> block{};
    std::uint64_t length = 0;
    void update(std::span<const std::byte>);
    sha1_digest finish();
    void compress(const std::byte* block);
  };
  sha1 inner_{};
  std::array<std::byte, 64> outer_key_{};
};

/// The digest of a message: payload as on the wire, annotations in any order (an HMAC one among them is left out).
sha1_digest message_digest(std::string_view key, std::span<const std::byte> payload, std::span<const annotation> annotations);

/// Compares in constant time.
bool same_digest(std::span<const std::byte> a, std::span<const std::byte> b);

}  // namespace engine
