// Peers that are silent, slow or gone, in every state a connection can be in; and a daemon out of descriptors. The rest goes on.
#include <sys/resource.h>

#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

#include <engine/io/log.hpp>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine::test {
namespace {

struct setting {
  unsigned cores;
  bool unix_socket;
  backend_choice backend;
  bool shared = false;
};

class bad_peers : public testing::TestWithParam<setting> {
 protected:
  void start(settings changed = quiet_settings()) {
    auto options = on_loopback(GetParam().cores);
    changed.backend = GetParam().backend;
    if (GetParam().shared) changed.spin = 50us;
    options.settings = changed;
    if (GetParam().unix_socket) {
      options.unix_only = true;
      options.unix_socket = abstract_name("peers");
    }
    descriptors_ = open_descriptors();
    host_ = std::make_unique<daemon>(options);
    host_->expose(other_, "other");
    bystander_ = std::make_unique<proxy<thing>>(host_->expose(object, "thing"), quiet_proxy());
    EXPECT_EQ(bystander_->add(1, 2), 3);
  }
  ~bad_peers() override {
    if (!host_) return;
    only_the_bystander_is_left();
    bystander_.reset();
    EXPECT_TRUE(eventually([&] { return host_->connections() == 0; }));
    host_.reset();
    EXPECT_EQ(open_descriptors(), descriptors_);
  }
  raw_peer connect() {
    raw_peer p(*host_);
    p.shares_memory = GetParam().shared;
    return p;
  }
  raw_peer greeted() {
    raw_peer p = connect();
    EXPECT_EQ(p.greet("thing").type, message::connect_ok);
    return p;
  }
  void only_the_bystander_is_left() {
    EXPECT_EQ(bystander_->add(20, 2), 22);
    EXPECT_TRUE(eventually([&] { return host_->connections() == 1; })) << host_->connections();
  }
  bool logged(const std::string& text) {
    return eventually([&] { return log.has(text); }, 5s);
  }

