// pickle's reader against CPython: pickle_cases.txt holds pickles of all protocols, of Python 2 and broken ones, and what Python
// makes of them.
#include <codec/pickle.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include <tests/codec/escaped.hpp>
#include <tests/support/encoded.hpp>

namespace engine {
namespace {

struct test_case { std::string hex, what, text; };

std::vector<test_case> python_cases() {
  std::vector<test_case> cases;
  std::ifstream file(PICKLE_CASES);
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
    cases.push_back({line.substr(0, first), line.substr(first + 1, second - first - 1), line.substr(second + 1)});
  }
  return cases;
}

TEST(PickleCases, agree_with_python) {
  const auto cases = python_cases();
  ASSERT_GT(cases.size(), 500u);
  for (const test_case& c : cases) {
    SCOPED_TRACE(c.hex);
    const bytes payload = test::from_hex(c.hex);
    const auto v = test::decoded<value>(pickle(), payload);
    if (v) {
      EXPECT_EQ(c.what, "=") << to_repr(*v);
      EXPECT_EQ(test::escaped(to_repr(*v), false), c.text);
    } else {
      const std::string_view type = v.error().type;
      EXPECT_EQ(type.substr(type.rfind('.') + 1), c.what) << v.error().text;
      EXPECT_EQ(test::escaped(v.error().text, true), c.text);
      EXPECT_LE(v.error().offset, payload.size());
    }
  }
}

TEST(PickleCases, skipping_finds_what_reading_finds) {
  for (const test_case& c : python_cases()) {
    const bytes payload = test::from_hex(c.hex);
    const auto in = pickle().make_reader();
    in->start(payload);
    EXPECT_EQ(in->skip() && in->finish(), c.what == "=") << c.hex;
  }
}

TEST(PickleCases, every_truncation_is_refused_within_the_pickle) {
  for (const test_case& c : python_cases()) {
    const bytes payload = test::from_hex(c.hex);
    if (payload.size() > 400 || c.what != "=" || payload.back() != std::byte{'.'}) continue;
    for (std::size_t size = 0; size < payload.size(); ++size) {
      // A buffer of just that size, so that a sanitizer sees any byte read behind it.
      const bytes cut(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size));
      const auto v = test::decoded<value>(pickle(), cut);
      ASSERT_FALSE(v) << c.hex << " cut at " << size;
      EXPECT_LE(v.error().offset, size);
    }
  }
}

}  // namespace
}  // namespace engine
