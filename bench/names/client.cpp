// Asks a name server, whoever runs it: names_client WORKLOAD addr=HOST:PORT [spin=1] [window=N] … The same client for every competitor, so
// that what differs is the server.
#include <cstdio>
#include <deque>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <bench/common/measure.hpp>
#include <bench/engine/echo.hpp>
#include <naming/locate.hpp>

namespace {

constexpr int port_of_all = 4242;  // the answer that is compared

engine::proxy<engine::name_server> names_at(const bench::arguments& given) {
  return engine::proxy<engine::name_server>{engine::uri("PYRO:Pyro.NameServer@" + given.text("addr", "")), {.settings = bench::settings_of(given)}};
}

std::string name_of(std::uint64_t number, const std::string& group = "name") { return "bench." + group + "." + std::to_string(number); }

/// The names that are looked up, known to the server. Setting: `names`, since each costs a stored one a write.
std::vector<std::string> enrolled(engine::proxy<engine::name_server>& names, const bench::arguments& given) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < given.count("names", 1000); ++i) {
    all.push_back(name_of(i));
    names.enroll(all.back(), engine::uri("PYRO:object@localhost:4242"), false, std::nullopt);
  }
  return all;
}

void expect(const engine::uri& found) {
  if (found.port() != port_of_all) throw std::runtime_error("the answer does not match the request");
}

/// One lookup after another.
void lookup(const bench::arguments& given) {
  auto names = names_at(given);
  const auto known = enrolled(names, given);
  std::size_t next = 0;
  bench::timing clock(given);
  while (clock.running()) {
    const std::uint64_t started = clock.now();
    expect(names.lookup(known[next++ % known.size()]));
    clock.finished_call(started);
  }
  bench::print("lookup", "calls/s", port_of_all, clock);
}

/// So many lookups one after another, for callgrind.
void counted_lookups(const bench::arguments& given) {
  auto names = names_at(given);
  const auto known = enrolled(names, given);
  for (std::size_t i = 0, count = given.count("count", 1000); i < count; ++i) expect(names.lookup(known[i % known.size()]));
}

/// Up to `window` lookups in flight on one connection; when half are answered, the window is filled up.
void lookup_pipelined(const bench::arguments& given) {
  auto names = names_at(given);
  const auto known = enrolled(names, given);
  const std::size_t window = given.count("window", 1024), half = (window + 1) / 2;
  std::deque<engine::future<engine::uri>> in_flight;
  std::size_t next = 0;
  bench::timing clock(given);
  while (clock.running()) {
    while (in_flight.size() < window) in_flight.push_back(engine::async(names).lookup(known[next++ % known.size()]));
    for (std::size_t i = 0; i < half; ++i) {
      expect(in_flight.front().get());
      in_flight.pop_front();
    }
    clock.finished(half);
  }
  for (auto& last : in_flight) expect(last.get());
  bench::print("lookup_pipelined", "calls/s", port_of_all, clock);
}

/// Up to `window` registrations of new names in flight on one connection; counted when acknowledged.
void enroll(const bench::arguments& given) {
  auto names = names_at(given);
  const engine::uri where("PYRO:object@localhost:4242");
  const std::size_t window = given.count("window", 64), half = (window + 1) / 2;
  const std::string group = "window" + std::to_string(window);  // one server is asked with each window
  std::deque<engine::future<void>> in_flight;
  std::uint64_t next = 0;
  bench::timing clock(given);
  while (clock.running()) {
    while (in_flight.size() < window) in_flight.push_back(engine::async(names).enroll(name_of(next++, group), where, true, std::nullopt));
    for (std::size_t i = 0; i < half; ++i) {
      in_flight.front().get();
      in_flight.pop_front();
    }
    clock.finished(half);
  }
  for (auto& last : in_flight) last.get();
  expect(names.lookup(name_of(next - 1, group)));
  bench::print("register", "calls/s", port_of_all, clock);
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::arguments given(argc, argv);
  if (given.workload() == "lookup") lookup(given);
  else if (given.workload() == "lookup_pipelined") lookup_pipelined(given);
  else if (given.workload() == "register") enroll(given);
  else if (given.workload() == "counted_lookups") counted_lookups(given);
  else throw std::invalid_argument("no such workload: " + given.workload());
} catch (const std::exception& error) {
  std::fprintf(stderr, "names_client: %s\n", error.what());
  return 1;
}
