// What both sides of the streaming example know: methods that answer with one list, and methods whose items come one by one.
#pragma once

#include <cstdint>
#include <vector>

#include <engine/engine.hpp>

class Streamer {
 public:
  std::vector<int> list();
  engine::stream<int> iterator();
  engine::stream<int> generator();
  engine::stream<int> slow_generator();
  engine::stream<std::uint64_t> fibonacci();
};
ENGINE_EXPOSE(Streamer, list, iterator, generator, slow_generator, fibonacci)
ENGINE_MARK(Streamer, slow_generator, .blocking = true)  // it sleeps: on a side thread, where that disturbs nobody
