// The stage of the simulation: one server with its cores, several client machines, all on one thread over one simulated network.
// The seed decides who runs next, who is kept busy for a while, and everything the network does; the clock moves when nobody has
// anything to do. What clients do is in caller.hpp and stranger.hpp, what a whole drawn story is in story.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <engine/io/simulated.hpp>
#include <engine/object/server.hpp>

namespace engine::simulation {

using namespace std::chrono_literals;

struct world_options {
  std::uint64_t seed = 1;
  engine::faults faults{};
  std::size_t server_cores = 1;
  std::size_t machines = 1;   ///< client hosts, one core each
  std::size_t buffer_size = 0;  ///< of every core's receive buffers, 0: drawn
  double busy = 0;            ///< odds, per core and round, that it is kept busy for up to 5 ms: its completions come in heaps
  engine::settings settings{};
};

class world {
 public:
  explicit world(const world_options&);
  /// at_rest() must be true.
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  simulated_network& network() { return network_; }
  seeded_random& random() { return network_.random(); }
  hosting& host() { return host_; }
  engine::server& server() { return server_; }
  const address& where() const { return where_; }
  core& server_core(std::size_t i) { return *cores_[i]; }
  core& machine(std::size_t i) { return *cores_[server_.size() + i]; }
  std::size_t machines() const { return cores_.size() - server_.size(); }
  std::span<const std::unique_ptr<core>> cores() const { return cores_; }
  time_point now() const { return network_.now(); }

  /// Core 0 of the server listens on where() when this returns.
  void listen();
  /// As a daemon ends: no more connections, those that are open are closed.
  void stop();

  /// Runs until the clock is there; false: it took more rounds than anything sensible can.
  bool run_until(time_point);
  bool run_for(std::chrono::nanoseconds d) { return run_until(now() + d); }
  /// Runs until nothing will ever happen again.
  bool run_until_idle() { return run_until(time_point::max()); }

  /// The server has ended and no core holds a buffer.
  bool at_rest() const;

 private:
  bool run_round();
  bool is_busy(std::size_t core);
  time_point next_change() const;

  simulated_network network_;
  std::vector<std::unique_ptr<core>> cores_{};  // the server's first
  std::vector<std::size_t> order_{};            // in which they ran last
  std::vector<time_point> busy_until_{};
  double busy_;
  hosting host_{};
  engine::server server_;
  address where_;
  std::size_t rounds_ = 0;
};

}  // namespace engine::simulation
