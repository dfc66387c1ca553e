// One backend of whichever world, talking to itself: every test of the seam's words starts from here.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "../../support/worlds.hpp"
#include "recorded.hpp"

namespace engine::testing_support {

class backend_test : public ::testing::TestWithParam<world> {
 protected:
  void SetUp() override {
    if (const std::string why = refusal(GetParam()); !why.empty()) GTEST_SKIP() << why;
    open(16, 4096);
  }
  /// A new backend with a pool of its own; what the old one had is gone.
  void open(std::uint32_t buffers, std::size_t buffer_size) {
    io.reset();
    pool = std::make_unique<buffer_pool>(buffers, buffer_size);
    io = maker.make(*pool);
  }

  bool simulated() const { return GetParam() == world::simulated; }
  /// An operation that lives as long as the test.
  recorded& operation() { return operations.emplace_back(); }

  void pass(time_point until) {
    io->wait(until, batch);
    for (completion& c : batch) c.run();
    batch.clear();
  }
  template <class Done> bool until(Done done) {
    const time_point limit = io->now() + patience;
    while (!done()) {
      if (io->now() >= limit) return false;
      pass(limit);
    }
    return true;
  }
  bool finish(const recorded& op) {
    return until([&] { return !op.outstanding; });
  }
  /// For a receive_into() that may wait for more than comes: lets what is under way arrive, then ends it with what there is.
  void finish_or_cancel(recorded& op) {
    rest(std::chrono::milliseconds(20));
    if (op.outstanding) io->cancel(op);
    EXPECT_TRUE(finish(op));
  }
  /// Lets everything happen that happens by itself.
  void rest(std::chrono::milliseconds d) {
    for (const time_point end = io->now() + d; io->now() < end;) pass(end);
  }

  struct stream {
    descriptor near = -1, far = -1, listener = -1;
    recorded* accepting = nullptr;
  };
  descriptor listen(const address& where, const listen_options& options = {}) {
    const auto made = io->listen(where, options);
    EXPECT_TRUE(made.has_value()) << made.error().to_string();
    return made.value_or(-1);
  }
  descriptor connect(const address& where) {
    recorded& connecting = operation();
    io->connect(where, connecting.go());
    EXPECT_TRUE(finish(connecting));
    return connecting.last();
  }
  stream connected(const address& where = loopback()) {
    stream s;
    s.listener = listen(where);
    s.accepting = &operation();
    io->accept(s.listener, s.accepting->go());
    s.near = connect(io->local_address(s.listener));
    EXPECT_GE(s.near, 0);
    EXPECT_TRUE(until([&] { return !s.accepting->results.empty(); }));
    s.far = s.accepting->last();
    EXPECT_GE(s.far, 0);
    return s;
  }
  /// One more stream over the same listener.
  std::pair<descriptor, descriptor> one_more(stream& s) {
    const std::size_t before = s.accepting->results.size();
    const descriptor near = connect(io->local_address(s.listener));
    EXPECT_TRUE(until([&] { return s.accepting->results.size() > before; }));
    return {near, s.accepting->last()};
  }

  /// Sends all of `text`, in as many sends as it takes.
  void say(descriptor d, std::string_view text) {
    while (!text.empty()) {
      recorded& sending = operation();
      const iovec parts[] = {part(text)};
      io->send(d, parts, sending.go());
      ASSERT_TRUE(finish(sending));
      ASSERT_GT(sending.last(), 0);
      text.remove_prefix(static_cast<std::size_t>(sending.last()));
    }
  }
  /// Receives until `size` bytes are there, or the end of the stream.
  std::string hear(descriptor d, std::size_t size) {
    recorded receiving;
    while (receiving.text.size() < size) {
      io->receive(d, receiving.go());
      if (!finish(receiving)) ADD_FAILURE() << "nothing arrived";
      if (receiving.last() <= 0) break;
    }
    return receiving.text;
  }
  /// The result of a receive that brings no bytes: 0 or a negative errno.
  int ending(descriptor d) {
    recorded& receiving = operation();
    io->receive(d, receiving.go());
    EXPECT_TRUE(finish(receiving));
    return receiving.last();
  }

  // The backend goes first: what it was still asked to do is dropped with it.
  backend_maker maker{GetParam()};
  std::deque<recorded> operations{};
  std::unique_ptr<buffer_pool> pool{};
  std::unique_ptr<backend> io{};
  completions batch{};
};

/// A descriptor of somebody else's: an eventfd, or what the simulated network has instead.
class foreign {
 public:
  explicit foreign(simulated_network* network)
      : network_(network), descriptor_(network ? network->make_foreign() : ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~foreign() {
    if (!network_) ::close(descriptor_);
  }
  foreign(const foreign&) = delete;
  foreign& operator=(const foreign&) = delete;

  descriptor get() const { return descriptor_; }
  void make_readable() {
    const std::uint64_t one = 1;
    if (network_) return network_->make_readable(descriptor_);
    EXPECT_EQ(::write(descriptor_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  }
  void read() {
    std::uint64_t count;
    if (network_) return;
    EXPECT_EQ(::read(descriptor_, &count, sizeof count), static_cast<ssize_t>(sizeof count));
  }

 private:
  simulated_network* network_;
  descriptor descriptor_;
};

/// Bytes that tell where they belong.
inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 7 + (i >> 8) * 13 + (i >> 16)) & 0xff);
  return text;
}

}  // namespace engine::testing_support
