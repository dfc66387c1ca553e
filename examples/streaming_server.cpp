// Results that come item by item. A coroutine that says co_yield is Python's generator: its body runs only while the caller asks for
// the next item, and ends where it stands when the caller has had enough.
#include <chrono>
#include <iostream>
#include <thread>
#include <utility>

#include "streaming.hpp"

std::vector<int> Streamer::list() { return {1, 2, 3, 4, 5, 6, 7, 8, 9}; }

engine::stream<int> Streamer::iterator() { return engine::stream_of(list()); }  // any range will do

engine::stream<int> Streamer::generator() {
  for (int i = 1; i < 10; ++i) co_yield i;
}

engine::stream<int> Streamer::slow_generator() {
  for (int i = 1; i < 10; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    co_yield i;
  }
}

// Its callers end it, as Python's; or the next number does that no longer fits.
engine::stream<std::uint64_t> Streamer::fibonacci() {
  for (std::uint64_t a = 0, b = 1; a <= b; a = std::exchange(b, a + b)) co_yield a;
}

int main() {
  engine::daemon daemon;
  Streamer streamer;
  std::cout << "uri = " << daemon.expose(streamer, "example.streamer") << std::endl;
  daemon.run();
}
