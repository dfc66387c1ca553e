// The classes a pickle may name, and what an object of each becomes here: plain data, or the class dictionary that the other
// serializers would have sent. The list is fixed. What is not on it is refused, but for exceptions, whose name is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace engine::detail::pickle {

enum class class_id : std::uint8_t {
  inert,  ///< may be named (as a default factory, as a base), but not made
  dill_type, dill_repr,  ///< dill's functions that give a class or a range (pickle_dill.cpp)
  complex, set, frozenset, bytearray, bytes, list, dict, tuple, range, encode, reconstructor, newobj,
  ordered_dict, deque, default_dict, counter, date, time, datetime, timedelta, timezone, decimal, uuid, fraction, array, array_reconstructor,
  uri, proxy, daemon, serializer, exception_wrapper, exception,
  maybe_exception  ///< unknown; an exception if a remote traceback is built into it
};

struct known_class {
  class_id id;
  std::string_view name;  ///< with its module, as it is called today; empty for exceptions, whose name is whatever was asked for
};

/// By module and name, Python 2's included.
std::optional<known_class> find_class(std::string_view module, std::string_view name);

/// Whether it is the module of a pickler, whose functions are no classes.
bool is_picklers(std::string_view module);
/// Python 2's module names in today's words.
std::string_view current_module(std::string_view module);
/// The same for names of builtin exceptions.
std::string_view current_exception(std::string_view module, std::string_view name);

}  // namespace engine::detail::pickle
