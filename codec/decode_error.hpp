// What was wrong with bytes we were given, and where. The class is the one Pyro's own reader raises for the same
// fault, so that a Python caller sees the exception it would have seen from a Python server.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace engine {

/// Wire names of the exceptions codecs raise (WIRE §5.2). Always one of these constants, so they may be compared as text.
namespace wire_class {
inline constexpr std::string_view syntax_error = "builtins.SyntaxError";
inline constexpr std::string_view indentation_error = "builtins.IndentationError";
inline constexpr std::string_view value_error = "builtins.ValueError";
inline constexpr std::string_view index_error = "builtins.IndexError";
inline constexpr std::string_view key_error = "builtins.KeyError";
inline constexpr std::string_view json_decode_error = "json.decoder.JSONDecodeError";
inline constexpr std::string_view type_error = "builtins.TypeError";
inline constexpr std::string_view overflow_error = "builtins.OverflowError";
inline constexpr std::string_view unicode_decode_error = "builtins.UnicodeDecodeError";
inline constexpr std::string_view unicode_encode_error = "builtins.UnicodeEncodeError";
inline constexpr std::string_view memory_error = "builtins.MemoryError";
inline constexpr std::string_view eof_error = "builtins.EOFError";
inline constexpr std::string_view serialize_error = "Pyro4.errors.SerializeError";
inline constexpr std::string_view security_error = "Pyro4.errors.SecurityError";
inline constexpr std::string_view protocol_error = "Pyro4.errors.ProtocolError";
inline constexpr std::string_view message_too_large = "Pyro4.errors.MessageTooLargeError";
}  // namespace wire_class

/// A refusal of a reader or a writer.
struct decode_error {
  std::string_view type;  ///< one of wire_class::…, static storage
  std::string text;       ///< what was wrong, in Pyro's words where Pyro has them
  std::size_t offset = 0; ///< byte offset in the payload at which it was noticed (0 for writers)
};

}  // namespace engine
