// A server and a client, each a core of its own in whichever world, run by turns on this thread. The server's end of a stream is a
// connection that echoes; the client's end is raw, so that it can cut frames, not read, or vanish.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <codec/frame_writer.hpp>
#include <engine/link/connection.hpp>
#include <engine/link/listener.hpp>

#include "../../support/worlds.hpp"
#include "../io/recorded.hpp"

namespace engine::testing_support {

inline std::string bytes_of(const output& out) {
  std::string text;
  out.each_since({}, [&](std::span<const std::byte> run) { text.append(reinterpret_cast<const char*>(run.data()), run.size()); });
  return text;
}

inline void write_frame(output& out, message type, std::uint16_t sequence, std::string_view payload) {
  frame_writer writer(out, {.type = type, .sequence = sequence});
  out.append(payload);
  ASSERT_TRUE(writer.finish().has_value());
}

inline std::string request(std::uint16_t sequence, std::string_view payload) {
  output out;
  write_frame(out, message::invoke, sequence, payload);
  return bytes_of(out);
}

struct answer {
  std::uint16_t sequence;
  std::string payload;
  bool operator==(const answer&) const = default;
};

/// The whole frames at the start of `heard`.
inline std::vector<answer> answers_in(std::string_view heard) {
  std::vector<answer> all;
  frame_reader reader;
  reader.feed(std::as_bytes(std::span(heard)));
  for (auto next = reader.next(); next && *next; next = reader.next()) {
    const auto payload = (*next)->payload;
    all.push_back({(*next)->sequence, std::string(reinterpret_cast<const char*>(payload.data()), payload.size())});
  }
  return all;
}

/// The client's end of a stream, in bytes.
class raw_peer {
 public:
  raw_peer(backend& io, descriptor d) : io_(io), descriptor_(d) {
    sending_.then = [this](int n, slice) { sent(n); };
    receiving_.then = [this](int n, slice) {
      if (n <= 0) ended_ = true;
      else if (reading_ && descriptor_ >= 0) read();
    };
  }

  /// Sends in order, however long it takes.
  void say(std::string_view text) {
    unsent_.append(text);
    if (!sending_.outstanding && descriptor_ >= 0) send();
  }
  void read() {
    reading_ = true;
    if (!receiving_.outstanding && !ended_) io_.receive(descriptor_, receiving_.go());
  }
  void shutdown() { io_.shutdown(descriptor_); }
  void close() {
    if (descriptor_ >= 0) io_.close(std::exchange(descriptor_, -1));
  }
  descriptor get() const { return descriptor_; }
  bool said_all() const { return unsent_.empty() && !sending_.outstanding; }
  const std::string& heard() const { return receiving_.text; }
  std::vector<answer> answers() const { return answers_in(heard()); }
  bool ended() const { return ended_; }
  /// 0 for an orderly end of the stream.
  int end() const { return receiving_.last(); }

 private:
  void send() {
    in_flight_ = std::exchange(unsent_, {});
    gone_ = 0;
    send_rest();
  }
  void send_rest() {
    parts_[0] = part(std::string_view(in_flight_).substr(gone_));
    io_.send(descriptor_, parts_, sending_.go());
  }
  void sent(int n) {
    if (n < 0 || descriptor_ < 0) return;
    gone_ += static_cast<std::size_t>(n);
    if (gone_ < in_flight_.size()) return send_rest();
    if (!unsent_.empty()) send();
  }

