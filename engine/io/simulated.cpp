// See simulated.hpp. The network: clock, addresses, listeners, streams, log. What a host asks of it is in simulated_backend.cpp.
#include <engine/io/simulated.hpp>

#include <netinet/in.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include <engine/io/simulated_backend.hpp>

namespace engine {

namespace {

// Far from real descriptors, so that one handed to a system call by mistake fails instead of hitting somebody's file.
constexpr descriptor first_descriptor = 10'000;
constexpr std::uint16_t first_ephemeral_port = 49'152;
constexpr std::uint64_t fnv_start = 0xcbf29ce484222325, fnv_prime = 0x100000001b3;
constexpr std::size_t log_bytes_max = 512 * 1024;

bool is_wildcard(const address& a) { return a.host() == "0.0.0.0" || a.host() == "::"; }
bool is_loopback(const address& a) { return a.host() == "::1" || a.host().starts_with("127."); }

/// Whether somebody who calls `target` reaches a listener at `bound`: 0.0.0.0 stands for every host, on both sides.
bool reaches(const address& target, const address& bound) {
  if (target.family() != bound.family()) return false;
  if (target.is_unix()) return target == bound;
  return target.port() == bound.port() && (target.host() == bound.host() || is_wildcard(target) || is_wildcard(bound));
}

address with_port(const address& a, std::uint16_t port) {
  sockaddr_storage storage{};
  std::memcpy(&storage, a.data(), a.size());
  // The port sits at the same place for both families.
  reinterpret_cast<sockaddr_in*>(&storage)->sin_port = htons(port);
  return address::from(storage, a.size());
}

address unnamed_unix() {
  sockaddr_storage storage{};
  storage.ss_family = AF_UNIX;
  return address::from(storage, sizeof(sa_family_t));
}

/// What `host` calls itself towards `target`.
address own_address(unsigned host, const address& target, std::uint16_t port) {
  if (target.is_unix()) return unnamed_unix();
  if (is_loopback(target)) return with_port(target, port);
  const std::string number = std::to_string(host % 250 + 1);
  return address::numeric((target.family() == AF_INET6 ? "fd00::" : "10.0.0.") + number, port).value_or(address{});
}

}  // namespace

std::uint64_t seeded_random::draw() {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

faults faults::drawn_from(std::uint64_t seed) {
  seeded_random random(seed ^ 0x66617573);  // not the network's own sequence
  const auto odds = [&](double most) { return random.chance(0.5) ? most * random.unit() : 0; };
  faults f;
  f.reset = odds(0.01);
  f.short_read = odds(1);
  f.short_write = odds(1);
  f.refuse_connect = odds(0.1);
  f.accept_error = odds(0.2);
  f.reorder = odds(1);
  f.exhaust_buffers = odds(0.3);
  f.delay = odds(0.3);
  f.late_cancel = odds(1);
  f.latency_min = std::chrono::nanoseconds(random.below(100'000));
  f.latency_max = f.latency_min + std::chrono::nanoseconds(random.below(1'000'000));
  f.delay_max = std::chrono::nanoseconds(1 + random.below(20'000'000));
  f.send_buffer = std::size_t{1} << random.between(8, 17);
  return f;
}

simulated_network::simulated_network(std::uint64_t seed, const faults& f)
    : seed_(seed),
      random_(seed),
      now_(std::chrono::hours(1)),  // not the epoch: callers subtract
      next_descriptor_(first_descriptor),
      next_port_(first_ephemeral_port),
      hash_(fnv_start) {
  set_faults(f);
}

simulated_network::~simulated_network() {
  assert(std::ranges::all_of(hosts_, [](auto* host) { return host == nullptr; }) && "a backend outlives its network");
}

void simulated_network::set_faults(const faults& f) {
  assert(f.send_buffer > 0 && f.latency_min.count() >= 0 && f.latency_min <= f.latency_max && f.delay_max.count() > 0);
  faults_ = f;
}

std::unique_ptr<backend> simulated_network::make_backend(buffer_pool& pool, std::string host_name) {
  return make_host(static_cast<unsigned>(hosts_.size()), pool, std::move(host_name));
}

std::unique_ptr<backend> simulated_network::make_sibling(const backend& of, buffer_pool& pool, std::string host_name) {
  const auto host = std::ranges::find(hosts_, &of, [](const simulated_backend* b) { return static_cast<const backend*>(b); });
  assert(host != hosts_.end() && "a backend of another network");
  return make_host(processes_[static_cast<std::size_t>(host - hosts_.begin())], pool, std::move(host_name));
}

std::unique_ptr<backend> simulated_network::make_host(unsigned process, buffer_pool& pool, std::string host_name) {
  const auto host = static_cast<unsigned>(hosts_.size());
  processes_.push_back(process);
  host_names_.push_back(std::move(host_name));
  hosts_.push_back(nullptr);
  auto made = std::make_unique<simulated_backend>(*this, pool, host);
  hosts_[host] = made.get();
  note(host, "born", -1, 0);
  return made;
}

void simulated_network::advance_to(time_point t) {
  assert(t >= now_ && t < time_point::max() && "the clock does not go back, and nobody waits for ever");
  now_ = t;
}

time_point simulated_network::next_event() const {
  time_point next = time_point::max();
  for (const simulated_backend* host : hosts_) {
    if (host) next = std::min(next, host->next_event());
  }
  return next;
}

std::uint64_t simulated_network::latency() {
  return random_.between(static_cast<std::uint64_t>(faults_.latency_min.count()), static_cast<std::uint64_t>(faults_.latency_max.count()));
}

descriptor simulated_network::make_foreign() {
  sockets_.emplace(next_descriptor_, socket{.kind = socket::sort::foreign, .host = 0});
  return next_descriptor_++;
}

void simulated_network::make_readable(descriptor foreign) {
  socket& s = at(foreign);
  assert(s.kind == socket::sort::foreign);
  s.readable = true;
}

simulated_network::socket& simulated_network::at(descriptor d) {
  const auto found = sockets_.find(d);
  assert(found != sockets_.end() && "a descriptor that is closed or was never one");
  return found->second;
}

const simulated_network::socket& simulated_network::at(descriptor d) const {
  return const_cast<simulated_network*>(this)->at(d);
}

std::uint16_t simulated_network::spare_port() {
  const std::uint16_t port = next_port_;
  next_port_ = next_port_ == 65'535 ? first_ephemeral_port : static_cast<std::uint16_t>(next_port_ + 1);
  return port;
}

std::expected<descriptor, io_error> simulated_network::listen(unsigned host, const address& where, const listen_options& options) {
  const address bound = !where.is_unix() && where.port() == 0 ? with_port(where, spare_port()) : where;
  for (const auto& [d, s] : sockets_) {
    const bool shared = s.reuse_port && options.reuse_port;
    if (s.kind == socket::sort::listener && reaches(bound, s.local) && !shared) return std::unexpected(io_error{EADDRINUSE, "bind"});
  }
  socket listener{.kind = socket::sort::listener, .host = host};
  listener.local = bound;
  listener.backlog_max = static_cast<std::size_t>(std::max(options.backlog, 1));
  listener.reuse_port = options.reuse_port;
  note(host, "listen", next_descriptor_, bound.port());
  sockets_.emplace(next_descriptor_, std::move(listener));
  return next_descriptor_++;
}

bool simulated_network::backlog_full(const address& target) const {
  bool any = false, room = false;
  for (const auto& [d, s] : sockets_) {
    if (s.kind != socket::sort::listener || !reaches(target, s.local)) continue;
    any = true;
    room = room || s.backlog.size() < s.backlog_max;
  }
  return any && !room;
}

std::expected<descriptor, int> simulated_network::connect(unsigned host, const address& target) {
  std::vector<socket*> listeners;
  for (auto& [d, s] : sockets_) {
    if (s.kind == socket::sort::listener && reaches(target, s.local) && s.backlog.size() < s.backlog_max) listeners.push_back(&s);
  }
  if (listeners.empty() || random_.chance(faults_.refuse_connect)) return std::unexpected(-ECONNREFUSED);
  socket& listener = *listeners[random_.below(listeners.size())];

  socket near{.kind = socket::sort::stream, .host = host};
  near.peer = is_wildcard(target) ? listener.local : target;
  near.local = own_address(host, target, spare_port());
  near.in = std::make_shared<simulated_pipe>(faults_.send_buffer);
  near.out = std::make_shared<simulated_pipe>(faults_.send_buffer);
  socket far{.kind = socket::sort::stream, .host = listener.host};
  far.peer = near.local;
  far.local = near.peer;
  far.in = near.out;
  far.out = near.in;

  const descriptor near_end = next_descriptor_++, far_end = next_descriptor_++;
  sockets_.emplace(near_end, std::move(near));
  sockets_.emplace(far_end, std::move(far));
  listener.backlog.push_back({far_end, arrival()});
  return near_end;
}

void simulated_network::close_stream(socket& s) {
  // A real network answers unread bytes with a reset, which overtakes what we sent last: a classic way to lose a reply.
  if (s.in->arrived(now_) > 0) s.out->cut(now_, arrival());
  else s.out->end(arrival());
  s.in->abandon();
}

void simulated_network::close(descriptor d) {
  socket& s = at(d);
  note(s.host, "close", d, 0);
  if (s.kind == socket::sort::stream) close_stream(s);
  for (const auto& waiting : s.backlog) {
    reset(waiting.peer, at(waiting.peer));
    sockets_.erase(waiting.peer);
  }
  sockets_.erase(d);
}

void simulated_network::reset(descriptor d, socket& s) {
  note(s.host, "reset", d, 0);
  s.in->reset(now_);
  s.out->reset(now_);
}

void simulated_network::note(unsigned host, std::string_view what, descriptor d, long long result) {
  std::string line = host_names_[host];
  line.append(" ").append(what).append(" ").append(std::to_string(d)).append(" ").append(std::to_string(result));
  note(line);
}

void simulated_network::note(std::string_view line) {
  append(std::to_string(now_.time_since_epoch().count()));
  append(" ");
  append(line);
  append("\n");
  if (log_.size() > log_bytes_max) log_.erase(0, log_.find('\n', log_bytes_max / 2) + 1);
}

void simulated_network::append(std::string_view text) {
  for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * fnv_prime;
  log_.append(text);
}

}  // namespace engine
