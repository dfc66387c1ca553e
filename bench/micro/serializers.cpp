// What encoding and decoding the documents cost, for every serializer of the build. Before anything is timed, each value must come
// back as it went. `pickles=DIR` adds the pickles that python_serializers.py left there, which have a memo where ours have none.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <codec/serializer.hpp>

#include "documents.hpp"

namespace {

using bench_micro::call;

bool read(engine::reader& in, call& out) {
  std::string_view object, method;
  std::size_t count = 0;
  const bool begun = in.begin_call(object, method) && in.enter_sequence(count) && in.more();
  if (!begun || !engine::decode(in, out.argument) || in.more() || !in.begin_keywords()) return false;
  out.object.assign(object);
  out.method.assign(method);
  if (in.peek() == engine::kind::none) return in.read_none() && in.end_call();
  return in.enter_dict(count) && !in.more() && in.end_call();
}
template <class T> bool read(engine::reader& in, T& out) { return engine::decode(in, out) && in.finish(); }

void write(engine::writer& out, const call& value) {
  out.begin_call(value.object, value.method, 1);
  engine::encode(out, value.argument);
  out.begin_keywords(0);
  out.end_call();
}
template <class T> void write(engine::writer& out, const T& value) { engine::encode(out, value); }

/// One value on its way through one serializer, with everything that is reused between calls.
template <class T> class trip {
 public:
  trip(const engine::serializer& format, T value)
      : value_(std::move(value)), reader_(format.make_reader()), writer_(format.make_writer()) {
    T back{};
    if (!encode() || !decode(back)) die(format, "cannot carry it");
    if (!(back == value_)) die(format, "changes it");
  }

  bool encode() {
    out_.clear(std::size_t(-1));
    writer_->start(out_);
    write(*writer_, value_);
    return writer_->ok();
  }
  bool decode(T& into) {
    reader_->start({reinterpret_cast<const std::byte*>(out_.at(0)), out_.size()});
    return read(*reader_, into);
  }
  std::size_t size() const { return out_.size(); }

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
};

template <class T> void add(const engine::serializer& format, const std::string& name, T value) {
  const auto both = std::make_shared<trip<T>>(format, std::move(value));
  const std::string base = std::string(format.name) + "/" + name;
  benchmark::RegisterBenchmark((base + "/encode").c_str(), [both](benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(both->encode());
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(both->size()));
  });
  benchmark::RegisterBenchmark((base + "/decode").c_str(), [both](benchmark::State& state) {
    both->encode();
    for (auto _ : state) {
      T into{};  // fresh, as the arguments of a call are
      benchmark::DoNotOptimize(both->decode(into));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(both->size()));
  });
}

/// The same of a document that Python has pickled.
template <class T> void add_pickle(const std::string& directory, const std::string& name, const T& value) {
  std::ifstream file(directory + "/" + name, std::ios::binary);
  const auto pickled = std::make_shared<const std::string>(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  const std::shared_ptr<engine::reader> reader = engine::pickle().make_reader();
  const auto decode = [pickled, reader](T& into) {
    reader->start(std::as_bytes(std::span(*pickled)));
    return read(*reader, into);
  };
  T back{};
  if (!decode(back) || !(back == value)) {
    std::fprintf(stderr, "%s/%s is not what it should be: %s\n", directory.c_str(), name.c_str(), reader->error().text.c_str());
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
  constexpr std::string_view directory = "pickles=";
  std::string pickles;
  if (argc > 1 && std::string_view(argv[1]).starts_with(directory)) {
    pickles = argv[1] + directory.size();
    argv[1] = argv[0];
    ++argv, --argc;
  }
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  for (const engine::serializer* format : engine::serializers()) {
    add(*format, "small_call", bench_micro::small_call());
    add(*format, "thousand_values", bench_micro::thousand_values());
    add(*format, "mixed", bench_micro::mixed());
    if (format != &engine::json()) add(*format, "megabyte", bench_micro::megabyte());  // which has no bytes
    add(*format, "floats", bench_micro::floats());
    add(*format, "strings", bench_micro::strings());
  }
  if (!pickles.empty()) {
    add_pickle(pickles, "small_call", bench_micro::small_call());
    add_pickle(pickles, "thousand_values", bench_micro::thousand_values());
    add_pickle(pickles, "mixed", bench_micro::mixed());
    add_pickle(pickles, "megabyte", bench_micro::megabyte());
    add_pickle(pickles, "floats", bench_micro::floats());
    add_pickle(pickles, "strings", bench_micro::strings());
  }
  benchmark::RunSpecifiedBenchmarks();
}
