// msgpack-cxx with the documents of serializers.cpp and into the same types, used as well as it can be: one zone and one buffer,
// reused. Its names are those of `micro_serializers`, so the two outputs compare line by line.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#define MSGPACK_NO_BOOST
#include <msgpack.hpp>

#include "documents.hpp"

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
namespace adaptor {


template <> struct convert<bench_micro::item> {
  const msgpack::object& operator()(const msgpack::object& from, bench_micro::item& into) const {
    if (from.type != type::MAP) throw type_error();
    for (const msgpack::object_kv& pair : from.via.map) {
      if (pair.key.type != type::STR) throw type_error();
      const std::string_view key(pair.key.via.str.ptr, pair.key.via.str.size);
      if (key == "name") pair.val.convert(into.name);
      else if (key == "price") pair.val.convert(into.price);
      else if (key == "sizes") pair.val.convert(into.sizes);
    }
    return from;
  }
};
template <> struct pack<bench_micro::item> {
  template <class Stream> packer<Stream>& operator()(packer<Stream>& out, const bench_micro::item& of) const {
    out.pack_map(3);
    return out.pack("name").pack(of.name).pack("price").pack(of.price).pack("sizes").pack(of.sizes);
  }
};

template <> struct convert<bench_micro::call> {
  const msgpack::object& operator()(const msgpack::object& from, bench_micro::call& into) const {
    if (from.type != type::ARRAY || from.via.array.size != 4) throw type_error();
    const msgpack::object* parts = from.via.array.ptr;
    parts[0].convert(into.object);
    parts[1].convert(into.method);
    if (parts[2].type != type::ARRAY || parts[2].via.array.size != 1) throw type_error();
    parts[2].via.array.ptr[0].convert(into.argument);
    return from;
  }
};
template <> struct pack<bench_micro::call> {
  template <class Stream> packer<Stream>& operator()(packer<Stream>& out, const bench_micro::call& of) const {
    out.pack_array(4).pack(of.object).pack(of.method);
    out.pack_array(1).pack(of.argument);
    return out.pack_map(0);
  }
};

template <> struct convert<engine::bytes> {
  const msgpack::object& operator()(const msgpack::object& from, engine::bytes& into) const {
    if (from.type != type::BIN) throw type_error();
    const auto* data = reinterpret_cast<const std::byte*>(from.via.bin.ptr);
    into.assign(data, data + from.via.bin.size);
    return from;
  }
};
template <> struct pack<engine::bytes> {
  template <class Stream> packer<Stream>& operator()(packer<Stream>& out, const engine::bytes& of) const {
    const auto size = static_cast<std::uint32_t>(of.size());
    return out.pack_bin(size).pack_bin_body(reinterpret_cast<const char*>(of.data()), size);
  }
};

}  // namespace adaptor
}
}  // namespace msgpack

namespace {

template <class T> struct trip {
  T value;
  msgpack::sbuffer out{};
  msgpack::zone zone{};

  void encode() {
    out.clear();
    msgpack::pack(out, value);
  }
  void decode(T& into) {
    zone.clear();
    msgpack::unpack(zone, out.data(), out.size(), [](msgpack::type::object_type, std::size_t, void*) { return true; }).convert(into);
  }
};

template <class T> void add(const std::string& name, T value) {
  const auto both = std::make_shared<trip<T>>(trip<T>{std::move(value)});
  T back{};
  both->encode();
  both->decode(back);
  if (!(back == both->value)) {
    std::fprintf(stderr, "msgpack-cxx changes %s\n", name.c_str());
    std::exit(1);
  }
  benchmark::RegisterBenchmark(("msgpack-cxx/" + name + "/encode").c_str(), [both](benchmark::State& state) {
    for (auto _ : state) {
      both->encode();
      benchmark::DoNotOptimize(both->out.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(both->out.size()));
  });
  benchmark::RegisterBenchmark(("msgpack-cxx/" + name + "/decode").c_str(), [both](benchmark::State& state) {
    for (auto _ : state) {
      T into{};  // fresh, as the arguments of a call are
      both->decode(into);
      benchmark::DoNotOptimize(&into);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(both->out.size()));
  });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  add("small_call", bench_micro::small_call());
  add("thousand_values", bench_micro::thousand_values());
  add("mixed", bench_micro::mixed());
  add("megabyte", bench_micro::megabyte());
  add("floats", bench_micro::floats());
  add("strings", bench_micro::strings());
  benchmark::RunSpecifiedBenchmarks();
}
