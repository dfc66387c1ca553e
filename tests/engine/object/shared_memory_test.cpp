// Two of our programs on one machine: after a few calls over their socket they go on over memory that both have mapped, and nobody who calls sees a
// difference. Every style of calling, several threads, peers that decline, lie, or are killed in the midst of it.
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include <engine/core/cores.hpp>
#include <engine/io/log.hpp>
#include <engine/io/shared_ring.hpp>
#include <engine/io/socket.hpp>
#include <engine/object/batch.hpp>
#include <engine/object/core_calls.hpp>

#include "object_support.hpp"

namespace engine::test {

class neighbour {
 public:
  int add(int a, int b) { return a + b; }
  std::size_t measure(std::span<const std::byte> data) {
    for (std::size_t i = 0; i < data.size(); i += 4093)
      if (data[i] != pattern(i)) return i;
    return data.size();
  }
  bytes blob(std::size_t size) {
    bytes all(size);
    for (std::size_t i = 0; i < size; ++i) all[i] = pattern(i);
    return all;
  }
  void note(int n) { noted += n; }
  int notes() { return noted; }
  void fail(std::string text) { throw raised("ValueError", {text}); }
  void stall_ms(int n) { std::this_thread::sleep_for(std::chrono::milliseconds(n)); }
  void sleep_ms(int n) { std::this_thread::sleep_for(std::chrono::milliseconds(n)); }
  /// System calls of the core that serves this.
  std::uint64_t system_calls_here() { return core::current()->io().counters().system_calls; }
  stream<int> count(int n) {
    for (int i = 0; i < n; ++i) co_yield i;
  }
  static std::byte pattern(std::size_t i) { return static_cast<std::byte>(i * 2654435761u >> 9); }

 private:
  std::atomic<int> noted{0};
};
ENGINE_EXPOSE(neighbour, add, measure, blob, note, notes, fail, stall_ms, sleep_ms, system_calls_here, count)
ENGINE_ONEWAY(neighbour, note)
ENGINE_MARK(neighbour, sleep_ms, .blocking = true)

namespace {

struct setting {
  backend_choice backend;
  unsigned cores;
  bool tcp;
};

void listen_by(daemon_options& options, const setting& how, const std::string& unix_name) {
  options.unix_only = !how.tcp;
  options.unix_socket = how.tcp ? "" : unix_name;
}

/// As by default, but for what the environment says.
settings looking_settings() {
  settings all = quiet_settings();
  all.spin = 50us;
  return all;
}

proxy_options looking() {
  proxy_options all = quiet_proxy();
  all.settings = looking_settings();
  return all;
}

/// Mappings of this process that are such memory.
std::size_t mapped() {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) count += line.find("engine connection") != std::string::npos;
  return count;
}

template <class T> bool shares(const proxy<T>& p) {
  const auto at = connection_of(p);
  return at && at->shares_memory;
}

class shared_memory : public testing::TestWithParam<setting> {
 protected:
  void start(settings changed = looking_settings(), const std::string& hmac_key = {}) {
    auto options = on_loopback(GetParam().cores);
    changed.backend = GetParam().backend;
    options.settings = changed;
    listen_by(options, GetParam(), abstract_name("memory"));
    options.hmac_key = hmac_key;
    host.emplace(options);
    where = host->expose(object, "neighbour");
  }
  ~shared_memory() override {
    EXPECT_TRUE(!host || eventually([&] { return host->connections() == 0; }));
    host.reset();
    EXPECT_EQ(open_descriptors(), descriptors_);
    EXPECT_EQ(mapped(), 0u);
  }
  /// Called so often that its connection has gone over to shared memory.
  template <class P> static void warm_up(P& p) {
    for (int i = 0; i < 20; ++i) ASSERT_EQ(p.add(i, 1), i + 1);
  }

