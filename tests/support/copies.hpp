// Counts the bytes that memcpy and memmove move in large pieces, in a program that links this with -Wl,--wrap=memcpy -Wl,--wrap=memmove and the
// engine statically. Volatile inside: compilers believe that memcpy changes nothing but its target.
#pragma once

#include <cstddef>
#include <cstdint>

namespace engine::testing_support {

inline constexpr std::size_t small_copy = 4096;  ///< what is not larger is not counted

/// By this thread.
std::uint64_t bytes_copied_here();
/// Whether this build's copies can be seen at all: compilers may copy by themselves.
bool copies_are_seen();

}  // namespace engine::testing_support
