// What is wrong with a request as a whole. Python reads all of a message before it looks at any of it, so whatever a call is refused for,
// this is told first. Runs for refused calls only.
#pragma once

#include <optional>

#include <codec/frame.hpp>
#include <codec/serializer.hpp>

namespace engine::detail {

/// The fault of a request that cannot be read to its end, or is no call of four parts (WIRE §4.1); nullopt if it is one, or a blob, which
/// nobody reads here. `in` is a reader of that format, and is started anew.
std::optional<decode_error> fault_of_message(const frame& request, const serializer& format, reader& in);

}  // namespace engine::detail
