// Python's pickle as Pyro speaks it (WIRE §22), and cloudpickle and dill, whose plain data is the same. A pickle is a program;
// ours runs it on a machine that knows data and a fixed list of classes and can call nothing.
// Reads protocols 0 to 5. Writes the opcodes of protocol 2, and protocol 3's for bytes (docs/decisions/0006).
#pragma once

#include <memory>
#include <string_view>

#include <codec/decode_error.hpp>
#include <codec/reader.hpp>
#include <codec/writer.hpp>

namespace engine {

namespace wire_class {
inline constexpr std::string_view unpickling_error = "pickle.UnpicklingError";
inline constexpr std::string_view attribute_error = "builtins.AttributeError";
}  // namespace wire_class

/// Whether the class goes by a name that exceptions have by custom, with its module or without. Dicts that describe others are written as
/// dicts, unless this program says that they are its own exceptions (writer::own_exception()).
bool is_called_as_exceptions(std::string_view wire_class);

std::unique_ptr<reader> make_pickle_reader();
std::unique_ptr<writer> make_pickle_writer();

namespace detail::pickle {

/// What each byte of a pickle means, in Python's names (pickletools.opcodes).
namespace op {
enum opcode : unsigned char {
  mark = '(', stop = '.', pop = '0', pop_mark = '1', dup = '2',
  float_text = 'F', int_text = 'I', binint = 'J', binint1 = 'K', long_text = 'L', binint2 = 'M', none = 'N',
  persid = 'P', binpersid = 'Q', reduce = 'R', string = 'S', binstring = 'T', short_binstring = 'U', unicode = 'V', binunicode = 'X',
  append = 'a', build = 'b', global = 'c', dict = 'd', empty_dict = '}', appends = 'e', get = 'g', binget = 'h', inst = 'i',
  long_binget = 'j', list = 'l', empty_list = ']', obj = 'o', put = 'p', binput = 'q', long_binput = 'r', setitem = 's',
  tuple = 't', empty_tuple = ')', setitems = 'u', binfloat = 'G', binbytes = 'B', short_binbytes = 'C',
  proto = 0x80, newobj, ext1, ext2, ext4, tuple1, tuple2, tuple3, newtrue, newfalse, long1, long4,
  short_binunicode = 0x8c, binunicode8, binbytes8, empty_set, additems, frozenset, newobj_ex, stack_global, memoize, frame,
  bytearray8, next_buffer, readonly_buffer
};
}  // namespace op

}  // namespace detail::pickle
}  // namespace engine
