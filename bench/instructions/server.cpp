// Answers requests between two frames, for callgrind: run with two counts, the difference is what they cost. Settings: `count`; `style`: call, oneway,
// batch (a hundred entries each, and `count` counts entries) or lookup (of the name server); `serializer`.
#include <cstdio>
#include <exception>
#include <vector>

#include <bench/common/arguments.hpp>
#include <bench/micro/served_frames.hpp>
#include <naming/name_server.hpp>

namespace bench {
namespace {

constexpr std::string_view text = "Irmen de Jong";
constexpr std::size_t batch_size = 100;

const engine::serializer& format_of(const arguments& given) {
  const std::string name = given.text("serializer", "msgpack");
  for (const engine::serializer* each : engine::serializers())
    if (each->name == name) return *each;
  throw std::invalid_argument("no such serializer: " + name);
}

auto times(std::size_t count) {
  return [count]() mutable { return count-- > 0; };
}

void calls(const engine::serializer& format, std::size_t count) {
  served_frames frames(format);
  frames.request("length", text);
  frames.run(text.size(), times(count));
}

void oneway_calls(const engine::serializer& format, std::size_t count) {
  frames_served_by<Echo> frames(format, "echo");
  frames.request("note", 1, [](engine::writer& w) { engine::encode(w, text); }, engine::flag::oneway);
  frames.run([](engine::reader* answer) { return answer == nullptr; }, times(count));
  if (frames.object.noted() != count + 1) throw std::runtime_error("not every call was executed");
}

void batches(const engine::serializer& format, std::size_t count) {
  frames_served_by<Echo> frames(format, "echo");
  const auto entries = [](engine::writer& w) {
    for (std::size_t i = 0; i < batch_size; ++i) {
      w.begin(engine::kind::tuple, 3);
      w.string("length");
      w.begin(engine::kind::tuple, 1);
      engine::encode(w, text);
      w.end();
      w.begin(engine::kind::dict, 0);
      w.end();
      w.end();
    }
  };
  frames.request("<batch>", batch_size, entries, engine::flag::batch);
  const auto right = [](engine::reader* answer) {
    std::vector<std::uint64_t> lengths;
    return answer && engine::decode(*answer, lengths) && lengths == std::vector<std::uint64_t>(batch_size, text.size());
  };
  frames.run(right, times(count / batch_size));
}

void lookups(const engine::serializer& format, std::size_t count) {
  frames_served_by<engine::NameServer> frames(format, engine::name_server_id);
  for (int i = 0; i < 1000; ++i) frames.object.keep("bench.name." + std::to_string(i), {.uri = "PYRO:object@localhost:4242"});
  frames.request("lookup", 1, [](engine::writer& w) { engine::encode(w, std::string_view("bench.name.500")); });
  const auto right = [](engine::reader* answer) {
    engine::uri found;
    return answer && engine::decode(*answer, found) && found.port() == 4242;
  };
  frames.run(right, times(count));
}

void run(const arguments& given) {
  const std::string style = given.text("style", "call");
  const engine::serializer& format = format_of(given);
  const std::size_t count = given.count("count", 1000);
  if (style == "call") return calls(format, count);
  if (style == "oneway") return oneway_calls(format, count);
  if (style == "batch") return batches(format, count);
  if (style == "lookup") return lookups(format, count);
  throw std::invalid_argument("no such style: " + style);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) try {
  bench::run(bench::arguments(argc, argv));
} catch (const std::exception& error) {
  std::fprintf(stderr, "instructions_server: %s\n", error.what());
  return 1;
}
