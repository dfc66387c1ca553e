// Which backend is chosen and what is said about it: by probing, by ENGINE_BACKEND, by force; and under a seccomp filter that
// refuses io_uring as container runtimes do, where everything must still work.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include "../../support/block_io_uring.hpp"
#include "../../support/worlds.hpp"
#include "recorded.hpp"

namespace engine {
namespace {

using namespace testing_support;

/// ENGINE_BACKEND for the time of a test.
class environment {
 public:
  explicit environment(const char* value) {
    if (const char* said = std::getenv("ENGINE_BACKEND")) before_ = said;
    if (value) ::setenv("ENGINE_BACKEND", value, 1);
    else ::unsetenv("ENGINE_BACKEND");
  }
  ~environment() {
    if (before_) ::setenv("ENGINE_BACKEND", before_->c_str(), 1);
    else ::unsetenv("ENGINE_BACKEND");
  }
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;

 private:
  std::optional<std::string> before_{};
};

bool have_uring() { return refusal(world::uring).empty(); }

/// Whether bytes go there and back through it.
bool echoes(backend& io) {
  recorded accepting, connecting, sending, receiving;
  completions batch;
  const auto until_finished = [&](const recorded& op, std::size_t count = 1) {
    for (const time_point limit = io.now() + patience; op.results.size() < count && io.now() < limit;) {
      io.wait(limit, batch);
      for (completion& c : batch) c.run();
      batch.clear();
    }
    return op.last();
  };
  const descriptor listener = io.listen(loopback(), {}).value();
  const address where = io.local_address(listener);
  io.accept(listener, accepting.go());
  io.connect(where, connecting.go());
  const descriptor near = until_finished(connecting), far = until_finished(accepting);
  const iovec question[] = {part("there and back")};
  io.send(near, question, sending.go());
  io.receive(far, receiving.go());
  until_finished(sending);
  until_finished(receiving);
  recorded answering, hearing;
  const iovec answer[] = {part(receiving.text)};
  io.receive(near, hearing.go());
  io.send(far, answer, answering.go());
  until_finished(answering);
  until_finished(hearing);
  for (const descriptor d : {near, far, listener}) io.close(d);
  until_finished(accepting, 2);
  return hearing.text == "there and back";
}

TEST(Choose, takes_io_uring_where_the_kernel_has_it) {
  if (!have_uring()) GTEST_SKIP() << refusal(world::uring);
  const environment none(nullptr);
  buffer_pool pool(8, 4096);
  auto chosen = choose_backend({}, pool);
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(chosen->backend->name(), "io_uring");
  EXPECT_TRUE(chosen->why.starts_with("io: io_uring (")) << chosen->why;
  EXPECT_TRUE(echoes(*chosen->backend));
}

TEST(Choose, takes_epoll_when_asked_to) {
  const environment none(nullptr);
  buffer_pool pool(8, 4096);
  auto chosen = choose_backend({.choice = backend_choice::epoll}, pool);
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(chosen->backend->name(), "epoll");
  EXPECT_EQ(chosen->why, "io: epoll, as asked for");
  EXPECT_TRUE(echoes(*chosen->backend));
}

TEST(Choose, obeys_the_environment_before_the_setting) {
  buffer_pool pool(8, 4096);
  {
    const environment forced("epoll");
    EXPECT_EQ(choose_backend({.choice = backend_choice::uring}, pool).value().backend->name(), "epoll");
  }
  if (!have_uring()) GTEST_SKIP() << refusal(world::uring);
  for (const char* name : {"io_uring", "uring", "auto"}) {
    const environment forced(name);
    EXPECT_EQ(choose_backend({.choice = backend_choice::epoll}, pool).value().backend->name(), "io_uring") << name;
  }
  const environment empty("");
  EXPECT_EQ(choose_backend({.choice = backend_choice::epoll}, pool).value().backend->name(), "epoll");
}

TEST(Choose, refuses_a_name_it_does_not_know) {
  const environment forced("kqueue");
  buffer_pool pool(8, 4096);
  const auto chosen = choose_backend({}, pool);
  ASSERT_FALSE(chosen.has_value());
  EXPECT_EQ(chosen.error().code, EINVAL);
  EXPECT_NE(chosen.error().to_string().find("ENGINE_BACKEND"), std::string::npos);
}

/// Runs `f` where io_uring is refused with `error`; skips where no filter can be had.
void where_refused(int error, const std::function<bool()>& f) {
  const int result = without_io_uring(error, [&] {
    ::unsetenv("ENGINE_BACKEND");
    return f() ? 0 : 1;
  });
  if (result == no_filter) GTEST_SKIP() << "no seccomp filter can be installed here";
  EXPECT_EQ(result, 0);
}

/// In the child, where gtest's own words get lost.
bool expect(bool held, const std::string& what) {
  if (!held) std::cerr << "not so: " << what << std::endl;
  return held;
}

void falls_back(int error, const std::string& name, const std::string& cause) {
  where_refused(error, [&] {
    buffer_pool pool(8, 4096);
    auto chosen = choose_backend({}, pool);
    if (!expect(chosen.has_value(), "something is chosen")) return false;
    const std::string& why = chosen->why;
    return expect(chosen->backend->name() == "epoll", "epoll is chosen") &&
           expect(why.starts_with("io: epoll, because io_uring_setup: " + name), why) &&
           expect(why.find(cause) != std::string::npos, why) && expect(why.find('\n') == std::string::npos, "one line") &&
           expect(echoes(*chosen->backend), "it works");
  });
}

TEST(ChooseWithoutUring, falls_back_to_epoll_in_a_container_and_says_why) {
  falls_back(EPERM, "Operation not permitted", "seccomp");
}

TEST(ChooseWithoutUring, falls_back_to_epoll_on_an_old_kernel_and_says_why) {
  falls_back(ENOSYS, "Function not implemented", "seccomp");  // which is the truth here
}

TEST(ChooseWithoutUring, never_falls_back_when_forced) {
  where_refused(EPERM, [] {
    buffer_pool pool(8, 4096);
    const auto chosen = choose_backend({.choice = backend_choice::uring}, pool);
    return expect(!chosen.has_value(), "a forced backend that is refused is an error") &&
           expect(chosen.error().code == EPERM, chosen.error().to_string());
  });
  where_refused(EPERM, [] {
    const environment forced("io_uring");
    buffer_pool pool(8, 4096);
    return expect(!choose_backend({}, pool).has_value(), "ENGINE_BACKEND is as strict");
  });
}

TEST(ChooseWithoutUring, leaves_the_pool_whole_for_the_next_try) {
  where_refused(EPERM, [] {
    buffer_pool pool(8, 4096);
    if (make_uring_backend(pool)) return false;
    std::uint32_t buffer, free = 0;
    while (pool.take(buffer)) ++free;
    return expect(free == 8, "every buffer is still there");
  });
}

}  // namespace
}  // namespace engine
