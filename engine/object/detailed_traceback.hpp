// DETAILED_TRACEBACK: what the caller is told of an exception beyond class and text, laid out as Pyro's formatTraceback does. C++ keeps no
// local values; what is known is the method and the arguments it was called with.
#pragma once

#include <string>
#include <vector>

#include <codec/frame.hpp>
#include <engine/object/arguments.hpp>
#include <engine/object/error.hpp>

namespace engine::detail {

/// Lines, each ending with a newline. `called`: nullptr when no method had been reached. The request is read once more; of one that
/// cannot be read, is a batch or holds more than 64 KB, the arguments are left out.
std::vector<std::string> detailed_traceback(const wire_exception&, const call_signature* called, const frame& request);

}  // namespace engine::detail
