// The object that Pyro's benchmark calls: small calls of every kind. Its client speaks marshal.
#include <cstdint>
#include <iostream>
#include <numeric>
#include <string>
#include <string_view>

#include <engine/engine.hpp>

class bench {
 public:
  std::size_t length(std::string_view string) { return string.size(); }
  std::int64_t timestwo(std::int64_t value) { return value * 2; }
  std::string bigreply() {
    std::string reply;
    for (int i = 0; i < 500; ++i) reply += "BIG REPLY";
    return reply;
  }
  std::size_t bigarg(std::string_view arg) { return arg.size(); }
  int manyargs(int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, int a9, int a10, int a11, int a12, int a13, int a14, int a15) {
    return a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11 + a12 + a13 + a14 + a15;
  }
  void noreply(const engine::value&) {}
  std::size_t varargs(const engine::args& all) { return all.size(); }
  engine::value keywords(const engine::kwargs& all) { return all.items; }
  engine::value echo(const engine::args& all) { return engine::value::tuple(all); }
  void oneway(const engine::args&) {}
};
ENGINE_EXPOSE(bench, length, timestwo, bigreply, bigarg, manyargs, noreply, varargs, keywords, echo, oneway)
ENGINE_MARK(bench, oneway, .oneway = true)

int main() {
  engine::daemon daemon;
  bench object;
  std::cout << "uri = " << daemon.expose(object, "example.benchmark") << std::endl;
  daemon.run();
}
