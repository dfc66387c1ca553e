// What a call costs the server between two frames: decode, look up, call, encode. No sockets.
#include <benchmark/benchmark.h>

#include <stdexcept>
#include <string_view>
#include <vector>

#include <bench/engine/echo.hpp>
#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>
#include <engine/object/dispatch.hpp>

namespace {

struct fixture {
  explicit fixture(const engine::serializer& s) : format(s) {
    host.accepted.insert({"serpent", "msgpack"});
    host.objects.add({.id = "echo", .object = &echo, .table = &engine::interface_of<bench::Echo>()}, false);
  }

  /// The bytes of one request.
  void request(std::string_view method, auto&& argument) {
    engine::frame_writer frame(asked, {.type = engine::message::invoke, .sequence = 1, .serializer = format.id_48});
    engine::writer& w = codecs.writer_of(format);
    w.start(asked);
    w.begin_call("echo", method, 1);
    engine::encode(w, argument);
    w.begin_keywords(0);
    w.end_call();
    if (!frame.finish()) throw std::runtime_error("request");
  }

  /// Answers it over and over; the answer is checked once.
  void run(benchmark::State& state, std::uint64_t expected) {
    engine::dispatcher dispatch(host, 0);
    engine::session session{.own_peer = true};
    const auto bytes = std::span(reinterpret_cast<const std::byte*>(asked.at(0)), asked.size());
    engine::output answers;
    engine::frame_reader frames;
    const auto once = [&] {
      frames.feed(bytes);
      const auto frame = frames.next();
      if (!frame || !*frame || dispatch.answer(**frame, session, answers) != engine::verdict::keep) throw std::runtime_error("answer");
      if (*frames.next()) throw std::runtime_error("more");
    };
    once();
    check(answers, expected);
    for (auto _ : state) {
      answers.clear();
      once();
    }
    state.SetItemsProcessed(state.iterations());
  }

  void check(engine::output& answers, std::uint64_t expected) {
    engine::frame_reader frames;
    frames.feed(std::span(reinterpret_cast<const std::byte*>(answers.at(0)), answers.size()));
    const auto frame = frames.next();
    engine::reader& in = codecs.reader_of(format);
    in.start((**frame).payload);
    std::uint64_t length = 0;
    if (!engine::decode(in, length) || length != expected) throw std::runtime_error("a wrong answer");
  }

  const engine::serializer& format;
  bench::Echo echo;
  engine::hosting host;
  engine::codecs codecs;
  engine::output asked;
};

void small_call(benchmark::State& state, const engine::serializer& format) {
  fixture f(format);
  f.request("length", std::string_view("Irmen de Jong"));
  f.run(state, 13);
}
void bytes_64k(benchmark::State& state, const engine::serializer& format) {
  fixture f(format);
  const engine::bytes blob(64 * 1024, std::byte{7});
  f.request("blob", blob);
  f.run(state, blob.size());
}

BENCHMARK_CAPTURE(small_call, msgpack, engine::msgpack());
BENCHMARK_CAPTURE(small_call, serpent, engine::serpent());
BENCHMARK_CAPTURE(bytes_64k, msgpack, engine::msgpack());
BENCHMARK_CAPTURE(bytes_64k, serpent, engine::serpent());

}  // namespace

BENCHMARK_MAIN();
