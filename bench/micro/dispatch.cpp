// What a call costs the server between two frames: decode, look up, call, encode. No sockets.
#include <benchmark/benchmark.h>

#include <string_view>
#include <vector>

#include <bench/micro/served_frames.hpp>

namespace {

void answer(bench::served_frames& f, benchmark::State& state, std::uint64_t expected) {
  f.run(expected, [&] { return state.KeepRunning(); });
  state.SetItemsProcessed(state.iterations());
}

void small_call(benchmark::State& state, const engine::serializer& format) {
  bench::served_frames f(format);
  f.request("length", std::string_view("Irmen de Jong"));
  answer(f, state, 13);
}
void bytes_64k(benchmark::State& state, const engine::serializer& format) {
  bench::served_frames f(format);
  const engine::bytes blob(64 * 1024, std::byte{7});
  f.request("blob", blob);
  answer(f, state, blob.size());
}

BENCHMARK_CAPTURE(small_call, msgpack, engine::msgpack());
BENCHMARK_CAPTURE(small_call, serpent, engine::serpent());
BENCHMARK_CAPTURE(bytes_64k, msgpack, engine::msgpack());
BENCHMARK_CAPTURE(bytes_64k, serpent, engine::serpent());

}  // namespace

BENCHMARK_MAIN();
