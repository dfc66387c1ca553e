// Version 4 UUIDs (RFC 9562 §5.4): what correlation ids, stream ids and made-up object ids are.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>

namespace engine {

/// 16 random bytes shaped as a version 4 UUID. Not for secrets. Any thread.
std::array<std::byte, 16> random_uuid();

/// Two lower-case hexadecimal digits for each byte.
std::string hex_text(std::span<const std::byte>);
/// The same with hyphens after the bytes 4, 6, 8 and 10: a UUID's usual text.
std::string uuid_text(std::span<const std::byte>);

}  // namespace engine
