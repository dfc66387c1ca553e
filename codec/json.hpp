// JSON as Python's json module and Pyro's JsonSerializer speak it (WIRE §20): ints of any size, NaN and Infinity, escapes of lone
// surrogates, the last of equal keys wins. One pass over the text, no index and no tree: a place and the open brackets are all the
// state there is, so a message costs no memory beyond its own, and peek, mark and rewind are free.
#pragma once

#include <memory>

#include <codec/reader.hpp>
#include <codec/writer.hpp>

namespace engine {

std::unique_ptr<reader> make_json_reader();
std::unique_ptr<writer> make_json_writer();

}  // namespace engine
