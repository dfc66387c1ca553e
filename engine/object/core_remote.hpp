// One object as seen from one core: the connection that all calls made on that core's own thread share. It is opened by the first of
// them without blocking, opened again by the next call when it was lost, and closed when the proxies and the calls are gone or the core
// ends.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <engine/link/core_channel.hpp>
#include <engine/object/conversation.hpp>
#include <engine/object/core_links.hpp>

namespace engine {
struct hosting;
}

namespace engine::detail {

class remote;

class core_remote : public std::enable_shared_from_this<core_remote> {
 public:
  /// That of the core this thread is. Made at first use; keeps a copy of what `r` says about itself.
  static core_remote& of(core&, remote& r);

  /// `direct`: what `where` stands for now. Takes the socket over, if the proxy was given one.
  core_remote(core&, remote& of, const engine::uri& direct);
  ~core_remote();

  conversation& talk() { return talk_; }
  const core_channel* channel() const { return channel_.get(); }
  bool connected() const { return channel_ && channel_->usable(); }
  /// Where the next request is written; starts connecting if need be.
  line on(time_point deadline, std::uint16_t flags);
  /// Announces what was written.
  void expect(reply_slot& s, std::uint16_t sequence, time_point deadline) { channel_->expect(s, sequence, deadline); }

  /// Tells the daemon that nobody wants that answer any more, if it is one of ours.
  void cancel(reply_slot&);
  /// No proxy is left: it closes when nothing is outstanding.
  void abandon();
  /// The core ends.
  void end();
  /// On that core: every connection ends, and what waits for an answer fails; the next call opens another.
  static void hang_up(core&);
  /// On that core: what methods of that daemon wait for fails; the connections stay. Calls only, and only those of which it is known.
  static void give_up_calls_of(core&, const hosting&);
  /// Connections of that core that are not closed yet.
  static std::size_t alive(core&);

 private:
  task<> serve(std::shared_ptr<core_remote> self, std::shared_ptr<core_channel> mine);
  task<> connect(core_channel&);
  task<> use_given(core_channel&);
  task<> look_up(core_channel&);
  task<> open(core_channel&, time_point deadline);
  task<> take_reverse(core_channel&, std::string through, time_point deadline);
  task<> welcome(core_channel&);
  task<> learn_members(core_channel&);
  static void check(const core_channel&);
  struct lookup;

  core& core_;
  const engine::uri where_;
  engine::uri uri_;  // the direct one: what a name has stood for at the last connecting
  const proxy_options options_;
  conversation talk_;
  std::vector<address> addresses_;
  const bool given_;             // the one connection there is was given with the proxy,
  std::optional<int> socket_{};  // … and has not been used yet
  bool connected_before_ = false;
  std::shared_ptr<core_channel> channel_{};
  bool welcomed_ = false;                          // the channel's requests may leave, …
  std::vector<std::uint16_t> cancelled_early_{};  // … and before they do, nobody knows whether the daemon understands that these are not wanted
};

}  // namespace engine::detail
