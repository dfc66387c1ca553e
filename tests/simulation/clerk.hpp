// The object the simulated clients call. It keeps a ledger of what ran, where and in which order, and what it answers can be
// worked out by the caller, so that every answer is checked against its own request.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <engine/core/core.hpp>
#include <engine/object/expose.hpp>
#include <engine/object/method.hpp>

namespace engine::simulation {

/// `size` letters that nobody else's text has.
inline std::string text_of(std::int64_t caller, std::int64_t number, std::size_t size) {
  std::string text(size, '?');
  const auto start = static_cast<std::size_t>(caller * 7 + number * 3);
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (start + i + i / 26) % 26);
  return text;
}

inline std::int64_t digest_of(std::span<const std::byte> data) {
  std::uint32_t hash = 2166136261u;
  for (const std::byte b : data) hash = (hash ^ std::to_integer<std::uint32_t>(b)) * 16777619u;
  return hash;
}

struct ledger {
  std::map<std::int64_t, std::vector<std::int64_t>> ran{};   ///< caller → numbers of its calls, in order
  std::map<std::int64_t, std::size_t> produced{};            ///< caller → bytes of text answered
  std::size_t misplaced = 0;                                 ///< calls that ran on another core than their object's
};

class Clerk {
 public:
  /// `home` null: runs anywhere.
  Clerk(ledger& l, const core* home) : ledger_(l), home_(home) {}

  std::string echo(std::int64_t caller, std::int64_t number, std::string_view text) {
    note(caller, number);
    return std::to_string(caller) + ":" + std::to_string(number) + ":" + std::string(text);
  }
  std::int64_t absorb(std::int64_t caller, std::int64_t number, std::span<const std::byte> data) {
    note(caller, number);
    return digest_of(data) + number;
  }
  std::string produce(std::int64_t caller, std::int64_t number, std::int64_t size) {
    note(caller, number);
    ledger_.produced[caller] += static_cast<std::size_t>(size);
    return text_of(caller, number, static_cast<std::size_t>(size));
  }
  void refuse(std::int64_t caller, std::int64_t number) {
    note(caller, number);
    throw std::invalid_argument("not for " + std::to_string(caller) + ":" + std::to_string(number));
  }
  /// Called oneway.
  void note(std::int64_t caller, std::int64_t number) {
    ledger_.ran[caller].push_back(number);
    if (home_ && core::current() != home_) ++ledger_.misplaced;
  }

 private:
  ledger& ledger_;
  const core* home_;
};

ENGINE_EXPOSE(Clerk, echo, absorb, produce, refuse, note)
ENGINE_ONEWAY(Clerk, note)

}  // namespace engine::simulation
