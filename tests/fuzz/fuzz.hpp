// What every target shares: its one function, and the check that ends the process where an input has proved us wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

/// Called with one input after another, by libFuzzer or by replay_main.cpp.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace engine::fuzz {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

inline std::span<const std::byte> as_bytes(const std::uint8_t* data, std::size_t size) { return std::as_bytes(std::span(data, size)); }

/// Takes single bytes off the front: what a target is told besides its bytes. Zero when there are none left.
class choices {
 public:
  explicit choices(std::span<const std::byte> input) : rest_(input) {}
  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto first = std::to_integer<unsigned>(rest_[0]);
    rest_ = rest_.subspan(1);
    return first;
  }
  std::span<const std::byte> rest() const { return rest_; }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace engine::fuzz
