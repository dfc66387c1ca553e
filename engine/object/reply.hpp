// The answer to one call, encoded straight into the connection's outgoing bytes. Begun only when the result is there, so that a
// method may fail without trace and an answer turned exception is written over.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include <codec/frame_writer.hpp>
#include <codec/output.hpp>
#include <codec/writer.hpp>
#include <engine/object/call_context.hpp>
#include <engine/object/item_stream.hpp>
#include <engine/object/serialized_result.hpp>

namespace engine {

class reply {
 public:
  /// All references must outlive the reply. The context says which annotations the answer gets, once it begins.
  reply(output& out, writer& encoder, const frame_options& options, call_context& context)
      : out_(out), encoder_(encoder), options_(options), context_(context) {}

  /// Starts the frame; write exactly one value with what it returns.
  writer& begin() {
    if (in_list_) return encoder_;
    std::array<annotation, 1> room;
    open(context_.answer_annotations(room));
    encoder_.start(out_);
    return encoder_;
  }
  /// The whole answer, encoded already. Throws what cannot be encoded.
  void give(const serialized_result&);
  /// Starts a frame that holds a list instead: begin() then is its next element, until end_list() with how many there were.
  void begin_list() {
    begin().begin_growing();
    in_list_ = true;
  }
  void end_list(std::size_t count) {
    in_list_ = false;
    encoder_.end_growing(count);
  }
  /// The method returned nothing. A caller that wants no answer is not made one.
  void nothing() {
    if (in_list_ || !context_.oneway()) begin().none();
  }
  bool begun() const { return begun_; }
  bool in_list() const { return in_list_; }

  /// The result is a stream: the answer names it instead of holding a value.
  void stream(std::unique_ptr<open_stream> items) { items_ = std::move(items); }
  std::unique_ptr<open_stream> take_stream() { return std::move(items_); }

  /// Fills the header in. An unbegun reply finishes as nothing.
  std::expected<void, decode_error> finish(const frame_finish& how) {
    if (!begun_) return {};
    return frame_.finish(how);
  }
  /// Takes back everything written.
  void drop() {
    if (begun_) frame_.cancel();
    begun_ = false;
    in_list_ = false;
  }
  const writer& encoder() const { return encoder_; }

 private:
  void open(std::span<const annotation> annotations) {
    std::construct_at(&frame_, out_, options_, annotations);
    begun_ = true;
  }

  output& out_;
  writer& encoder_;
  frame_options options_;
  call_context& context_;
  // Not an optional, which g++ fills with zeroes for every call before it is empty.
  static_assert(std::is_trivially_destructible_v<frame_writer>);
  union {
    frame_writer frame_;
  };
  bool begun_ = false;
  std::unique_ptr<open_stream> items_{};
  bool in_list_ = false;
};

}  // namespace engine
