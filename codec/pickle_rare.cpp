// The opcodes that hardly anybody sends: the text forms of protocols 0 and 1 (pickle_text.cpp), and those that Pyro's pickler never writes,
// which are refused in Python's words.
#include <codec/pickle_machine.hpp>

namespace engine::detail::pickle {

namespace {

std::string load_key(unsigned char key) {
  if (key >= 0x20 && key < 0x7f && key != '\'' && key != '\\') return std::string(1, static_cast<char>(key));
  constexpr std::string_view hex = "0123456789abcdef";
  return {'\\', 'x', hex[key >> 4], hex[key & 15]};
}

}  // namespace

bool machine::check_ascii(std::string_view raw) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (static_cast<unsigned char>(raw[i]) < 0x80) continue;
    const auto byte = load_key(static_cast<unsigned char>(raw[i])).substr(2);
    return fail(wire_class::unicode_decode_error,
                "'ascii' codec can't decode byte 0x" + byte + " in position " + std::to_string(i) + ": ordinal not in range(128)");
  }
  return true;
}

bool machine::load_extension(std::size_t size) {
  std::string_view raw;
  if (!read_view(size, raw, "EXT")) return false;
  std::uint32_t code = 0;
  for (std::size_t i = size; i-- > 0;) code = code << 8 | static_cast<unsigned char>(raw[i]);
  if (static_cast<std::int32_t>(code) <= 0) return fail(wire_class::unpickling_error, "EXT specifies code <= 0");
  return fail(wire_class::value_error, "unregistered extension code " + std::to_string(code));
}

bool machine::load_buffer() {
  if (!top_is_there()) return false;
  const cell& c = stack_.back();
  if (c.is(what::bytes)) return true;
  return fail(wire_class::type_error, "memoryview: a bytes-like object is required, not '" + std::string(type_name(c)) + "'");
}

/// The text forms of protocols 0 and 1, and what nobody sends to Pyro.
bool machine::execute_rare(unsigned char key) {
  switch (key) {
    case op::int_text: return load_int_text();
    case op::long_text: return load_long_text();
    case op::float_text: return load_float_text();
    case op::string: return load_string_text();
    case op::unicode: return load_unicode_text();
    case op::put: return load_put_text();
    case op::get: return load_get_text();

    case op::persid:
    case op::binpersid:
      return fail(wire_class::unpickling_error, "A load persistent id instruction was encountered,\nbut no persistent_load function was specified.");
    case op::ext1: return load_extension(1);
    case op::ext2: return load_extension(2);
    case op::ext4: return load_extension(4);
    case op::next_buffer:
      return fail(wire_class::unpickling_error, "pickle stream refers to out-of-band data but no *buffers* argument was given");
    case op::readonly_buffer: return load_buffer();
    default: return fail(wire_class::unpickling_error, "invalid load key, '" + load_key(key) + "'.");
  }
}

}  // namespace engine::detail::pickle
