// See caller.hpp.
#include "caller.hpp"

#include <algorithm>
#include <utility>

#include "awaitable.hpp"

namespace engine::simulation {

namespace {

// A client always reads: two sides that both wait for the other to read would wait for ever.
connection_limits client_limits() { return {.output_soft = static_cast<std::size_t>(-1)}; }

}  // namespace

caller::caller(world& w, core& home, plan p) : world_(w), home_(home), plan_(std::move(p)) {
  home_.post([this] { spawn(live()); });
}

std::size_t caller::expected_answers() const {
  return static_cast<std::size_t>(std::ranges::count_if(plan_.calls, [](const request& r) { return !r.oneway(); }));
}

task<> caller::sleep(std::chrono::nanoseconds d) {
  if (d.count() == 0) co_return;
  sleeping until(home_, home_.io().now() + d);
  co_await until;
}

task<> caller::live() {
  task<> waiting = sleep(plan_.start);
  co_await waiting;
  dialling call(home_, world_.where());
  const descriptor socket = co_await call;
  if (socket < 0) {
    lose({.why = connection_end::cause::reset, .code = -socket});
  } else {
    connected_ = true;
    connection peer(home_, socket, client_limits());
    task<bool> greeting = greet(peer);
    welcomed_ = co_await greeting;
    if (welcomed_) {
      task<> conversing = converse(peer);
      co_await conversing;
    }
    if (peer.ended()) lose(peer.end());
    ended_at_ = world_.now();
    task<> finishing = peer.finish();
    co_await finishing;
  }
  over_ = true;
}

task<bool> caller::greet(connection& peer) {
  write_greeting(peer.outgoing(), codecs_, plan_.how);
  const frame* answer = co_await peer.next_frame();
  if (!answer) co_return false;
  const bool ok = answer->type == message::connect_ok;
  if (!ok) complaints_.push_back("the handshake was refused");
  co_return ok;
}

task<> caller::converse(connection& peer) {
  while (next_ < plan_.calls.size() || !waiting_.empty()) {
    while (next_ < plan_.calls.size() && waiting_.size() < plan_.window && !peer.ended()) {
      if (plan_.pause.count() > 0) {
        task<> pausing = sleep(plan_.pause);
        co_await pausing;
      }
      ask(peer);
    }
    if (waiting_.empty()) {
      if (peer.ended()) break;
      continue;
    }
    const frame* answer = co_await peer.next_frame();
    if (!answer) break;
    take(*answer);
  }
}

void caller::ask(connection& peer) {
  const request& r = plan_.calls[next_];
  write_request(peer.outgoing(), codecs_, plan_.how, r);
  if (!r.oneway()) waiting_.push_back(next_);
  ++next_;
}

void caller::take(const frame& answer) {
  const request& asked = plan_.calls[waiting_.front()];
  waiting_.pop_front();
  ++answered_;
  const std::string fault = fault_in(answer, codecs_, plan_.how, asked);
  if (!fault.empty()) complaints_.push_back("call " + std::to_string(asked.number) + ": " + fault);
}

/// What was under way fails, and so does what was never sent.
void caller::lose(connection_end why) {
  failed_ = waiting_.size();
  for (std::size_t i = next_; i < plan_.calls.size(); ++i) failed_ += plan_.calls[i].oneway() ? 0 : 1;
  waiting_.clear();
  lost_ = std::move(why);
  ended_at_ = world_.now();
}

}  // namespace engine::simulation
