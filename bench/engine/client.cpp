// The client of our own scenarios: engine_client WORKLOAD addr=ADDRESS [spin=1] [secs=S] … runs one scenario and prints one line.
#include <cstdio>
#include <exception>
#include <stdexcept>

#include <bench/common/socket.hpp>
#include <bench/engine/scenarios.hpp>

namespace {

struct scenario {
  std::string_view name;
  void (*run)(const bench::arguments&);
};
constexpr scenario scenarios[] = {{"sync_call", bench::ours::sync_call},
                                  {"pipelined_call", bench::ours::pipelined_call},
                                  {"connect", bench::ours::connect_and_call},
                                  {"many_connections", bench::ours::many_connections},
                                  {"huge", bench::ours::huge},
                                  {"blob_up", bench::ours::blob_up},
                                  {"blob_down", bench::ours::blob_down},
                                  {"steady_load", bench::ours::steady_load_of_calls},
                                  {"idle_crowd", bench::ours::idle_crowd},
                                  {"mixed", bench::ours::mixed},
                                  {"one_core", bench::ours::cores},
                                  {"two_cores", bench::ours::cores},
                                  {"counted_calls", bench::ours::counted_calls},
                                  {"batched", bench::ours::batched},
                                  {"oneway", bench::ours::oneway},
                                  {"stream", bench::ours::item_stream}};

void run(const bench::arguments& given) {
  bench::raise_file_limit();
  for (const scenario& each : scenarios)
    if (each.name == given.workload()) return each.run(given);
  throw std::invalid_argument("no such workload: " + given.workload());
}

}  // namespace

void bench::ours::expect(std::uint64_t answer, std::uint64_t expected) {
  if (answer != expected) throw std::runtime_error("the answer does not match the request");
}

int main(int argc, char** argv) try {
  run(bench::arguments(argc, argv));
} catch (const std::exception& error) {
  std::fprintf(stderr, "engine_client: %s\n", error.what());
  return 1;
}
