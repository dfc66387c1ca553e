// Failures, in four families by what the caller can do about them; each concrete class keeps Pyro's wire name, so a Python peer
// sees the exception it expects, and a failure that came over the wire is thrown here as the class it names.
//
//   raised        the method itself threw, over there          type(), what(), arguments(), traceback()
//   unreachable   connection_closed, timed_out, communication_error: try again, or elsewhere
//   unwelcome     daemon_error, naming_error, security_error: fix the asking
//   malformed     protocol_error, message_too_large, serialize_error: fix the code
//
// All derive from engine::error. Exceptions are immutable; copying one is cheap and never throws.
#pragma once

#include <exception>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <codec/codec_of.hpp>
#include <codec/decode_error.hpp>
#include <codec/value.hpp>

namespace engine {

namespace wire_class {
inline constexpr std::string_view pyro_error = "Pyro4.errors.PyroError";
inline constexpr std::string_view communication_error = "Pyro4.errors.CommunicationError";
inline constexpr std::string_view connection_closed = "Pyro4.errors.ConnectionClosedError";
inline constexpr std::string_view timeout_error = "Pyro4.errors.TimeoutError";
inline constexpr std::string_view naming_error = "Pyro4.errors.NamingError";
inline constexpr std::string_view daemon_error = "Pyro4.errors.DaemonError";
}  // namespace wire_class

/// An exception as it travels (WIRE §5.2). Also a value: a method may return one, as Python methods may.
struct wire_exception {
  std::string type{};                    ///< "builtins.ValueError", "Pyro4.errors.NamingError", "module.Class"
  value::list args{};
  value::dict attributes{};              ///< the exception's own, without the traceback
  std::vector<std::string> traceback{};  ///< lines, each ending with a newline; empty: none
  bool received = false;                 ///< from another program, whose word the type is

  /// As Python's str(): nothing, the one argument, or the tuple of them.
  std::string text() const;
  /// Whether it is of the class `wire_class` or, among Pyro's own, of one derived from it.
  bool is_a(std::string_view wire_class) const;
  /// Makes the traceback whole, as Python's are: a heading, the method it was thrown in, the frames known, the exception itself.
  void thrown_in(std::string_view method);

  static wire_exception from(const decode_error&);
  /// Any C++ exception as the Python one it corresponds to: classes with ENGINE_EXPOSE_ERROR and engine's have their names, std::out_of_range is IndexError,
  /// std::invalid_argument and std::domain_error ValueError, std::overflow_error OverflowError, std::bad_alloc MemoryError,
  /// std::system_error OSError(errno, text), everything else RuntimeError.
  static wire_exception describe(std::exception_ptr);
  /// What is sent instead of an exception whose arguments cannot be written.
  static wire_exception unserializable(const wire_exception& original, std::string_view why);
};

template <> struct codec_of<wire_exception> {
  static bool decode(reader&, wire_exception&);
  static void encode(writer&, const wire_exception&);
  static constexpr fit fits(kind k) { return k == kind::dict ? fit::convertible : fit::no; }
};

/// The base of everything the engine throws, Pyro's PyroError.
class error : public std::runtime_error {
 public:
  explicit error(const std::string& text) : error(wire_exception::from({wire_class::pyro_error, text})) {}
  explicit error(wire_exception described);

  /// The wire name: "builtins.ValueError", "Pyro4.errors.NamingError". Lives as long as this exception or a copy of it.
  const std::string& type() const { return described_->type; }
  /// Whether type() is `name`, with or without its module: e.is("ValueError").
  bool is(std::string_view name) const;
  const value::list& arguments() const { return described_->args; }
  const value::dict& attributes() const { return described_->attributes; }
  /// The other side's traceback, empty for failures of this side.
  std::string traceback() const;
  const wire_exception& described() const { return *described_; }

 private:
  std::shared_ptr<const wire_exception> described_;
};

/// A remote method threw. Methods throw it too, to name the exception their caller gets.
class raised : public error {
 public:
  using error::error;
  /// `type`: a builtin exception of Python by its bare name ("ValueError"), or a name with its module.
  raised(std::string_view type, value::list args, std::source_location where = std::source_location::current());
};

class unreachable : public error { public: using error::error; };
class unwelcome : public error { public: using error::error; };
class malformed : public error { public: using error::error; };

/// Declares one concrete class of a family under its wire name.
#define ENGINE_ERROR_CLASS_(name, family, wire)                                  \
  class name : public family {                                                   \
   public:                                                                       \
    using family::family;                                                        \
    explicit name(const std::string& text) : family(wire_exception::from({wire_class::wire, text})) {}   \
  };
ENGINE_ERROR_CLASS_(communication_error, unreachable, communication_error)
ENGINE_ERROR_CLASS_(connection_closed, unreachable, connection_closed)
ENGINE_ERROR_CLASS_(timed_out, unreachable, timeout_error)
ENGINE_ERROR_CLASS_(daemon_error, unwelcome, daemon_error)
ENGINE_ERROR_CLASS_(naming_error, unwelcome, naming_error)
ENGINE_ERROR_CLASS_(security_error, unwelcome, security_error)
ENGINE_ERROR_CLASS_(protocol_error, malformed, protocol_error)
ENGINE_ERROR_CLASS_(message_too_large, malformed, message_too_large)
ENGINE_ERROR_CLASS_(serialize_error, malformed, serialize_error)
#undef ENGINE_ERROR_CLASS_

/// A blocking call was made on a core's own thread, where it would wait for itself.
class would_block : public error {
 public:
  using error::error;
};

/// Why an attempt() failed: an exception kept instead of thrown.
class failure {
 public:
  explicit failure(std::exception_ptr cause) : cause_(std::move(cause)) {}
  template <class Error> bool is() const {
    try {
      raise();
    } catch (const Error&) {
      return true;
    } catch (...) {
      return false;
    }
  }
  std::string type() const;  ///< the wire name
  std::string text() const;
  [[noreturn]] void raise() const { std::rethrow_exception(cause_); }

 private:
  std::exception_ptr cause_;
};

/// The class `described` names: connection_closed for ConnectionClosedError …, classes with ENGINE_EXPOSE_ERROR, raised for all others.
std::exception_ptr exception_of(wire_exception described);
[[noreturn]] void rethrow(wire_exception described);

/// The remote traceback framed as Pyro prints it, after a line naming the exception (getPyroTraceback).
std::string get_traceback_text(const error&);
/// The same of any exception: for others than errors a line with their Python class and text.
std::string get_traceback_text(const std::exception_ptr&);
/// From now on an exception that nobody catches is printed so, on stderr, before the program ends as it would (Pyro's excepthook).
void print_uncaught_exceptions();

}  // namespace engine
