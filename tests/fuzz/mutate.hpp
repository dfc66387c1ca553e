// Variants of known inputs from a seed, for compilers that have no libFuzzer: flipped bits, cuts, splices, repetitions, and the
// numbers that parsers believe too easily.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace engine::fuzz {

class mutator {
 public:
  /// The corpus must not be empty and outlives this.
  mutator(const std::vector<std::string>& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

  /// One input with a few changes, at most `largest` bytes.
  std::string next();

  static constexpr std::size_t largest = 16 * 1024;

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const std::string& any() { return corpus_[below(corpus_.size())]; }
  void change(std::string& input);
  void flip(std::string& input);
  void overwrite(std::string& input, const std::string& with);
  std::string hostile();

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_;
};

}  // namespace engine::fuzz