  log_capture log;
  thing object, other_;
  std::unique_ptr<daemon> host_;
  std::unique_ptr<proxy<thing>> bystander_;
  std::size_t descriptors_ = 0;
};

TEST_P(bad_peers, one_that_says_nothing_before_the_handshake_is_given_up) {
  settings s = quiet_settings();
  s.handshake_timeout = 0.2;
  start(s);
  raw_peer silent(*host_), slow(*host_);
  slow.say(connect_frame("thing").substr(0, 30));
  EXPECT_TRUE(silent.closed_by_peer());
  EXPECT_TRUE(slow.closed_by_peer());
  EXPECT_TRUE(logged("no handshake within the deadline"));
}

TEST_P(bad_peers, the_handshakes_deadline_is_gone_after_it) {
  settings s = quiet_settings();
  s.handshake_timeout = 0.1;
  start(s);
  raw_peer p = greeted();
  std::this_thread::sleep_for(250ms);
  p.say(call_frame("thing", "add", "(1,2)"));
  EXPECT_EQ(p.hear()->body(), value(3));
}

TEST_P(bad_peers, one_that_asks_nothing_within_the_communication_timeout_is_closed) {
  settings s = quiet_settings();
  s.comm_timeout = 0.6;
  start(s);
  raw_peer idle = greeted(), halfway = greeted();
  halfway.say(call_frame("thing", "add", "(1,2)").substr(0, 30));
  for (int i = 0; i < 4; ++i) {  // asking now and then keeps a connection
    EXPECT_EQ(bystander_->add(i, 1), i + 1);
    std::this_thread::sleep_for(200ms);
  }
  EXPECT_TRUE(idle.closed_by_peer());
  EXPECT_TRUE(halfway.closed_by_peer());
  EXPECT_TRUE(logged("no request within the communication timeout"));
  release(*bystander_);  // else it may be the next
}

TEST_P(bad_peers, one_that_vanishes_leaves_nothing_in_any_state) {
  start();
  const std::string connect = connect_frame("thing"), call = call_frame("thing", "add", "(1,2)"),
                    large = call_frame("thing", "text", "('" + std::string(500'000, 'x') + "',)"), ask_much = call_frame("thing", "blob", "(20000000,)");
  const std::function<void(raw_peer&)> states[] = {
      [](raw_peer&) {},                                                                  // before it said anything
      [&](raw_peer& p) { p.say(connect.substr(0, 10)); },                                // in the header of CONNECT
      [&](raw_peer& p) { p.say(connect.substr(0, 40)); },                                // in its body
      [&](raw_peer& p) { p.say(connect); },                                              // while it is welcomed
      [&](raw_peer& p) { p.greet("thing"); },                                            // between requests
      [&](raw_peer& p) { p.greet("thing"), p.say(call.substr(0, 12)); },                 // in a request
      [&](raw_peer& p) { p.greet("thing"), p.say(large.substr(0, 300'000)); },           // in a large one
      [&](raw_peer& p) { p.greet("thing"), p.say(call); },                               // before its answer
      [&](raw_peer& p) { p.greet("thing"), p.say(call_frame("other", "add", "(1,2)")); },  // while the call is on another core
      [&](raw_peer& p) { p.greet("thing"), p.say(ask_much); },                           // before a large answer
      [&](raw_peer& p) { p.greet("thing"), p.say(ask_much), std::this_thread::sleep_for(20ms); },  // while it is sent
      [&](raw_peer& p) { p.greet("thing"), p.say(call_frame("thing", "sleep_ms", "(20,)")); },     // while the method runs
  };
  for (const auto& state : states) {
    for (const bool with_reset : {false, true}) {
      raw_peer p = this->connect();
      state(p);
      with_reset ? p.reset() : p.vanish();
    }
    only_the_bystander_is_left();
  }
  EXPECT_TRUE(logged("in the middle of a message") || logged("connection lost"));
}

TEST_P(bad_peers, one_that_only_stops_writing_still_gets_its_answers) {
  start();
  raw_peer p = greeted();
  p.say(call_frame("thing", "sleep_ms", "(20,)", 1) + call_frame("thing", "add", "(1,2)", 2));
  p.shutdown_writing();
  EXPECT_EQ(p.hear()->sequence, 1);
  EXPECT_EQ(p.hear()->body(), value(3));
  EXPECT_TRUE(p.closed_by_peer());
}

TEST_P(bad_peers, one_that_does_not_read_its_answers_is_not_served_on) {
  start();
  raw_peer deaf = greeted();
  std::string calls;
  constexpr int count = 100;
  for (int i = 0; i < count; ++i) calls += call_frame("thing", "blob", "(1000000,)", static_cast<std::uint16_t>(i));
  deaf.say(calls);
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(bystander_->add(1, 2), 3);
  deaf.vanish();
}

/// Few descriptors for this process, and a way to use them up.
class few_descriptors {
 public:
  few_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit less{.rlim_cur = static_cast<rlim_t>(open_descriptors() + 64), .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &less);
  }
  ~few_descriptors() {
    give_back();
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  few_descriptors(const few_descriptors&) = delete;
  few_descriptors& operator=(const few_descriptors&) = delete;

  void use_up_all_but_one() {
    for (int d; (d = ::dup(0)) >= 0;) held_.push_back(d);
    ::close(held_.back());
    held_.pop_back();
  }
  void give_back() {
    for (const int d : held_) ::close(d);
    held_.clear();
  }

 private:
  rlimit before_{};
  std::vector<int> held_{};
};

TEST_P(bad_peers, a_daemon_out_of_descriptors_serves_those_it_has_and_the_others_later) {
  few_descriptors table;  // first: io_uring looks at the limit when it begins to accept
  start();
  table.use_up_all_but_one();
  raw_peer late(*host_);
  EXPECT_TRUE(logged("Too many open files"));
  EXPECT_EQ(bystander_->add(1, 2), 3);
  table.give_back();
  EXPECT_EQ(late.greet("thing").type, message::connect_ok);
}

std::string name_of(const testing::TestParamInfo<setting>& of) {
  return std::string(of.param.unix_socket ? "unix" : "tcp") + "_" + std::to_string(of.param.cores) +
         (of.param.backend == backend_choice::epoll ? "_epoll" : "") + (of.param.shared ? "_shared" : "");
}
INSTANTIATE_TEST_SUITE_P(, bad_peers,
                         testing::Values(setting{1, false, backend_choice::automatic}, setting{2, false, backend_choice::automatic},
                                         setting{1, true, backend_choice::automatic}, setting{2, true, backend_choice::automatic},
                                         setting{2, false, backend_choice::epoll}, setting{1, true, backend_choice::automatic, true},
                                         setting{2, true, backend_choice::automatic, true}, setting{2, true, backend_choice::epoll, true}),
                         name_of);

}  // namespace
}  // namespace engine::test
