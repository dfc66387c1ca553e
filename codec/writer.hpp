// The push side of every serializer: values in, bytes appended to an `output`. Mirror of codec/reader.hpp.
// Errors are sticky as there: after the first failure nothing more is written, and the caller truncates the output.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <codec/decode_error.hpp>
#include <codec/integer.hpp>
#include <codec/moment.hpp>
#include <codec/output.hpp>
#include <codec/reader.hpp>

namespace engine {

/// Bytes from this size on are sent from where they lie when their owner allows it.
inline constexpr std::size_t borrow_threshold = 64 * 1024;

class msgpack_writer;

class writer {
 public:
  writer() = default;
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;
  virtual ~writer() = default;

  virtual std::string_view format() const = 0;  ///< its serializer's name; "pickle" for dill and cloudpickle too

  /// Begins a payload at the end of `out` (serpent writes its header line here). `out` must outlive the writing.
  virtual void start(output& out) = 0;

  virtual void none() = 0;
  virtual void boolean(bool) = 0;
  virtual void signed_integer(std::int64_t) = 0;
  virtual void unsigned_integer(std::uint64_t) = 0;
  virtual void big_integer(const integer&) = 0;
  virtual void real(double) = 0;
  virtual void complex(std::complex<double>) = 0;
  virtual void string(std::string_view utf8) = 0;
  /// `borrow`: the bytes stay alive until the output has been sent, so a format that keeps them as they are may refer to
  /// them (output::borrow) instead of copying.
  virtual void bytes(std::span<const std::byte>, bool borrow = false) = 0;
  /// The same for bytes that `owner` keeps alive: a format that keeps them as they are lets the output hold the owner.
  virtual void owned_bytes(std::span<const std::byte> data, const std::shared_ptr<const void>& owner) {
    static_cast<void>(owner);
    bytes(data);
  }
  virtual void at(const datetime&) = 0;
  virtual void at(const date&) = 0;
  virtual void at(const time_of_day&) = 0;
  virtual void duration(double seconds) = 0;  ///< a timedelta

  /// Opens kind::list, tuple, set, frozenset or dict with exactly `count` elements (for a dict: pairs). Then `count`
  /// values (or key, value, key, value …), then end().
  virtual void begin(kind container, std::size_t count) = 0;
  virtual void end() = 0;

  /// The next value is a dict that describes an exception of this program: its class is the program's word, and no text that came from
  /// elsewhere. That matters to pickle, whose readers call what they are told to: other dicts become exceptions there only if their
  /// class is called as exceptions are.
  virtual void own_exception() {}

  /// A list that tells its size only at its end, because nobody knows it before: the results of a batch. Not inside of another.
  /// As here for formats that need no size at all.
  virtual void begin_growing() { begin(kind::list, 2); }
  virtual void end_growing(std::size_t count) {
    static_cast<void>(count);
    end();
  }

  // Whole lists of what is often sent in long ones, and the key of a struct's member (which is text for certain): formats that can
  // do better than one word per element say so.
  virtual void integers(std::span<const std::int64_t>);
  virtual void reals(std::span<const double>);
  virtual void strings(std::span<const std::string>);
  virtual void member(std::string_view name) { string(name); }

  // The call envelope, mirror of reader. Arguments: exactly `arguments` values after begin_call. Then begin_keywords(n) and
  // n pairs, or no_keywords() for the calls whose kwargs are None (WIRE §4.1). Then end_call().
  virtual void begin_call(std::string_view object, std::string_view method, std::size_t arguments) = 0;
  virtual void begin_keywords(std::size_t count) = 0;
  virtual void no_keywords() = 0;
  virtual void end_call() = 0;

  // Values encoded before their message is begun: the entries of a batch. start_part() begins one at the end of `out`, behind those
  // already there. parts() puts all of them where as many values are to follow.
  virtual void start_part(output& out) = 0;
  virtual void parts(std::string_view encoded, std::size_t count) = 0;

  /// This writer, if it is msgpack's: see encode() in codec/codec_of.hpp.
  msgpack_writer* as_msgpack() const { return msgpack_; }

  bool ok() const { return !failed_; }
  const decode_error& error() const { return error_; }
  bool fail(std::string_view type, std::string text);

 protected:
  explicit writer(msgpack_writer* self) : msgpack_(self) {}
  void clear_error() { failed_ = false; }

 private:
  msgpack_writer* msgpack_ = nullptr;
  bool failed_ = false;
  decode_error error_{};
};

}  // namespace engine
