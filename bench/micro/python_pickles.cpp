// What reading the documents costs when Python has pickled them: with a memo, which our own pickles have not. Started by
// python_serializers.py, which leaves them in the directory named first. Each must be what it should be before it is timed.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>

#include <codec/serializer.hpp>

#include "reading.hpp"

namespace {

template <class T> void add(const std::string& directory, const std::string& name, const T& value) {
  std::ifstream file(directory + "/" + name, std::ios::binary);
  const auto pickled = std::make_shared<const std::string>(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  const std::shared_ptr<engine::reader> reader = engine::pickle().make_reader();
  const auto decode = [pickled, reader](T& into) {
    reader->start(std::as_bytes(std::span(*pickled)));
    return bench_micro::read(*reader, into);
  };
  T back{};
  if (!decode(back) || !(back == value)) {
    std::fprintf(stderr, "%s is not what it should be: %s\n", name.c_str(), reader->error().text.c_str());
    std::exit(1);
  }
  benchmark::RegisterBenchmark(("pickle-of-python/" + name + "/decode").c_str(), [decode, pickled](benchmark::State& state) {
    for (auto _ : state) {
      T into{};
      benchmark::DoNotOptimize(decode(into));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(pickled->size()));
  });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 2) {
    std::fputs("usage: python_serializers.py pickles THIS_PROGRAM [benchmark options]\n", stderr);
    return 2;
  }
  const std::string directory = argv[1];
  add(directory, "small_call", bench_micro::small_call());
  add(directory, "thousand_values", bench_micro::thousand_values());
  add(directory, "mixed", bench_micro::mixed());
  add(directory, "megabyte", bench_micro::megabyte());
  add(directory, "floats", bench_micro::floats());
  add(directory, "strings", bench_micro::strings());
  benchmark::RunSpecifiedBenchmarks();
}
