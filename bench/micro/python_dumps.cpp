// What reading the documents costs when Python has dumped them: its pickles have a memo and its marshal has references, which ours have
// not. Started by python_serializers.py, which leaves them in the directory named first, FORMAT/DOCUMENT each. Each must be what it
// should be before it is timed.
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

struct source {
  std::string directory;
  const engine::serializer& format;
};

/// `dumped_as`: the document's name at Python, if it is another.
template <class T> void add(const source& from, const std::string& name, const T& value, const std::string& dumped_as = {}) {
  const std::string format(from.format.name);
  std::ifstream file(from.directory + "/" + format + "/" + (dumped_as.empty() ? name : dumped_as), std::ios::binary);
  const auto dumped = std::make_shared<const std::string>(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  const std::shared_ptr<engine::reader> reader = from.format.make_reader();
  const auto decode = [dumped, reader](T& into) {
    reader->start(std::as_bytes(std::span(*dumped)));
    return bench_micro::read(*reader, into);
  };
  T back{};
  if (!decode(back) || !(back == value)) {
    std::fprintf(stderr, "%s/%s is not what it should be: %s\n", format.c_str(), name.c_str(), reader->error().text.c_str());
    std::exit(1);
  }
  benchmark::RegisterBenchmark((format + "-of-python/" + name + "/decode").c_str(), [decode, dumped](benchmark::State& state) {
    for (auto _ : state) {
      T into{};
      benchmark::DoNotOptimize(decode(into));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(dumped->size()));
  });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 2) {
    std::fputs("usage: python_serializers.py dumps THIS_PROGRAM [benchmark options]\n", stderr);
    return 2;
  }
  for (const engine::serializer* format : {&engine::pickle(), &engine::marshal()}) {
    const source from{argv[1], *format};
    add(from, "small_call", bench_micro::small_call());
    add(from, "thousand_values", bench_micro::thousand_values());
    add(from, "mixed", bench_micro::mixed());
    add(from, "megabyte", bench_micro::megabyte());
    add(from, "lent_megabyte", bench_micro::lent_megabyte(), "megabyte");
    add(from, "floats", bench_micro::floats());
    add(from, "strings", bench_micro::strings());
  }
  benchmark::RunSpecifiedBenchmarks();
}
