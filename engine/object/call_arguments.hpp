// The arguments of a call as values, whatever the method takes: for logs, tracebacks and hooks. The request is read once more.
#pragma once

#include <string>

#include <codec/frame.hpp>
#include <codec/value.hpp>

namespace engine {

struct call_arguments {
  value::list positional{};
  value::dict keywords{};
};

/// What the call in `request` was given, as far as it can be read: nothing of a batch and of a blob, which hold no arguments of one call.
call_arguments arguments_in(const frame& request);

/// "(1, 'x', b=2)", at most about `most` characters long.
std::string shown(const call_arguments&, std::size_t most = 1024);

}  // namespace engine
