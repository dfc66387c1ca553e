// zlib as Pyro uses it (WIRE §2.7), bounded: a bomb stops at the limit and not at the end of memory.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <vector>

#include <codec/decode_error.hpp>

namespace engine {

/// Deflates at `level` (1..9; Pyro4 uses 6). Never fails.
std::vector<std::byte> compress(std::span<const std::byte> data, int level = 6);

/// Inflates one zlib stream into `out` (its capacity is reused); what follows the stream is ignored, as in Python. Errors:
/// ValueError with zlib's reason; MessageTooLargeError when the result would exceed `limit` bytes (1 or more).
std::expected<void, decode_error> decompress(std::span<const std::byte> data, std::size_t limit, std::vector<std::byte>& out);

}  // namespace engine
