// Answers `count` small calls between two frames, for callgrind: run with two counts, the difference is what the calls cost. Settings: `count`,
// `serializer`.
#include <cstdio>
#include <exception>

#include <bench/common/arguments.hpp>
#include <bench/micro/served_frames.hpp>

int main(int argc, char** argv) try {
  const bench::arguments given(argc, argv);
  bench::served_frames frames(given.text("serializer", "msgpack") == "msgpack" ? engine::msgpack() : engine::serpent());
  frames.request("length", std::string_view("Irmen de Jong"));
  std::size_t left = given.count("count", 1000);
  frames.run(13, [&] { return left-- > 0; });
} catch (const std::exception& error) {
  std::fprintf(stderr, "instructions_server: %s\n", error.what());
  return 1;
}
