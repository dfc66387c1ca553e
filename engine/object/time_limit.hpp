// How long a call may take, if it is told so. One number and no std::optional, because it is copied on the way of every call: a flag of one byte
// that was just written cannot be copied together with its number before both have reached the cache.
#pragma once

#include <chrono>
#include <optional>

namespace engine::detail {

class time_limit {
 public:
  constexpr time_limit() = default;
  constexpr time_limit(std::nullopt_t) {}
  constexpr time_limit(std::chrono::milliseconds most) : most_(most != none ? most : most + std::chrono::milliseconds(1)) {}
  constexpr explicit operator bool() const { return most_ != none; }
  constexpr std::chrono::milliseconds operator*() const { return most_; }
  constexpr std::chrono::milliseconds value_or(std::chrono::milliseconds otherwise) const { return *this ? most_ : otherwise; }

 private:
  static constexpr std::chrono::milliseconds none = std::chrono::milliseconds::min();
  std::chrono::milliseconds most_ = none;
};

}  // namespace engine::detail
