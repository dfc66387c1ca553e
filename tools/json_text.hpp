// Prints a value as JSON for people and scripts: what JSON has no word for becomes the nearest (tuples and sets arrays, bytes
// base64 text, moments ISO text, big ints and NaN as Python's json writes them).
#pragma once

#include <string>

#include <codec/value.hpp>

namespace engine::tools {

/// `indent` spaces per level, 0 = on one line.
std::string to_json(const value& v, unsigned indent = 0);

}  // namespace engine::tools
