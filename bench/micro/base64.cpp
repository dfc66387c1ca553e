// What base64 costs, which is what bytes travel as by serpent: writing, reading as base64_decode() does, and each way of reading that
// this processor has beside its portable twin. Bytes per second are those of the data, not of the text.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <codec/base64.hpp>
#include <codec/base64_blocks.hpp>

namespace {

using engine::detail::base64_blocks;

std::vector<std::byte> some_data(std::size_t size) {
  std::vector<std::byte> data(size);
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::byte>(i * 7 + i / 256);
  return data;
}

std::string text_of(const std::vector<std::byte>& data) {
  std::string text(engine::base64_encoded_size(data.size()), '\0');
  engine::base64_encode(data, text.data());
  return text;
}

void count(benchmark::State& state) { state.SetBytesProcessed(state.iterations() * state.range(0)); }

void encode(benchmark::State& state) {
  const auto data = some_data(static_cast<std::size_t>(state.range(0)));
  std::string text(engine::base64_encoded_size(data.size()), '\0');
  for (auto _ : state) benchmark::DoNotOptimize(engine::base64_encode(data, text.data()));
  count(state);
}

void decode(benchmark::State& state) {
  const auto data = some_data(static_cast<std::size_t>(state.range(0)));
  const std::string text = text_of(data);
  std::vector<std::byte> back(engine::base64_decoded_room(text.size()));
  for (auto _ : state) benchmark::DoNotOptimize(engine::base64_decode(text, back.data()));
  count(state);
  back.resize(data.size());
  if (back != data) std::fputs("base64 changes the data\n", stderr), std::exit(1);
}

void decode_by(benchmark::State& state, const base64_blocks& way) {
  const std::string text = text_of(some_data(static_cast<std::size_t>(state.range(0))));
  std::vector<std::byte> back(engine::base64_decoded_room(text.size()));
  for (auto _ : state) benchmark::DoNotOptimize(way.decode(text, back.data()));
  count(state);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  constexpr std::int64_t few = 60, many = 3 << 18;  // both without padding
  benchmark::RegisterBenchmark("base64/encode", encode)->Arg(few)->Arg(many);
  benchmark::RegisterBenchmark("base64/decode", decode)->Arg(few)->Arg(many);
  for (const base64_blocks& way : engine::detail::base64_block_ways()) {
    if (!way.usable()) continue;
    const std::string name = "base64/decode_" + std::string(way.name);
    benchmark::RegisterBenchmark(name.c_str(), [&way](benchmark::State& state) { decode_by(state, way); })->Arg(few)->Arg(many);
  }
  benchmark::RunSpecifiedBenchmarks();
}
