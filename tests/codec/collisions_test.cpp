// Keys that a peer chose to collide, in Python's tables or in ours without their secret seed, cost no more than others: what a
// lookup compares and where it looks is counted. Linear probing in a half empty table makes rows of some ten slots.
#include <codec/key_lookup.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>

#include <gtest/gtest.h>

using namespace engine;

namespace {

constexpr std::int64_t count = 50'000;
constexpr std::size_t way_most = 200;  // of 50,000 slots that colliding keys would take

/// A set as value_set makes it, whose comparisons are counted.
class counted_set {
 public:
  void insert(value key) {
    if (find(key)) return;
    keys_.push_back(std::move(key));
    detail::key_lookup::appended(index_, keys_, counted_key{compared_});
  }
  bool find(const value& key) { return detail::key_lookup::find(index_, keys_, counted_key{compared_}, key) != detail::key_lookup::absent; }

  std::size_t compared() const { return compared_; }
  std::size_t longest_way() const { return detail::key_lookup::longest_way(index_); }
  const std::vector<value>& keys() const { return keys_; }

 private:
  struct counted_key {
    std::size_t& counter;
    const value& operator()(const value& item) const {
      ++counter;
      return item;
    }
  };
  std::vector<value> keys_{};
  detail::key_index index_{};
  std::size_t compared_ = 0;
};

struct family {
  const char* name;
  std::function<value(std::int64_t)> key;
};

/// n times 2**61 - 1, by which Python's hash of integers is a remainder.
value multiple(std::int64_t n) {
  const auto times = static_cast<std::uint64_t>(n);
  const std::uint64_t low = (times << 61) - times, high = (times >> 3) - ((times << 61) < times ? 1 : 0);
  const auto word = [](std::uint64_t of, int shift) { return static_cast<std::uint32_t>(of >> shift); };
  return integer::from_digits({word(low, 0), word(low, 32), word(high, 0), word(high, 32)}, false);
}

class Collisions : public testing::TestWithParam<family> {};

TEST_P(Collisions, are_not_made_by_choosing_keys) {
  counted_set set;
  for (std::int64_t i = 0; i < count; ++i) set.insert(GetParam().key(i));
  ASSERT_EQ(set.keys().size(), static_cast<std::size_t>(count));
  EXPECT_LE(set.longest_way(), way_most);
  // Seeing its first keys through without a table, and giving each key to it, are comparisons here too.
  const std::size_t few = 2 * detail::key_lookup::compared_most * detail::key_lookup::compared_most;
  EXPECT_LE(set.compared(), static_cast<std::size_t>(2 * count) + few);

  const std::size_t before = set.compared();
  for (const value& key : set.keys()) set.find(key);
  EXPECT_LE(set.compared() - before, static_cast<std::size_t>(2 * count));
}

const family families[] = {
    {"integers_that_have_one_hash_in_python", multiple},
    {"integers_alike_in_their_low_bits", [](std::int64_t i) { return value(i << 40); }},
    {"integers_in_a_row", [](std::int64_t i) { return value(i); }},
    {"floats_alike_in_their_high_bits", [](std::int64_t i) { return value(1 + static_cast<double>(i) * std::numeric_limits<double>::epsilon()); }},
    {"powers_and_fractions_of_two", [](std::int64_t i) { return value(std::ldexp(1 + static_cast<double>(i / 2000) / 32, static_cast<int>(i % 2000) - 1000)); }},
    {"numbers_that_are_none", [](std::int64_t) { return value(std::numeric_limits<double>::quiet_NaN()); }},
    {"texts_that_differ_at_the_end", [](std::int64_t i) { return value(std::string(40, 'a') + std::to_string(i)); }},
    {"texts_that_differ_at_the_beginning", [](std::int64_t i) { return value(std::to_string(i) + std::string(40, 'a')); }},
    {"texts_of_two_letters_whose_sums_are_equal", [](std::int64_t i) {
       std::string text;
       for (int bit = 0; bit < 16; ++bit) text += (i >> bit & 1) != 0 ? "BB" : "Aa";  // which multiply by 31 to the same
       return value(text);
     }},
    {"tuples_of_the_same_numbers", [](std::int64_t i) { return value(value::tuple{i % 250, i / 250, 0}); }},
    {"frozensets", [](std::int64_t i) { return value(value::frozenset{i % 250, 1000 + i / 250}); }},
};

INSTANTIATE_TEST_SUITE_P(Keys, Collisions, testing::ValuesIn(families), [](const auto& one) { return std::string(one.param.name); });

/// What this program, started again, prints as the hash of a text. Meson names what runs it when it is another machine's.
std::string hash_in_another_process() {
  const char* const wrapper = std::getenv("MESON_EXE_WRAPPER");
  const std::string command = (wrapper ? wrapper + std::string(" ") : "") + std::filesystem::read_symlink("/proc/self/exe").string() + " --hash";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(popen(command.c_str(), "r"), pclose);
  char line[64] = {};
  return out && std::fgets(line, sizeof line, out.get()) != nullptr ? line : "";
}

TEST(Seed, of_hashes_is_another_in_every_process) {
  const std::string one = hash_in_another_process(), other = hash_in_another_process();
  EXPECT_FALSE(one.empty());
  EXPECT_NE(one, other);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--hash") return std::printf("%zu\n", static_cast<std::size_t>(hash_of(value("text")))) < 0;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
