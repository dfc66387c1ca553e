// Base64 (RFC 4648 §4) between bytes and text: the standard alphabet, padded. Reading follows Python's b64decode(), which
// skips what is not of the alphabet.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace engine {

/// Characters base64_encode() writes for `size` bytes.
constexpr std::size_t base64_encoded_size(std::size_t size) { return (size + 2) / 3 * 4; }

/// Writes the text of `data` at `to`, which has room for base64_encoded_size(data.size()) characters; returns its end.
char* base64_encode(std::span<const std::byte> data, char* to);

/// Most bytes base64_decode() writes for `size` characters.
constexpr std::size_t base64_decoded_room(std::size_t size) { return size / 4 * 3 + 3; }

/// Decodes `text` to `to`, which has room for base64_decoded_room(text.size()) bytes, and returns how many bytes there are.
/// Characters outside the alphabet are skipped and text after complete padding is ignored. The error is Python's text for it:
/// "Incorrect padding", or the number of characters cannot be one more than a multiple of 4.
std::expected<std::size_t, std::string> base64_decode(std::string_view text, std::byte* to);

}  // namespace engine
