// Words are counted by several counters at once; a dispatcher shares a text out among all that the name server knows.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <engine/engine.hpp>

using word_counts = std::map<std::string, std::int64_t>;
using text_lines = std::vector<std::optional<std::string>>;  // Pyro's dispatcher fills its last piece up with None

class WordCounter {
 public:
  word_counts count(const text_lines& lines);
};
ENGINE_EXPOSE(WordCounter, count)

class Dispatcher {
 public:
  word_counts count(const text_lines& lines);
};
ENGINE_EXPOSE(Dispatcher, count)
ENGINE_MARK(Dispatcher, count, .blocking = true)  // it waits for the counters
