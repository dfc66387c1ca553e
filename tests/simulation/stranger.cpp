// See stranger.hpp.
#include "stranger.hpp"

#include <utility>

#include "awaitable.hpp"

namespace engine::simulation {

stranger::stranger(world& w, core& home, plan p) : world_(w), home_(home), plan_(std::move(p)) {
  home_.post([this] { spawn(live()); });
}

task<> stranger::live() {
  sleeping start(home_, home_.io().now() + plan_.start);
  co_await start;
  dialling call(home_, world_.where());
  socket_ = co_await call;
  connected_at_ = ended_at_ = world_.now();
  if (socket_ >= 0) {
    connected_ = true;
    say(std::move(plan_.bytes));
    task<> staying = stay();
    co_await staying;
  }
  over_ = true;
}

task<> stranger::stay() {
  const time_point leaves = connected_at_ + plan_.stays;
  if (plan_.reads_from >= 0s && connected_at_ + plan_.reads_from < leaves) {
    sleeping until(home_, connected_at_ + plan_.reads_from);
    co_await until;
    if (socket_ >= 0) hear();
    if (socket_ >= 0 && !sending_.pending()) say(std::move(plan_.last_bytes));
  }
  sleeping until(home_, leaves);
  co_await until;
  leave();
  while (sending_.pending() || receiving_.pending()) {
    sleeping moment(home_, home_.io().now() + 1ms);
    co_await moment;
  }
}

void stranger::say(std::string bytes) {
  saying_ = std::move(bytes);
  said_ = 0;
  send_rest();
}

void stranger::send_rest() {
  if (said_ == saying_.size()) return;
  piece_ = {saying_.data() + said_, saying_.size() - said_};
  home_.io().send(socket_, {&piece_, 1}, sending_);
}

void stranger::sent(int result) {
  if (result < 0 || socket_ < 0) return;
  said_ += static_cast<std::size_t>(result);
  send_rest();
}

void stranger::hear() { home_.io().receive(socket_, receiving_); }

void stranger::heard(int result, const slice& data) {
  if (socket_ < 0) return;
  if (result <= 0) {
    shown_out_ = true;
    return leave();
  }
  received_.append(reinterpret_cast<const char*>(data.bytes().data()), data.size());
  hear();
}

void stranger::leave() {
  if (socket_ < 0) return;
  ended_at_ = world_.now();
  home_.io().close(std::exchange(socket_, -1));
}

}  // namespace engine::simulation
