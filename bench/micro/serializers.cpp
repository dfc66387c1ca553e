// What encoding and decoding the documents cost, for every serializer of the build. Before anything is timed, each value must come
// back as it went.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <codec/serializer.hpp>

#include "reading.hpp"

namespace {

using bench_micro::call;
using bench_micro::read;

void write(engine::writer& out, const call& value) {
  out.begin_call(value.object, value.method, 1);
  engine::encode(out, value.argument);
  out.begin_keywords(0);
  out.end_call();
}
void write(engine::writer& out, const bench_micro::lent& value) { out.bytes(value.all, true); }
template <class T> void write(engine::writer& out, const T& value) { engine::encode(out, value); }

/// One value on its way through one serializer, with everything that is reused between calls.
template <class T> class trip {
 public:
  trip(const engine::serializer& format, T value)
      : value_(std::move(value)), reader_(format.make_reader()), writer_(format.make_writer()) {
    T back{};
    if (!encode()) die(format, "cannot carry it");
    out_.each_since({}, [this](std::span<const std::byte> part) { arrived_.insert(arrived_.end(), part.begin(), part.end()); });
    if (!decode(back)) die(format, "cannot carry it");
    if (!(back == value_)) die(format, "changes it");
  }

  bool encode() {
    out_.clear(std::size_t(-1));
    writer_->start(out_);
    write(*writer_, value_);
    return writer_->ok();
  }
  bool decode(T& into) {
    reader_->start(arrived_);
    return read(*reader_, into);
  }
  std::size_t size() const { return arrived_.size(); }

 private:
  [[noreturn]] void die(const engine::serializer& format, const char* what) const {
    const std::string name(format.name);
    const std::string& why = reader_->ok() ? writer_->error().text : reader_->error().text;
    std::fprintf(stderr, "%s %s: %s\n", name.c_str(), what, why.c_str());
    std::exit(1);
  }

  T value_;
  std::unique_ptr<engine::reader> reader_;
  std::unique_ptr<engine::writer> writer_;
  engine::output out_{};
  engine::bytes arrived_{};  // what has been encoded, as a peer gets it: in one piece
};

template <class T> void add(const engine::serializer& format, const std::string& name, T value) {
  const auto both = std::make_shared<trip<T>>(format, std::move(value));
  const std::string base = std::string(format.name) + "/" + name;
  benchmark::RegisterBenchmark((base + "/encode").c_str(), [both](benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(both->encode());
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(both->size()));
  });
  benchmark::RegisterBenchmark((base + "/decode").c_str(), [both](benchmark::State& state) {
    for (auto _ : state) {
      T into{};  // fresh, as the arguments of a call are
      benchmark::DoNotOptimize(both->decode(into));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(both->size()));
  });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  for (const engine::serializer* format : engine::serializers()) {
    add(*format, "small_call", bench_micro::small_call());
    add(*format, "thousand_values", bench_micro::thousand_values());
    add(*format, "mixed", bench_micro::mixed());
    if (format != &engine::json()) add(*format, "megabyte", bench_micro::megabyte());  // which has no bytes
    if (format != &engine::json() && format != &engine::serpent()) add(*format, "lent_megabyte", bench_micro::lent_megabyte());  // nor has that: it has base64
    add(*format, "floats", bench_micro::floats());
    add(*format, "strings", bench_micro::strings());
  }
  benchmark::RunSpecifiedBenchmarks();
}
