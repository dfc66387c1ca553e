// Serpent, Pyro's default serializer: values as Python literals in UTF-8 (WIRE §18). The reader takes everything that
// ast.literal_eval takes, the writer makes the bytes that serpent 1.41 makes.
//
// Deviations of the reader, each a clear error: `...` (no such value here), \N{NAME} escapes (no name table), names outside
// ASCII, `(set)()`, and a document with several faults of the parser's may name another one than Python does.
// The writer refuses what Python writes although nobody can read it: bytes, nan and sets inside of keys, and complex numbers
// with a nan. A negative zero as imaginary part is written with a minus, which reads back.
#pragma once

#include <cstdint>
#include <memory>

#include <codec/serializer.hpp>

namespace engine {

std::unique_ptr<reader> make_serpent_reader();
std::unique_ptr<writer> make_serpent_writer();

std::unique_ptr<writer> make_serpent_writer(serpent_bytes form);

}  // namespace engine
