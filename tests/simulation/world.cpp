// See world.hpp.
#include "world.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <string>

namespace engine::simulation {

namespace {

constexpr std::size_t rounds_max = 300'000;
constexpr std::uint64_t busy_max = 5'000'000;  // nanoseconds

/// `sibling`: a core of the same process, null: it is a process of its own.
std::unique_ptr<core> make_core(simulated_network& network, core* sibling, std::size_t wanted_size, std::string name) {
  // One draw per statement: compilers evaluate arguments in different orders.
  const std::uint32_t buffers = 4u << network.random().below(4);
  const std::size_t drawn_size = std::size_t{512} << network.random().below(7);
  const std::size_t buffer_size = wanted_size > 0 ? wanted_size : drawn_size;
  auto pool = std::make_unique<buffer_pool>(buffers, buffer_size);
  auto backend = sibling ? network.make_sibling(sibling->io(), *pool, std::move(name)) : network.make_backend(*pool, std::move(name));
  return std::make_unique<core>(core_options{.spin = std::chrono::microseconds(0)}, std::move(pool), std::move(backend));
}

}  // namespace

world::world(const world_options& options)
    : network_(options.seed, options.faults), busy_(options.busy), server_(host_, {}), where_(address::numeric("10.0.0.1", 7000).value()) {
  host_.settings = options.settings;
  host_.accepted = {"serpent", "msgpack"};
  for (std::size_t i = 0; i < options.server_cores; ++i)
    cores_.push_back(make_core(network_, i == 0 ? nullptr : cores_.front().get(), options.buffer_size, "server" + std::to_string(i)));
  for (std::size_t i = 0; i < options.machines; ++i) cores_.push_back(make_core(network_, nullptr, options.buffer_size, "machine" + std::to_string(i)));
  for (std::size_t i = 0; i < options.server_cores; ++i) server_.add_core(*cores_[i]);
  order_.resize(cores_.size());
  std::iota(order_.begin(), order_.end(), 0);
  busy_until_.resize(cores_.size(), time_point::min());
}

world::~world() { assert(at_rest()); }

bool world::at_rest() const {
  return server_.idle() && std::ranges::all_of(cores_, [](const auto& c) { return c->buffers().in_use() == 0; });
}

void world::listen() {
  server_core(0).post([this] {
    [[maybe_unused]] const auto bound = server_.listen(0, where_, {});
    assert(bound && *bound == where_);
  });
  server_core(0).run_once(time_point::min());
}

void world::stop() {
  server_.stop_listening();
  for (std::size_t i = 0; i < server_.size(); ++i) server_core(i).post([this, i] { server_.close_connections(i); });
}

// ---- time

bool world::is_busy(std::size_t i) {
  if (busy_until_[i] > now()) return true;
  if (!random().chance(busy_)) return false;
  busy_until_[i] = now() + std::chrono::nanoseconds(1 + random().below(busy_max));
  return true;
}

/// Every core that is not busy runs one pass; whether anything was done.
bool world::run_round() {
  ++rounds_;
  for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random().below(i)]);
  bool any = false;
  for (const std::size_t i : order_)
    if (!is_busy(i)) any = cores_[i]->run_once() || any;
  return any;
}

/// When somebody can next do something that he cannot do now.
time_point world::next_change() const {
  time_point next = network_.next_event();
  const bool somebody_waits = next <= now();
  if (somebody_waits) next = time_point::max();
  for (const time_point until : busy_until_)
    if (until > now()) next = std::min(next, until);
  return somebody_waits && next == time_point::max() ? now() : next;
}

bool world::run_until(time_point end) {
  // A pass in which only a timer went off looks idle, and what it armed is known to the network after the next one.
  for (int idle_rounds = 0; rounds_ < rounds_max;) {
    idle_rounds = run_round() ? 0 : idle_rounds + 1;
    if (idle_rounds < 2) continue;
    const time_point next = std::min(next_change(), end);
    if (next == time_point::max()) return true;
    if (next <= now()) continue;
    network_.advance_to(next);
    if (next == end) return true;
    idle_rounds = 0;
  }
  return false;
}

}  // namespace engine::simulation
