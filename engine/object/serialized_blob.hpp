// An argument that passes through programs which do not understand it (Pyro's SerializedBlob, WIRE §4.7): who sends it encodes it once,
// who dispatches it reads only `info` and hands the same bytes on, who is meant to understand it reads it.
//
//   dispatcher.process_blob(engine::serialized_blob("topic", order));                 // the sender
//   void Dispatcher::process_blob(engine::serialized_blob blob) {                     // passes it on untouched
//     for (auto& listener : listeners_.at(blob.info().as<std::string>())) listener.process_blob(blob);
//   }
//   void Listener::process_blob(engine::serialized_blob blob) { blob.deserialized<order>(); }
//
// It must be the only argument of its call. Copies are cheap and share the bytes, which never change; each is one thread's at a time.
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

class call_context;

class serialized_blob {
 public:
  serialized_blob() = default;  ///< info and data are None
  /// `info`: what dispatchers go by, mostly a text; `data`: anything convert.hpp knows, copied or moved in. It is encoded when a request
  /// is written, in that proxy's serializer; what cannot be encoded is that call's SerializeError.
  template <class T> serialized_blob(value info, T data)
      : info_(std::move(info)), encode_([kept = std::move(data)](writer& out) { engine::encode(out, kept); }) {}

  const value& info() const { return info_; }
  /// The data as a T, or whatever it is as a `value`. Throws bad_value (TypeError and others, with the reader's words) where it does not
  /// fit, serialize_error when the bytes are not what their sender said.
  template <class T = value> T deserialized() const {
    T made{};
    read([](reader& in, void* to) { return engine::decode(in, *static_cast<T*>(to)); }, &made);
    return made;
  }

  // For the engine.
  /// The blob of the call that this thread serves. False: `in` has failed, because the caller sent none.
  static bool take(reader& in, serialized_blob& out);
  /// Whether it came from elsewhere: then it is sent on as `message`, in the serializer `format`.
  bool passes_through() const { return format_ != nullptr; }
  const serializer* format() const { return format_; }
  std::span<const std::byte> message() const { return *message_; }
  void encode_data(writer& out) const;

 private:
  void read(bool (*decode)(reader&, void*), void* to) const;

  value info_{};
  std::function<void(writer&)> encode_{};                     // of one made here
  const serializer* format_ = nullptr;                        // of one that came: the format of its message,
  std::shared_ptr<const std::vector<std::byte>> message_{};  // a whole call whose names are another's
};

namespace detail {

template <class T> inline constexpr bool is_blob = std::is_same_v<std::remove_cvref_t<T>, serialized_blob>;

/// What a BLBI annotation says: the blob's info, and whose method is meant.
struct blob_route {
  value info{};
  std::string object{}, method{};
};
/// False: `by` (a marshal reader) has failed.
bool read_route(reader& by, std::span<const std::byte> annotation, blob_route& out);
std::vector<std::byte> write_route(writer& by, const value& info, std::string_view object, std::string_view method);

/// Writes a call whose third element is the blob's data as such, where an ordinary call has its arguments.
void write_call_of(writer& out, const serializer& format, std::string_view object, std::string_view method, const serialized_blob&);

}  // namespace detail
}  // namespace engine
