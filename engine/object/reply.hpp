// The answer to one call, encoded straight into the connection's outgoing bytes. Begun only when the result is there, so that a
// method may fail without trace and an answer turned exception is written over.
#pragma once

#include <optional>
#include <span>

#include <codec/frame_writer.hpp>
#include <codec/output.hpp>
#include <codec/writer.hpp>

namespace engine {

class reply {
 public:
  /// All references must outlive the reply; `annotations` only until begin().
  reply(output& out, writer& encoder, const frame_options& options, std::span<const annotation> annotations)
      : out_(out), encoder_(encoder), options_(options), annotations_(annotations) {}

  /// Starts the frame; write exactly one value with what it returns.
  writer& begin() {
    if (in_list_) return encoder_;
    frame_.emplace(out_, options_, annotations_);
    encoder_.start(out_);
    return encoder_;
  }
  /// Starts a frame that holds a list instead: begin() then is its next element, until end_list() with how many there were.
  void begin_list() {
    begin().begin_growing();
    in_list_ = true;
  }
  void end_list(std::size_t count) {
    in_list_ = false;
    encoder_.end_growing(count);
  }
  bool begun() const { return frame_.has_value(); }

  /// Fills the header in. An unbegun reply finishes as nothing.
  std::expected<void, decode_error> finish(const frame_finish& how) {
    if (!frame_) return {};
    return frame_->finish(how);
  }
  /// Takes back everything written.
  void drop() {
    if (frame_) frame_->cancel();
    frame_.reset();
    in_list_ = false;
  }
  const writer& encoder() const { return encoder_; }

 private:
  output& out_;
  writer& encoder_;
  frame_options options_;
  std::span<const annotation> annotations_;
  std::optional<frame_writer> frame_{};
  bool in_list_ = false;
};

}  // namespace engine
