// A client without manners, straight on the backend: connects, sends the bytes it was given, perhaps reads, and closes without a
// goodbye when it has had enough. Silent peers, half handshakes, garbage, peers that vanish and peers that do not read are all this.
#pragma once

#include <cstdint>
#include <string>

#include "world.hpp"

namespace engine::simulation {

class stranger {
 public:
  struct plan {
    std::string bytes{};                  ///< sent at once
    std::string last_bytes{};             ///< sent after `reads_from`, or never
    std::chrono::nanoseconds start{0};    ///< when it connects, from now
    std::chrono::nanoseconds reads_from{0};  ///< after the connect; negative: never reads
    std::chrono::nanoseconds stays{60s};  ///< after the connect; then it closes, if the server has not ended it before
  };

  stranger(world& w, core& home, plan p);

  bool over() const { return over_; }
  bool connected() const { return connected_; }
  /// Whether the server ended the connection (politely or not) before it had enough.
  bool shown_out() const { return shown_out_; }
  /// How long the connection lasted.
  std::chrono::nanoseconds lasted() const { return ended_at_ - connected_at_; }
  const std::string& received() const { return received_; }

 private:
  struct part : operation {
    explicit part(stranger& s) : of(s) {}
    stranger& of;
  };
  struct sender final : part {
    using part::part;
    void finished(int result, slice) override { of.sent(result); }
  };
  struct receiver final : part {
    using part::part;
    void finished(int result, slice data) override { of.heard(result, data); }
  };

  task<> live();
  task<> stay();
  void say(std::string bytes);
  void send_rest();
  void sent(int result);
  void hear();
  void heard(int result, const slice& data);
  void leave();

  world& world_;
  core& home_;
  plan plan_;
  sender sending_{*this};
  receiver receiving_{*this};
  descriptor socket_ = -1;
  std::string saying_{};
  std::size_t said_ = 0;
  iovec piece_{};
  std::string received_{};
  bool connected_ = false, shown_out_ = false, over_ = false;
  time_point connected_at_{}, ended_at_{};
};

}  // namespace engine::simulation
