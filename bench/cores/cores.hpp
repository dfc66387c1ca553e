// Two clients with bursts of calls in flight, against a server with one core (one_core) or two (two_cores). Servers and clients share the cores of
// the machine, so on two of them calls per second say more about the clients and the scheduler than about the server. What a server loses by its second
// core is seen in the calls that a second of its own processor time yields: calls_per_core_s.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include <bench/common/background.hpp>
#include <bench/common/measure.hpp>
#include <bench/common/processor_time.hpp>

namespace bench {

/// What both have done until now.
inline std::uint64_t done_by(const background& one, const background& other) { return one.done() + other.done(); }

/// `connect()` makes a connection and gives the function that makes `burst` calls through it. Setting: `server_pid`. Prints the line.
template <class Connect> void cores_load(const arguments& given, std::uint64_t answer, std::size_t burst, Connect connect) {
  const auto sleep = [&given](const char* setting, double otherwise) {
    std::this_thread::sleep_for(std::chrono::duration<double>(given.number(setting, otherwise)));
  };
  background one(connect), other(connect);
  while (one.alive() && other.alive() && (one.done() == 0 || other.done() == 0)) std::this_thread::yield();
  sleep("warm", 0.2);
  const std::string server = given.text("server_pid", "");
  const std::uint64_t worked = processor_ns(server), began = now_ns(), before = done_by(one, other);
  do sleep("secs", 0.5);
  while (one.alive() && other.alive() && done_by(one, other) == before);
  const std::uint64_t calls = (done_by(one, other) - before) * burst, took = now_ns() - began, work = processor_ns(server) - worked;
  one.stop();
  other.stop();
  char more[64];
  std::snprintf(more, sizeof more, R"(,"calls_per_core_s":%.1f)", static_cast<double>(calls) * 1e9 / static_cast<double>(std::max<std::uint64_t>(work, 1)));
  print({.value = static_cast<double>(calls) * 1e9 / static_cast<double>(took), .unit = "calls/s", .answer = answer, .operations = calls, .workload = given.workload(), .more = more});
}

}  // namespace bench
