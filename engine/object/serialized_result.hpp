// A result that is encoded once and given many times, or passes through a program that does not look into it: what serialized_blob is for
// arguments. For the caller it is an ordinary result in its own serializer.
//
//   engine::serialized_result Catalogue::all() { return everything_; }              // made once: engine::serialized_result(items)
//   engine::serialized_result Front::ask(std::string what) { return worker_["ask"].raw(what); }   // the worker's bytes, untouched
//
// Copies are cheap and share the bytes; they may be used by several threads at once.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <codec/codec_of.hpp>
#include <codec/serializer.hpp>
#include <codec/value.hpp>

namespace engine {

class serialized_result {
 public:
  serialized_result() = default;  ///< None
  /// Anything convert.hpp knows, copied or moved in. It is encoded in each serializer when the first caller with that one comes; what cannot
  /// be encoded is then that call's SerializeError.
  template <class T> requires(!std::is_same_v<std::remove_cvref_t<T>, serialized_result>)
  explicit serialized_result(T&& data) : serialized_result([kept = std::forward<T>(data)](writer& out) { engine::encode(out, kept); }, nullptr) {}

  /// It as a T, or whatever it is as a `value`. Throws bad_value where it does not fit, and what cannot be encoded.
  template <class T = value> T deserialized() const {
    T made{};
    read([](reader& in, void* to) { return engine::decode(in, *static_cast<T*>(to)); }, &made);
    return made;
  }

  // For the engine.
  /// One that came from elsewhere, in that format; the bytes are copied.
  static serialized_result received(const serializer& format, std::span<const std::byte> encoded);
  /// It in that format, as it came or as it is encoded here. Throws serialize_error.
  std::shared_ptr<const std::vector<std::byte>> in(const serializer& format) const;
  void encode_to(writer& out) const;

 private:
  struct kept;
  serialized_result(std::function<void(writer&)> encode, std::nullptr_t);
  void read(bool (*decode)(reader&, void*), void* to) const;
  std::shared_ptr<kept> kept_{};
};

/// Where it is part of something else (a list, a batch, a stream) it is encoded as what it holds.
template <> struct codec_of<serialized_result> {
  static bool decode(reader& in, serialized_result& out);
  static void encode(writer& out, const serialized_result& r) { r.encode_to(out); }
};

}  // namespace engine
