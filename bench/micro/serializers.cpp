// What encoding and decoding cost, for every serializer of the build: a small call, a nested structure of a thousand
// values, a megabyte of bytes, a hundred thousand floats and as many short strings. Before anything is timed, each value
// must come back as it went.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <codec/convert.hpp>
#include <codec/serializer.hpp>
#include <codec/shape.hpp>

namespace bench_micro {

struct item {
  std::string name{};
  double price = 0;
  std::vector<std::int64_t> sizes{};
  bool operator==(const item&) const = default;
};
ENGINE_SHAPE(item, name, price, sizes)

struct call {
  std::string object{}, method{}, argument{};
  bool operator==(const call&) const = default;
};

}  // namespace bench_micro

namespace {

using bench_micro::call;
using bench_micro::item;

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
    T into{};
    for (auto _ : state) benchmark::DoNotOptimize(both->decode(into));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(both->size()));
  });
}

std::vector<item> thousand_values() {
  std::vector<item> items(125);  // each holds eight: itself, its name, its price, a list and the four in it
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto n = static_cast<std::int64_t>(i);
    items[i] = {.name = "item " + std::to_string(i), .price = 0.25 + static_cast<double>(i) / 3, .sizes = {n, n * 100, n * n * 1000, -n}};
  }
  return items;
}

std::vector<double> floats() {
  std::vector<double> values(100'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i) / 7;
  return values;
}

std::vector<std::string> strings() {
  std::vector<std::string> values(100'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = "name" + std::to_string(i);
  return values;
}

engine::bytes megabyte() {
  engine::bytes values(1 << 20);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::byte>(i * 7);
  return values;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  for (const engine::serializer* format : engine::serializers()) {
    add(*format, "small_call", call{.object = "echo", .method = "length", .argument = "Irmen de Jong"});
    add(*format, "thousand_values", thousand_values());
    add(*format, "megabyte", megabyte());
    add(*format, "floats", floats());
    add(*format, "strings", strings());
  }
  benchmark::RunSpecifiedBenchmarks();
}
