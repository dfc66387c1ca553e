// SIGINT and SIGTERM end a daemon in order: the running call is answered, the program goes on behind run() and exits with 0. And the
// latch behind it, by itself.
#include <engine/object/signals.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

#include "object_support.hpp"

namespace engine::test {

struct held {
  int wait_for_input();
};
ENGINE_EXPOSE(held, wait_for_input)

namespace {

/// The program beside this test, with its standard input and output in our hands.
class child {
 public:
  child() {
    int to[2], from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(to[0], 0);
      ::dup2(from[1], 1);
      ::execl(SIGNALLED, SIGNALLED, nullptr);
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    to_ = to[1];
    from_ = from[0];
  }
  ~child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(to_);
    ::close(from_);
  }
  std::string line() {
    std::string text;
    for (char c; ::read(from_, &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }
  void let_go() { EXPECT_EQ(::write(to_, "x", 1), 1); }
  void signal(int number) { ::kill(pid_, number); }
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }

 private:
  pid_t pid_;
  int to_ = -1, from_ = -1;
};

class signals : public testing::TestWithParam<int> {};

TEST_P(signals, finish_the_running_call_and_end_the_program_cleanly) {
  child program;
  proxy<held> p(program.line(), quiet_proxy());
  int answer = 0;
  std::jthread caller([&] { answer = p.wait_for_input(); });
  ASSERT_EQ(program.line(), "entered");
  program.signal(GetParam());
  std::this_thread::sleep_for(20ms);  // run() has returned by now, most likely, and waits for the call
  program.let_go();
  caller.join();
  EXPECT_EQ(answer, 42);
  EXPECT_EQ(program.line(), "ended with 0 connections");
  const int status = program.wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_P(signals, end_an_idle_program_with_clients) {
  child program;
  proxy<held> p(program.line(), quiet_proxy());
  connect(p);
  program.signal(GetParam());
  EXPECT_EQ(program.line(), "ended with 0 connections");
  EXPECT_EQ(program.wait(), 0);
}

TEST_P(signals, a_second_one_does_not_wait) {
  child program;
  proxy<held> p(program.line(), quiet_proxy());
  std::jthread caller([&] { EXPECT_THROW(p.wait_for_input(), unreachable); });
  ASSERT_EQ(program.line(), "entered");
  program.signal(GetParam());
  std::this_thread::sleep_for(20ms);
  program.signal(GetParam());
  const int status = program.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == GetParam()) << status;
}

INSTANTIATE_TEST_SUITE_P(, signals, testing::Values(SIGINT, SIGTERM), [](const auto& of) { return of.param == SIGINT ? "SIGINT" : "SIGTERM"; });

TEST(stop_signals, are_latches) {
  stop_signal s;
  std::jthread other([&] { s.notify(); });
  s.wait();
  s.wait();
}

TEST(stop_signals, a_programs_own_handlers_stay) {
  static volatile sig_atomic_t seen = 0;
  const auto before = ::signal(SIGTERM, [](int) { seen = 1; });
  {
    stop_signal s;
    const signal_guard guard(s);
    ::raise(SIGTERM);
    EXPECT_EQ(seen, 1);
    ::raise(SIGINT);
    s.wait();
  }
  struct sigaction now{};
  ::sigaction(SIGINT, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
  ::signal(SIGTERM, before);
}

}  // namespace
}  // namespace engine::test
