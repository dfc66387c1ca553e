// What the tests of the simulated network share: a host with its pool, and a driver that lets the seed decide which host runs
// next.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <engine/io/simulated.hpp>

#include "recorded.hpp"

namespace engine::testing_support {

struct host {
  buffer_pool pool;
  std::unique_ptr<backend> io;
  completions batch{};

  host(simulated_network& network, const std::string& name, std::uint32_t buffers = 16, std::size_t buffer_size = 4096)
      : pool(buffers, buffer_size), io(network.make_backend(pool, name)) {}

  /// One pass; whether anything finished.
  bool run(time_point until = time_point::max()) {
    io->wait(until, batch);
    for (completion& c : batch) c.run();
    const bool any = !batch.empty();
    batch.clear();
    return any;
  }
};

/// Runs hosts in drawn order and moves the clock when all are idle, until nothing is left to happen. False: gave up.
inline bool run_until_idle(simulated_network& network, std::vector<host*> hosts, int steps_max = 200'000) {
  for (int step = 0; step < steps_max; ++step) {
    bool any = false;
    for (std::size_t i = hosts.size(); i > 1; --i) std::swap(hosts[i - 1], hosts[network.random().below(i)]);
    for (host* h : hosts) any = h->run() || any;
    const time_point next = network.next_event();
    if (any || next <= network.now()) continue;
    if (next == time_point::max()) return true;
    network.advance_to(next);
  }
  return false;
}

/// Two hosts, a listener, and a stream between them.
struct connected_pair {
  simulated_network network;
  host server{network, "server"};
  host client{network, "client"};
  recorded accepting, connecting;
  descriptor listener = -1, near = -1, far = -1;
  address where = address::numeric("10.0.0.1", 7000).value();

  explicit connected_pair(std::uint64_t seed = 1, const faults& wanted = {}) : network(seed) {
    listener = server.io->listen(where, {}).value();
    server.io->accept(listener, accepting.go());
    client.io->connect(where, connecting.go());
    settle();
    near = connecting.last();
    far = accepting.last();
    network.set_faults(wanted);
  }
  ~connected_pair() {
    server.io->cancel(accepting);
    settle();
  }
  void settle() { EXPECT_TRUE(run_until_idle(network, {&server, &client})); }
};

}  // namespace engine::testing_support
