// The client's end of one connection on a core, driven by that core's loop. Requests may be written before it is open: they are held
// back until the handshake is over. Answers are matched by number; whatever ends the connection fails all that is outstanding, once.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include <engine/io/handover.hpp>
#include <engine/link/awaited_reply.hpp>
#include <engine/link/connection.hpp>

namespace engine {

class core_channel final : private timer {
 public:
  core_channel(core&, const frame_limits&, const std::string& hmac_key);
  /// read_answers() must have ended, or open() never succeeded.
  ~core_channel() = default;

  /// Connects until `deadline`: the errno, 0 when it is open.
  task<int> open(const address&, time_point deadline);
  /// The same for a socket that is connected already; takes it over.
  void adopt(descriptor socket);
  /// During the handshake: where it is written, and the frames of the other side.
  output& greeting() { return link_->outgoing(); }
  auto next_frame() { return link_->next_frame(); }
  void set_deadline(std::optional<time_point> at) { link_->set_deadline(at); }
  /// After the handshake, whoever is at the other end speaks first now: for another object to serve. Only while can_release().
  bool can_release() const { return link_->can_release(); }
  bool ended() const { return link_->ended(); }
  loose_connection release();
  /// Whether the other side may be asked for memory to share.
  bool may_share_memory() const { return link_->may_share_memory(); }
  /// Asks with a question that has just been written, and goes on over what is put into the box, if anything is (docs/wire.md). During the handshake.
  task<> share_memory(handover_box& box);
  /// The handshake is over: what was held back leaves.
  void let_requests_go();

  /// Where requests are written.
  output& outgoing() { return greeted_ ? link_->outgoing() : held_back_; }
  /// Announces a request just written. At its deadline it fails with timed_out, and the connection ends.
  void expect(awaited_reply&, std::uint16_t sequence, time_point deadline);
  std::size_t outstanding() const { return awaited_.size(); }
  const awaited_replies& awaited() const { return awaited_; }
  bool usable() const { return !failure_; }
  const std::optional<channel_failure>& failure() const { return failure_; }
  /// Nobody will ask any more: it ends when what was asked is answered and what was written has left.
  void end_when_idle();

  /// Gives answers to who expects them until the connection has ended and is closed.
  task<> read_answers();
  /// Everything outstanding fails, the connection ends.
  void fail(channel_failure why) { fail_all(std::move(why), nullptr); }
  /// What the connection ended with, as a failure.
  channel_failure reason() const;
  /// Awaited when the handshake has failed.
  task<> close();

 private:
  struct connecting;
  void expired() override;
  void look_at(time_point deadline);
  void fail_all(channel_failure, awaited_reply* late);
  void end_if_idle();
  bool has_left(const awaited_reply&) const;

  core& core_;
  frame_limits limits_;
  std::string hmac_key_;
  std::optional<connection> link_{};
  connecting* connecting_ = nullptr;
  output held_back_{};
  bool greeted_ = false;
  bool ending_ = false;
  std::uint64_t before_requests_ = 0;  // bytes that the handshake wrote
  awaited_replies awaited_{};
  time_point looks_at_ = time_point::max();
  std::optional<channel_failure> failure_{};
};

}  // namespace engine
