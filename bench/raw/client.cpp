// The client of the raw floors: raw_client WORKLOAD addr=ADDRESS [spin=1] [secs=S] … runs one scenario and prints one line.
#include <cstdio>
#include <exception>
#include <stdexcept>

#include <bench/common/socket.hpp>
#include <bench/raw/scenarios.hpp>

namespace {

struct scenario {
  std::string_view name;
  void (*run)(const bench::arguments&);
};
constexpr scenario scenarios[] = {{"sync_call", bench::sync_call},
                                  {"pipelined_call", bench::pipelined_call},
                                  {"connect", bench::connect_and_call},
                                  {"many_connections", bench::many_connections},
                                  {"huge", bench::huge},
                                  {"blob_up", bench::blob_up},
                                  {"blob_down", bench::blob_down},
                                  {"steady_load", bench::steady_load_of_calls},
                                  {"idle_crowd", bench::idle_crowd},
                                  {"mixed", bench::mixed},
                                  {"batched", bench::batched},
                                  {"one_core", bench::cores},
                                  {"two_cores", bench::cores}};

void run(const bench::arguments& given) {
  bench::raise_file_limit();
  for (const scenario& each : scenarios)
    if (each.name == given.workload()) return each.run(given);
  throw std::invalid_argument("no such workload: " + given.workload());
}

}  // namespace

int main(int argc, char** argv) try {
  run(bench::arguments(argc, argv));
} catch (const std::exception& error) {
  std::fprintf(stderr, "raw_client: %s\n", error.what());
  return 1;
}
