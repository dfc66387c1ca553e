// Streams with Pyro4 on the other side:
//   stream_peer serve               serves an object that counts, prints its URI
//   stream_peer read URI STEP…      reads such a stream of ten; each step is a number of items, "release" and "connect" (the connection), "line" (waits for
//                                   one on standard input) or "end" (reads what is left)
#include <atomic>
#include <iostream>
#include <string>

#include <engine/engine.hpp>

class Counter {
 public:
  engine::stream<int> count(int to) {
    const present here(alive_);
    for (int i = 1; i <= to; ++i) co_yield i;
  }
  /// Streams that somebody has begun to read and that are still there.
  int alive() { return alive_; }

 private:
  struct present {
    explicit present(std::atomic<int>& n) : n_(n) { ++n_; }
    ~present() { --n_; }
    present(const present&) = delete;
    present& operator=(const present&) = delete;
    std::atomic<int>& n_;
  };
  std::atomic<int> alive_{0};
};
ENGINE_EXPOSE(Counter, count, alive)

namespace {

int serve() {
  Counter counter;
  engine::daemon daemon;
  std::cout << daemon.expose(counter, "counter") << std::endl;
  daemon.run();
  return 0;
}

void read_items(engine::stream<int>& items, int most) {
  for (int i = 0; i < most; ++i) {
    const auto item = items.get();
    std::cout << (item ? std::to_string(*item) : "end") << std::endl;
    if (!item) return;
  }
}

int read(const std::string& where, int steps, char** step) {
  const engine::proxy<Counter> counter{engine::uri(where)};
  engine::stream<int> items = engine::proxy(counter).count(10);
  for (int i = 0; i < steps; ++i) {
    const std::string word = step[i];
    try {
      std::string line;
      if (word == "release") engine::release(counter);
      else if (word == "connect") engine::connect(counter);
      else if (word == "line") std::getline(std::cin, line);
      else read_items(items, word == "end" ? 100 : std::stoi(word));
    } catch (const engine::error& e) {
      std::cout << e.type() << ": " << e.what() << std::endl;
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string role = argc > 1 ? argv[1] : "";
  if (role == "serve") return serve();
  if (role == "read" && argc > 2) return read(argv[2], argc - 3, argv + 3);
  return 2;
}