  backend& io_;
  descriptor descriptor_;
  std::string unsent_{}, in_flight_{};
  std::size_t gone_ = 0;
  iovec parts_[1]{};
  recorded sending_{}, receiving_{};
  bool reading_ = false, ended_ = false;
};

/// The server's end, and what became of it.
struct served {
  std::unique_ptr<connection> link;
  std::vector<std::string> payloads{};                           // of the frames that came
  std::function<void(served&, const frame&)> on_frame{};         // instead of the echo
  bool finished = false;
};

inline void echo(served& s, const frame& f) {
  write_frame(s.link->outgoing(), message::result, f.sequence, s.payloads.back());
}

inline task<> serve(served& s) {
  for (;;) {
    auto next = s.link->next_frame();
    const frame* f = co_await next;
    if (!f) break;
    s.payloads.emplace_back(reinterpret_cast<const char*>(f->payload.data()), f->payload.size());
    if (s.on_frame) s.on_frame(s, *f);
    else echo(s, *f);
  }
  task<> done = s.link->finish();
  co_await done;
  s.finished = true;
}

class link_test : public ::testing::TestWithParam<world> {
 protected:
  void SetUp() override {
    if (const std::string why = refusal(GetParam()); !why.empty()) GTEST_SKIP() << why;
    server = make_core("server");
    client = make_core("client");
    auto opened = listener::open(*server, loopback(), {});
    ASSERT_TRUE(opened.has_value());
    door = std::move(*opened);
    spawn(accept_all());
  }
  void TearDown() override {
    if (!server) return;
    for (raw_peer& p : peers) p.close();
    if (door) door->stop();
    for (served& s : serving)
      if (!s.finished && s.link) s.link->close();
    EXPECT_TRUE(until([&] {
      return (!door || door_closed) && std::ranges::all_of(serving, [](const served& s) { return s.finished || !s.link; });
    }));
    serving.clear();
    door.reset();
    EXPECT_EQ(server->buffers().in_use(), 0u) << "a receive buffer was kept";
  }

  std::unique_ptr<core> make_core(const std::string& name) {
    const core_options options{.spin = std::chrono::microseconds(0)};
    auto pool = std::make_unique<buffer_pool>(64, 16 * 1024);
    auto io = maker.make(*pool, name);
    return std::make_unique<core>(options, std::move(pool), std::move(io));
  }
  bool simulated() const { return GetParam() == world::simulated; }

  task<> accept_all() {
    for (;;) {
      auto next = door->next();
      const descriptor d = co_await next;
      if (d < 0) break;
      arrived.push_back(d);
    }
    door_closed = true;
  }

  /// One pass of every core; sleeps a moment when there was nothing to do.
  void step() {
    bool any = server->run_once(time_point::min());
    any = client->run_once(time_point::min()) || any;
    if (third) any = third->run_once(time_point::min()) || any;
    if (!any) server->run_once(server->io().now() + std::chrono::milliseconds(1));
  }
  template <class Done> bool until(Done done) {
    const time_point limit = server->io().now() + patience;
    while (!done()) {
      if (server->io().now() >= limit) return false;
      step();
    }
    return true;
  }
  void rest(std::chrono::milliseconds d) {
    const time_point end = server->io().now() + d;
    while (server->io().now() < end) step();
  }

  /// A new stream, not yet served.
  std::pair<raw_peer*, descriptor> join() {
    recorded connecting;
    const address where = door->local();
    const std::size_t before = arrived.size();
    client->io().connect(where, connecting.go());
    EXPECT_TRUE(until([&] { return !connecting.outstanding && arrived.size() > before; }));
    return {&peers.emplace_back(client->io(), connecting.last()), arrived.back()};
  }
  /// … and served by an echoing connection.
  std::pair<raw_peer&, served&> meet(const connection_limits& limits = {}, std::function<void(served&, const frame&)> on_frame = {}) {
    const auto [peer, d] = join();
    served& s = serving.emplace_back();
    s.on_frame = std::move(on_frame);
    s.link = std::make_unique<connection>(*server, d, limits);
    spawn(serve(s));
    return {*peer, s};
  }
  /// Small socket buffers, so that little is enough to fill them.
  static void narrow(descriptor d) {
    const int size = 64 * 1024;  // a simulated descriptor is no socket: refused without harm
    ::setsockopt(d, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ::setsockopt(d, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  /// The peer's machine loses its power, as far as TCP can tell: a reset.
  void vanish(raw_peer& p) {
    if (simulated() && p.said_all()) {
      maker.network()->set_faults({.reset = 1});
      p.say("x");
      EXPECT_TRUE(until([&] { return p.said_all(); }));
      maker.network()->set_faults({});
    }
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(p.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    p.close();
  }

  // The cores go first, then what the backends knew of.
  backend_maker maker{GetParam()};
  std::deque<raw_peer> peers{};
  std::unique_ptr<core> server{}, client{}, third{};
  std::unique_ptr<listener> door{};
  std::deque<served> serving{};
  std::vector<descriptor> arrived{};
  bool door_closed = false;
};

}  // namespace engine::testing_support
