// What the framing costs without sockets: writing frames one after another into an output, and reading them back from
// a whole burst, from a burst cut into awkward pieces, and a large one through the memory that the reader offers.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>

namespace {

constexpr std::size_t small_payload = 64, burst = 256, large_payload = 1 << 20;

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "frames: %s\n", what);
  std::exit(1);
}

void write_frame(engine::output& out, const std::string& payload, std::uint16_t sequence) {
  engine::frame_writer writer(out, {.type = engine::message::result, .sequence = sequence, .serializer = 1});
  out.append(payload);
  if (!writer.finish()) die("a frame could not be written");
}

std::vector<std::byte> bytes_of(std::size_t frames, std::size_t payload) {
  engine::output out;
  for (std::size_t i = 0; i < frames; ++i) write_frame(out, std::string(payload, 'x'), static_cast<std::uint16_t>(i));
  std::vector<std::byte> bytes(out.size());
  std::memcpy(bytes.data(), out.at(0), bytes.size());
  return bytes;
}

/// Reads what can be read; returns how many frames that were. Each must be as it was written.
std::size_t read_frames(engine::frame_reader& reader, std::size_t first, std::size_t payload) {
  for (std::size_t n = first;; ++n) {
    const auto next = reader.next();
    if (!next) die("a good frame was refused");
    if (!next->has_value()) return n - first;
    if ((**next).sequence != n || (**next).payload.size() != payload) die("a frame came back changed");
  }
}

void write_burst(benchmark::State& state) {
  engine::output out;
  const std::string payload(small_payload, 'x');
  for (auto _ : state) {
    out.clear();
    for (std::size_t i = 0; i < burst; ++i) write_frame(out, payload, static_cast<std::uint16_t>(i));
    benchmark::DoNotOptimize(out.at(0));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(burst));
}
BENCHMARK(write_burst);

/// A burst in pieces of state.range(0) bytes; 0: in one.
void read_burst(benchmark::State& state) {
  const auto bytes = bytes_of(burst, small_payload);
  const auto piece = state.range(0) == 0 ? bytes.size() : static_cast<std::size_t>(state.range(0));
  engine::frame_reader reader;
  for (auto _ : state) {
    std::size_t frames = 0;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.feed(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
      frames += read_frames(reader, frames, small_payload);
    }
    if (frames != burst) die("frames were lost");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(burst));
}
BENCHMARK(read_burst)->ArgName("piece")->Arg(0)->Arg(1000)->Arg(7);

/// A large frame: the first 16 KB arrive as in any receive, the rest is copied to where the reader wants it.
void read_large(benchmark::State& state) {
  const auto bytes = bytes_of(1, large_payload);
  engine::frame_reader reader;
  for (auto _ : state) {
    std::size_t at = 16 * 1024;
    reader.feed(std::span(bytes).first(at));
    std::size_t frames = read_frames(reader, 0, large_payload);
    while (at < bytes.size()) {
      const auto room = reader.room();
      const std::size_t n = std::min(room.size(), bytes.size() - at);
      if (n == 0) die("no room was offered for a large frame");
      std::memcpy(room.data(), bytes.data() + at, n);
      reader.filled(n);
      at += n;
      frames += read_frames(reader, frames, large_payload);
    }
    if (frames != 1) die("the large frame was lost");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(read_large);

}  // namespace

BENCHMARK_MAIN();
