// What entries of the ring carry as user_data. Mostly it is the address of an operation, whose owner keeps it alive until the final completion, which
// is also why nothing frees an operation early. An address leaves the lowest bits free to tell our own entries and the polls of descriptors.
#pragma once

#include <cstddef>
#include <cstdint>

#include <engine/io/operation.hpp>

namespace engine {

inline constexpr std::uint64_t nobody = 0, wake_read = 1;
inline constexpr std::uint64_t poll_mark = 2, mark_bits = 7;

inline std::uint64_t tag(operation& op) { return reinterpret_cast<std::uintptr_t>(&op); }
/// `generation`: of the descriptor's number, which may be another's when the poll speaks.
inline std::uint64_t poll_tag(descriptor d, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | static_cast<std::uint64_t>(d) << 3 | poll_mark;
}
inline descriptor polled_by(std::uint64_t tag) { return static_cast<descriptor>((tag & 0xffffffff) >> 3); }
inline std::uint32_t generation_of(std::uint64_t tag) { return static_cast<std::uint32_t>(tag >> 32); }

/// So many sends or fresh receives of a pass are tried by plain calls; more are cheaper in one submission.
inline constexpr std::size_t tried_at_once = 8;

}  // namespace engine
