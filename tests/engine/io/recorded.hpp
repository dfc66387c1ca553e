// Operations that remember what they were told, and that they were told once for each start.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <engine/io/backend.hpp>

namespace engine::testing_support {

inline constexpr int unfinished = 1'000'000;  // no result looks like this

/// Remembers its answers; with `then`, passes them on. Announce each start with go().
struct recorded final : operation {
  std::vector<int> results;
  std::string text;
  bool outstanding = false;
  std::function<void(int, slice)> then{};

  recorded& go() {
    EXPECT_FALSE(outstanding) << "started twice";
    outstanding = true;
    return *this;
  }
  int last() const { return results.empty() ? unfinished : results.back(); }

  void finished(int result, slice data) override {
    EXPECT_TRUE(outstanding) << "finished more often than started";
    outstanding = pending();
    results.push_back(result);
    if (data.size() > 0) text.append(reinterpret_cast<const char*>(data.bytes().data()), data.size());
    if (then) then(result, std::move(data));
  }
};

inline iovec part(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace engine::testing_support
