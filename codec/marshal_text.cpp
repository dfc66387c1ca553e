// Text and bytes in marshal: views of the payload, except that the ASCII forms may hold Latin-1, which becomes UTF-8 in the arena.
#include <codec/marshal_reader.hpp>
#include <codec/utf8.hpp>

namespace engine {

using namespace detail::marshal_format;

bool marshal_reader::length(std::size_t& out, const char* what) {
  if (left() < 5) return truncated();
  out = load<std::uint32_t>(at_ + 1);
  return out <= size_most ? true : fail(wire_class::value_error, "bad marshal data (" + std::string(what) + " size out of range)");
}

bool marshal_reader::read_any_string(std::string_view& out) {
  if (!ready()) return refuse("str");
  std::size_t head = 5, size = 0;
  bool utf8 = false;
  switch (code()) {
    case 'z':
    case 'Z':
      if (left() < 2) return missing();
      head = 2;
      size = at_[1];
      break;
    case 'u':
    case 't': utf8 = true; [[fallthrough]];
    case 'a':
    case 'A':
      if (!length(size, "string")) return false;
      break;
    default: return refuse("str");
  }
  if (left() - head < size) return truncated();
  out = {reinterpret_cast<const char*>(at_ + head), size};
  if (!is_ascii(out) && !(utf8 ? check_utf8(out) : latin_1(out))) return false;
  return took(head + size);
}

/// Python takes the bytes of its ASCII forms for characters below 256, whatever they are.
bool marshal_reader::latin_1(std::string_view& text) {
  char* const room = arena_.room(2 * text.size());
  char* to = room;
  for (const char c : text) to = put_utf8(static_cast<unsigned char>(c), to);
  text = {room, static_cast<std::size_t>(to - room)};
  arena_.keep(text.size());
  return true;
}

bool marshal_reader::check_utf8(std::string_view text) {
  const auto fault = find_utf8_fault(text, true);
  if (!fault) return true;
  // Half a surrogate is no surrogate: then Python says what its strict decoder says.
  utf8_fault strict = *find_utf8_fault(text.substr(fault->offset));
  strict.offset = fault->offset;
  return fail(wire_class::unicode_decode_error, utf8_fault_text(text, strict));
}

bool marshal_reader::read_bytes(std::span<const std::byte>& out) {
  if (!ready() || code() != 's') return refuse("bytes");
  std::size_t size = 0;
  if (!length(size, "bytes object")) return false;
  if (left() - 5 < size) return truncated();
  out = {reinterpret_cast<const std::byte*>(at_ + 5), size};
  return took(5 + size);
}

}  // namespace engine