  neighbour object;
  std::optional<daemon> host;
  uri where;
  const std::size_t descriptors_ = open_descriptors();
};

TEST_P(shared_memory, is_used_after_a_few_calls) {
  start();
  proxy<neighbour> p(where, looking());
  EXPECT_EQ(p.add(1, 2), 3);
  EXPECT_FALSE(shares(p)) << "whoever calls once pays nothing for it";
  warm_up(p);
  EXPECT_TRUE(shares(p));
  EXPECT_EQ(mapped(), 2u) << "both ends are in this process";
  warm_up(p);
}

TEST_P(shared_memory, is_used_after_a_large_value) {
  start();
  proxy<neighbour> up(where, looking()), down(where, looking());
  const bytes large = object.blob(2 << 20);
  EXPECT_EQ(up.measure(large), large.size());
  EXPECT_EQ(down.blob(large.size()), large);
  EXPECT_EQ(up.add(1, 1) + down.add(1, 1), 4);
  EXPECT_TRUE(shares(up));
  EXPECT_TRUE(shares(down));
}

TEST_P(shared_memory, carries_every_style_of_calling) {
  start();
  proxy<neighbour> p(where, looking());
  warm_up(p);
  std::vector<future<int>> answers;
  for (int i = 0; i < 1000; ++i) answers.push_back(async(p).add(i, i));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(answers[static_cast<std::size_t>(i)].get(), 2 * i);
  for (int i = 0; i < 1000; ++i) p.note(1);
  EXPECT_TRUE(eventually([&] { return p.notes() == 1000; }));
  batch all{p};
  std::vector<later<int>> sums;
  for (int i = 0; i < 1000; ++i) sums.push_back(all.add(i, 3));
  all.send();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(*sums[static_cast<std::size_t>(i)], i + 3);
  int expected = 0;
  for (const int item : p.count(5000)) ASSERT_EQ(item, expected++);
  EXPECT_EQ(expected, 5000);
  EXPECT_EQ(failure_text([&] { p.fail("with text"); }), "builtins.ValueError: with text");
  EXPECT_TRUE(shares(p));
}

TEST_P(shared_memory, carries_values_larger_than_itself) {
  start();
  proxy<neighbour> p(where, looking());
  warm_up(p);
  for (const std::size_t size : {100'000u, 262'144u, 1'000'000u, 30'000'000u}) {
    const bytes large = p.blob(size);
    ASSERT_EQ(large, object.blob(size));
    ASSERT_EQ(p.measure(large), size);
  }
}

TEST_P(shared_memory, costs_at_most_a_look_at_the_socket_while_both_sides_look) {
  settings always = looking_settings();
  always.spin = 20s;
  start(always);
  proxy_options options = looking();
  options.settings->spin = 20s;
  proxy<neighbour> p(where, options);
  warm_up(p);
  constexpr int calls = 1000;
  const auto here = detail::proxy_access::of(p)->counted().system_calls, there = p.system_calls_here();
  for (int i = 0; i < calls; ++i) ASSERT_EQ(p.add(i, 1), i + 1);
  const auto made_there = p.system_calls_here() - there;
  // Whoever has not called for a tenth of a millisecond asks whether anybody is there still. On an idle machine there is not even that.
  EXPECT_LE(detail::proxy_access::of(p)->counted().system_calls - here, calls + calls / 10u);
  EXPECT_TRUE(GetParam().backend == backend_choice::epoll || made_there < calls / 10u) << made_there;
}

TEST_P(shared_memory, is_filled_in_both_directions_at_once) {
  start();
  proxy<neighbour> p(where, looking());
  warm_up(p);
  const bytes large = object.blob(700'000);
  std::vector<future<std::size_t>> up;
  std::vector<future<bytes>> down;
  for (int i = 0; i < 20; ++i) {
    up.push_back(async(p).measure(large));
    down.push_back(async(p).blob(large.size()));
  }
  for (auto& each : up) ASSERT_EQ(each.get(), large.size());
  for (auto& each : down) ASSERT_EQ(each.get(), large);
}

TEST_P(shared_memory, wakes_sides_that_have_gone_to_sleep) {
  start();
  proxy<neighbour> p(where, looking());
  warm_up(p);
  for (int i = 0; i < 10; ++i) {
    p.sleep_ms(3);  // the caller sleeps
    std::this_thread::sleep_for(3ms);  // the daemon sleeps
    ASSERT_EQ(p.add(i, 1), i + 1);
  }
  EXPECT_TRUE(shares(p));
}

TEST_P(shared_memory, serves_several_threads_on_one_proxy) {
  start();
  proxy<neighbour> p(where, looking());
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const bytes large = object.blob(400'000);
      for (int i = 0; i < 300; ++i) {
        wrong += p.add(i, t) != i + t;
        if (i % 50 == t) p.sleep_ms(1);
        if (i % 60 == 0) wrong += p.measure(large) != large.size();
        if (i % 10 == 0) wrong += async(p).add(i, i).get() != 2 * i;
      }
    });
  }
  for (auto& each : threads) each.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(shared_memory, wakes_who_waits_for_room_though_others_have_given_up_waiting) {
  start();
  proxy<neighbour> p(where, looking());
  warm_up(p);
  const bytes large = object.blob(3'000'000);
  for (int round = 0; round < 20; ++round) {
    auto slow = async(p).stall_ms(15);  // keeps the core from reading
    std::thread sending([&] { EXPECT_EQ(p.measure(large), large.size()); });
    for (int i = 0; i < 8; ++i) static_cast<void>(slow.wait_for(1ms));
    sending.join();
    slow.get();
  }
}

TEST_P(shared_memory, works_with_a_shared_secret) {
  start(looking_settings(), "secret");
  proxy_options options = looking();
  options.hmac_key = "secret";
  proxy<neighbour> p(where, options);
  warm_up(p);
  EXPECT_TRUE(shares(p));
  EXPECT_EQ(p.measure(object.blob(2'000'000)), 2'000'000u);
}

TEST_P(shared_memory, ends_with_the_daemon_and_begins_with_the_next) {
  start();
  proxy<neighbour> p(where, looking());
  warm_up(p);
  auto options = on_loopback(GetParam().cores);
  options.settings = looking_settings();
  listen_by(options, GetParam(), where.sockname());
  if (GetParam().tcp) options.port = where.port();
  host.reset();
  EXPECT_THROW(p.add(1, 1), unreachable);
  host.emplace(options);
  host->expose(object, "neighbour");
  warm_up(p);
  EXPECT_TRUE(shares(p));
}

TEST_P(shared_memory, keeps_a_time_limit) {
  start();
  proxy<neighbour> p(where, looking());
  warm_up(p);
  set_timeout(p, 50ms);
  EXPECT_THROW(p.sleep_ms(500), timed_out);
  set_timeout(p, 20s);
  EXPECT_EQ(p.add(1, 1), 2);
}

TEST_P(shared_memory, is_not_waited_for_longer_than_a_call_may_take) {
  // A daemon of ours as far as the caller knows, which never answers a PING.
  const std::string name = abstract_name("silent");
  const descriptor listening = open_listener(address::unix_socket(name).value(), {}, true).value();
  const auto giver = handover_giver::open().value();
  std::thread there([&] {
    raw_peer p(::accept(listening, nullptr, nullptr));
    while (const auto said = p.hear()) {
      if (said->type == message::connect) p.say(frame_of("'welcome'", {.type = message::connect_ok, .sequence = said->sequence, .annotations = {{"ENGN", "2"}, {"ENGM", text_of(giver.name())}}}));
      if (said->type == message::invoke) p.say(frame_of("3", {.type = message::result, .sequence = said->sequence}));
    }
  });
  proxy_options options = looking();
  options.settings->metadata = false;
  options.serializer = "serpent";
  {
    proxy<neighbour> p(uri("PYRO:neighbour@./u:" + name), options);
    set_timeout(p, 300ms);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_THROW(for (int i = 0; i < 40; ++i) static_cast<void>(p.add(1, 2)), timed_out);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
  }
  there.join();
  ::close(listening);
}

TEST_P(shared_memory, is_not_used_where_one_side_does_not_want_it) {
  start();
  proxy_options without = looking();
  without.settings->shared_memory = 0;
  proxy<neighbour> p(where, without);
  warm_up(p);
  EXPECT_FALSE(shares(p));
  proxy_options asleep = looking();
  asleep.settings->spin = 0us;
  proxy<neighbour> q(where, asleep);
  warm_up(q);
  EXPECT_FALSE(shares(q)) << "who always sleeps has to be woken each time: a socket does as well";
}

TEST_P(shared_memory, is_not_given_by_a_daemon_that_does_not_want_it) {
  settings none = looking_settings();
  none.shared_memory = 0;
  start(none);
  proxy<neighbour> p(where, looking());
  warm_up(p);
  EXPECT_FALSE(shares(p));
}

TEST_P(shared_memory, is_given_to_so_many_and_the_others_go_on_over_their_sockets) {
  start();
  std::vector<std::unique_ptr<proxy<neighbour>>> all;
  for (std::size_t i = 0; i < shared_ring::made_most + 5; ++i) {
    all.push_back(std::make_unique<proxy<neighbour>>(where, looking()));
    warm_up(*all.back());
  }
  EXPECT_EQ(std::ranges::count_if(all, [](const auto& p) { return shares(*p); }), static_cast<int>(shared_ring::made_most));
  for (const auto& p : all) ASSERT_EQ(p->add(2, 2), 4);
}

// ---- callers that are cores themselves

/// Calls from a core, one after another and then large ones both ways at once.
task<> call_on_a_core(const proxy<neighbour>& p, const bytes& large, promise<std::string> said) {
  for (int i = 0; i < 100; ++i) {
    auto adding = async(p).add(i, 1);
    if (co_await adding != i + 1) co_return said.succeed("a wrong sum");
  }
  std::vector<future<std::size_t>> up;
  std::vector<future<bytes>> down;
  for (int i = 0; i < 5; ++i) {
    up.push_back(async(p).measure(large));
    down.push_back(async(p).blob(large.size()));
  }
  for (auto& each : up)
    if (co_await each != large.size()) co_return said.succeed("a wrong size");
  for (auto& each : down)
    if (co_await each != large) co_return said.succeed("a wrong blob");
  said.succeed("done");
}

TEST_P(shared_memory, carries_calls_from_a_core_that_wants_it) {
  start();
  for (const bool wants : {true, false}) {
    proxy_options options = looking();
    if (!wants) options.settings->shared_memory = 0;
    const proxy<neighbour> p(where, options);
    const bytes large = object.blob(1'500'000);
    cores_options how{.count = 1};
    how.each.backend = GetParam().backend;
    cores calling(how);
    promise<std::string> said;
    auto heard = said.get_future();
    calling.run_on(0, [&](core&) { spawn(call_on_a_core(p, large, std::move(said))); });
    EXPECT_EQ(heard.get(), "done");
    EXPECT_EQ(mapped(), wants ? 2u : 0u) << "both ends are in this process";
  }
}

TEST_P(shared_memory, of_a_core_is_lost_with_its_daemon) {
  start();
  const proxy<neighbour> p(where, looking());
  const bytes large = object.blob(100'000);
  cores_options how{.count = 1};
  how.each.backend = GetParam().backend;
  cores calling(how);
  promise<std::string> said;
  auto heard = said.get_future();
  calling.run_on(0, [&](core&) { spawn(call_on_a_core(p, large, std::move(said))); });
  EXPECT_EQ(heard.get(), "done");
  promise<std::string> failed;
  auto failure = failed.get_future();
  const auto fails = [](const proxy<neighbour>& to, promise<std::string> how_it_ends) -> task<> {
    auto sleeping = async(to).sleep_ms(300);
    try {
      co_await sleeping;
      how_it_ends.succeed("answered");
    } catch (const error& e) {
      how_it_ends.succeed(std::string(e.type()));
    }
  };
  calling.run_on(0, [&](core&) { spawn(fails(p, std::move(failed))); });
  std::this_thread::sleep_for(20ms);
  host.reset();
  const std::string end = failure.get();
  EXPECT_TRUE(end == "answered" || end == wire_class::connection_closed) << end;
  EXPECT_EQ(mapped(), 0u);
}

// ---- peers that are not what they should be

/// A raw peer that is one of ours as far as the daemon knows, and has asked for memory.
struct asking_peer {
  explicit asking_peer(const daemon& d) : peer(d) {
    peer.say(connect_frame("neighbour", {.type = message::connect, .flags = flag::metadata, .annotations = {{"ENGN", "1"}}}));
    auto box = box_for(*peer.hear()).value();
    peer.say(frame_of("", {.type = message::ping, .annotations = {{"ENGM", text_of(box.ticket())}}}));
    EXPECT_EQ(peer.hear()->type, message::ping);
    memory = box.take();
  }
  ~asking_peer() {
    if (memory >= 0) ::close(memory);
  }
  raw_peer peer;
  descriptor memory = -1;
};

TEST_P(shared_memory, may_be_declined) {
  start();
  asking_peer p(*host);
  ASSERT_GE(p.memory, 0);
  p.peer.say(call_frame("neighbour", "add", "(1,2)"));
  const auto said = p.peer.hear();
  ASSERT_TRUE(said.has_value());
  EXPECT_EQ(said->body(), value(3));
}

TEST_P(shared_memory, of_a_peer_that_spoils_it_harms_nobody_else) {
  start();
  log_capture log;
  proxy<neighbour> bystander(where, looking());
  warm_up(bystander);
  {
    asking_peer p(*host);
    ASSERT_GE(p.memory, 0);
    p.peer.say(std::string_view("\0", 1));
    void* const at = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, p.memory, 0);
    ASSERT_NE(at, MAP_FAILED);
    std::memset(at, 0xa5, 4096);
    ::munmap(at, 4096);
    p.peer.say(std::string_view("\0", 1));  // in case it sleeps
    EXPECT_TRUE(eventually([&] { return host->connections() == 1; })) << host->connections();
  }
  EXPECT_TRUE(eventually([&] { return log.has("Protocol error"); }));
  warm_up(bystander);
  EXPECT_TRUE(shares(bystander));
}

TEST_P(shared_memory, of_a_peer_that_rings_without_end_harms_nobody_else) {
  start();
  proxy<neighbour> bystander(where, looking());
  warm_up(bystander);
  asking_peer p(*host);
  for (int i = 0; i < 100; ++i) p.peer.say(std::string(1000, '\0'));
  warm_up(bystander);
  EXPECT_EQ(host->connections(), 2u);
}

TEST_P(shared_memory, is_not_promised_to_who_is_none_of_ours) {
  start();
  raw_peer p(*host);
  p.say(connect_frame("neighbour"));
  EXPECT_FALSE(p.hear()->has("ENGM"));
  p.say(frame_of("", {.type = message::ping, .annotations = {{"ENGM", std::string(32, 'x')}}}));
  EXPECT_EQ(p.hear()->type, message::ping);
}

TEST_P(shared_memory, of_who_goes_with_much_on_its_way_to_it_is_given_back) {
  start();
  for (const std::size_t size : {900'000u, 30'000'000u}) {
    asking_peer p(*host);
    ASSERT_GE(p.memory, 0);
    p.peer.say(std::string_view("\0", 1));
    auto ring = shared_ring::open(p.memory).value();
    const std::string call = call_frame("neighbour", "blob", "(" + std::to_string(size) + ",)");
    const iovec part{const_cast<char*>(call.data()), call.size()};
    ASSERT_EQ(ring.write(std::span(&part, 1)), call.size());
    p.peer.say(std::string_view("\0", 1));
    ASSERT_TRUE(eventually([&] { return ring.readable(); }));
    if (size > 1'000'000) p.peer.vanish();
    else p.peer.shutdown_writing();  // and does not read either
    EXPECT_TRUE(eventually([&] { return host->connections() == 0; }, 5s)) << size;
    EXPECT_TRUE(eventually([&] { return mapped() == 1; })) << "only ours";
  }
}

TEST_P(shared_memory, of_a_caller_that_gives_up_waiting_for_much_is_given_back) {
  start();
  {
    proxy<neighbour> p(where, looking());
    warm_up(p);
    set_timeout(p, 5ms);
    EXPECT_THROW(static_cast<void>(p.blob(60'000'000)), timed_out);
    EXPECT_TRUE(eventually([&] { return host->connections() == 0; }, 5s));
  }
  EXPECT_TRUE(eventually([&] { return mapped() == 0; }));
}

void write_line(int pipe, const std::string& text) {
  const std::string line = text + '\n';
  EXPECT_EQ(::write(pipe, line.data(), line.size()), static_cast<ssize_t>(line.size()));
}

std::string line_from(int pipe) {
  std::string text;
  for (char c; ::read(pipe, &c, 1) == 1 && c != '\n';) text += c;
  return text;
}

/// A process of its own that does `work` and nothing else, made before this one has threads.
class child {
 public:
  explicit child(const std::function<void(int from_parent, int to_parent)>& work) {
    int down[2], up[2];
    EXPECT_TRUE(::pipe(down) == 0 && ::pipe(up) == 0);
    process_ = ::fork();
    if (process_ == 0) {
      try {
        work(down[0], up[1]);
      } catch (const std::exception& e) {
        write_line(up[1], std::string("failed: ") + e.what());
      }
      ::_exit(0);
    }
    to_ = down[1];
    from_ = up[0];
    ::close(down[0]);
    ::close(up[1]);
  }
  ~child() {
    kill();
    ::close(to_);
    ::close(from_);
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  void say(const std::string& text) { write_line(to_, text); }
  std::string hear() { return line_from(from_); }
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(std::exchange(process_, -1), nullptr, 0);
  }

 private:
  pid_t process_ = -1;
  int to_ = -1, from_ = -1;
};

TEST_P(shared_memory, of_a_caller_that_is_killed_is_given_back) {
  child caller([](int from_parent, int to_parent) {
    proxy<neighbour> p(uri(line_from(from_parent)), looking());
    warm_up(p);
    const bytes large(5'000'000);
    write_line(to_parent, shares(p) ? "shares" : "does not share");
    for (;;) static_cast<void>(p.measure(large));
  });
  child listener([](int from_parent, int to_parent) {
    proxy<neighbour> p(uri(line_from(from_parent)), looking());
    warm_up(p);
    write_line(to_parent, shares(p) ? "shares" : "does not share");
    for (;;) static_cast<void>(p.blob(30'000'000));
  });
  start();
  listener.say(where.to_string());
  EXPECT_EQ(listener.hear(), "shares");
  std::this_thread::sleep_for(20ms);
  listener.kill();
  EXPECT_TRUE(eventually([&] { return host->connections() == 0; }, 5s));
  caller.say(where.to_string());
  EXPECT_EQ(caller.hear(), "shares");
  proxy<neighbour> bystander(where, looking());
  warm_up(bystander);
  EXPECT_EQ(host->connections(), 2u);
  EXPECT_EQ(mapped(), 3u);
  caller.kill();
  EXPECT_TRUE(eventually([&] { return host->connections() == 1; }));
  EXPECT_EQ(mapped(), 2u);
  warm_up(bystander);
}

TEST_P(shared_memory, of_a_daemon_that_is_killed_fails_its_callers) {
  const setting how = GetParam();
  child hosting([how](int from_parent, int to_parent) {
    auto options = on_loopback(how.cores);
    options.settings = looking_settings();
    options.settings->backend = how.backend;
    listen_by(options, how, line_from(from_parent));
    neighbour object;
    daemon host(options);
    write_line(to_parent, host.expose(object, "neighbour").to_string());
    host.run();
  });
  hosting.say(abstract_name("killed"));
  const uri there(hosting.hear());
  proxy<neighbour> calling(there, looking()), waiting(there, looking()), sending(there, looking());
  warm_up(calling);
  warm_up(waiting);
  warm_up(sending);
  ASSERT_TRUE(shares(calling) && shares(waiting) && shares(sending));
  std::thread asleep([&] { EXPECT_THROW(waiting.sleep_ms(20'000), connection_closed); });
  std::thread busy([&] {
    const bytes large(20'000'000);
    EXPECT_THROW(for (;;) static_cast<void>(sending.measure(large)), unreachable);  // connection_closed, unless it ended between two calls
  });
  std::this_thread::sleep_for(50ms);
  hosting.kill();
  EXPECT_THROW(for (;;) calling.add(1, 1), unreachable);
  asleep.join();
  busy.join();
}

TEST_P(shared_memory, is_not_given_for_a_ticket_of_nobody) {
  start();
  for (const std::string& ticket : {std::string(), std::string("short"), std::string(32, 'x'), std::string(1000, 'x')}) {
    raw_peer p(*host);
    p.say(connect_frame("neighbour", {.type = message::connect, .flags = flag::metadata, .annotations = {{"ENGN", "1"}}}));
    EXPECT_EQ(p.hear()->type, message::connect_ok);
    p.say(frame_of("", {.type = message::ping, .annotations = {{"ENGM", ticket}}}));
    EXPECT_EQ(p.hear()->type, message::ping);
    p.say(call_frame("neighbour", "add", "(1,2)"));
    EXPECT_EQ(p.hear()->body(), value(3));
    EXPECT_EQ(mapped(), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(, shared_memory,
                         testing::Values(setting{backend_choice::automatic, 1, false}, setting{backend_choice::epoll, 1, false}, setting{backend_choice::automatic, 2, false},
                                         setting{backend_choice::automatic, 1, true}, setting{backend_choice::epoll, 2, true}),
                         [](const auto& of) {
                           return std::string(of.param.backend == backend_choice::epoll ? "epoll_" : "automatic_") + std::to_string(of.param.cores) + (of.param.tcp ? "_tcp" : "_unix");
                         });

/// Passes bytes on between a caller and a daemon, as a tunnel does, and counts them.
class relay {
 public:
  explicit relay(std::uint16_t to) : listening_(open_listener(address::numeric("127.0.0.1", 0).value(), {}, true).value()), run_([this, to] { run(to); }) {}
  ~relay() { run_.join(); }
  std::uint16_t port() const { return local_address_of(listening_).port(); }
  std::size_t passed() const { return passed_; }

 private:
  void run(std::uint16_t to) {
    const int near = ::accept(listening_, nullptr, nullptr), far = open_socket(AF_INET, true).value();
    const address where = address::numeric("127.0.0.1", to).value();
    EXPECT_EQ(::connect(far, where.data(), where.size()), 0);
    std::thread back([&] { pass_on(far, near); });
    pass_on(near, far);
    back.join();
    for (const int each : {near, far, listening_}) ::close(each);
  }
  void pass_on(int from, int to) {
    char bytes[4096];
    for (ssize_t n; (n = ::recv(from, bytes, sizeof bytes, 0)) > 0 && ::send(to, bytes, static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;) passed_ += static_cast<std::size_t>(n);
    ::shutdown(to, SHUT_WR);
  }
  std::atomic<std::size_t> passed_{0};
  descriptor listening_;
  std::thread run_;
};

TEST(shared_memory_through_a_tunnel, is_used_where_it_leads_to_the_same_machine) {
  neighbour object;
  auto options = on_loopback();
  options.settings = looking_settings();
  daemon host(options);
  host.expose(object, "neighbour");
  relay between(host.port());
  proxy<neighbour> p(uri("PYRO:neighbour@127.0.0.1:" + std::to_string(between.port())), looking());
  for (int i = 0; i < 40; ++i) ASSERT_EQ(p.add(i, 1), i + 1);
  EXPECT_TRUE(shares(p));
  const std::size_t before = between.passed();
  const bytes large = object.blob(1'000'000);
  EXPECT_EQ(p.measure(large), large.size());
  EXPECT_LT(between.passed() - before, 1000u) << "only bells go through it";
}

}  // namespace
}  // namespace engine::test
