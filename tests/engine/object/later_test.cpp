// The places of a batch's results: in blocks by type, and whatever happens to one says nothing of those beside it.
#include <engine/object/later.hpp>

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <codec/serializer.hpp>
#include <codec/shape.hpp>
#include <engine/object/error.hpp>
#include <tests/support/allocations.hpp>

namespace engine::detail {
namespace {

/// How many there are now.
struct counted {
  counted() { ++alive; }
  counted(const counted& other) : number(other.number) { ++alive; }
  counted& operator=(const counted&) = default;
  ~counted() { --alive; }
  int number = 0;
  static inline int alive = 0;
};
ENGINE_SHAPE(counted, number)

struct alignas(64) aligned {
  int number = 0;
};
ENGINE_SHAPE(aligned, number)

bool read_plainly(later_places& places, std::string_view payload) {
  plain_msgpack in(std::as_bytes(std::span(payload)));
  return places.read_plainly(in) && in.at_end();
}

TEST(Later, results_of_several_types_in_turns_are_read_in_the_order_of_their_calls) {
  later_places places;
  std::vector<later<int>> numbers;
  std::vector<later<std::string>> texts;
  std::string payload;
  for (int i = 0; i < 100; ++i) {
    numbers.push_back(places.add<int>());
    texts.push_back(places.add<std::string>());
    if (i % 3 == 0) static_cast<void>(places.add<void>());
    payload.push_back(static_cast<char>(i));
    payload += i % 2 ? "\xa3odd" : "\xa4" "even";
    if (i % 3 == 0) payload.push_back('\xc0');
  }
  EXPECT_EQ(places.size(), 234u);
  ASSERT_TRUE(read_plainly(places, payload));
  places.begin();
  places.settle();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(*numbers[static_cast<std::size_t>(i)], i);
    EXPECT_EQ(*texts[static_cast<std::size_t>(i)], i % 2 ? "odd" : "even");
  }
}

TEST(Later, a_cursor_passes_every_place_once_in_that_order) {
  later_places places;
  std::vector<later<int>> numbers;
  std::vector<later<double>> reals;
  for (int i = 0; i < 300; ++i) {
    if (i % 7 < 4) numbers.push_back(places.add<int>());
    else reals.push_back(places.add<double>());
  }
  std::size_t passed = 0;
  for (later_cursor at = places.first(); !at.at_end(); at.next(), ++passed) {
    EXPECT_EQ(at.passed(), passed);
    at.take(value(static_cast<std::int64_t>(passed)));
  }
  places.settle();
  EXPECT_EQ(passed, 300u);
  for (std::size_t i = 0, n = 0, r = 0; i < 300; ++i) {
    if (i % 7 < 4) EXPECT_EQ(*numbers[n++], static_cast<int>(i));
    else EXPECT_EQ(*reals[r++], static_cast<double>(i));
  }
}

TEST(Later, what_is_wrong_with_one_is_thrown_by_that_one_alone) {
  later_places places;
  const auto first = places.add<int>(), second = places.add<int>(), third = places.add<int>();
  EXPECT_THROW(first.get(), error) << "nothing has been sent";
  places.begin();
  later_cursor at = places.first();
  at.next();
  at.fail(std::make_exception_ptr(raised("ValueError", {"broken"})));
  EXPECT_THROW(first.get(), error) << "the answer is being read";
  places.settle();
  EXPECT_EQ(first.get(), 0);
  EXPECT_THROW(second.get(), raised);
  EXPECT_EQ(third.get(), 0);
  places.begin();
  places.settle();
  EXPECT_EQ(second.get(), 0) << "the batch was sent once more, and answered";
  places.settle(std::make_exception_ptr(error("lost")));
  for (const auto& each : {first, second, third}) EXPECT_THROW(each.get(), error);
}

TEST(Later, a_block_lives_as_long_as_one_of_its_results_and_ends_what_it_has_made) {
  {
    later_places places;
    std::vector<later<counted>> kept;
    for (int i = 0; i < 2000; ++i) kept.push_back(places.add<counted>());
    EXPECT_EQ(counted::alive, 2000);
    places.clear();
    EXPECT_TRUE(places.empty());
    EXPECT_EQ(counted::alive, 2000) << "the batch has let them go, the caller has not";
    kept.erase(kept.begin() + 1, kept.end());
    EXPECT_GE(counted::alive, 1);
    EXPECT_LE(counted::alive, 64);
  }
  EXPECT_EQ(counted::alive, 0);
}

TEST(Later, a_block_ends_once_whoever_lets_go_of_it_last) {
  for (const bool batch_first : {true, false}) {
    std::optional<later_places> places(std::in_place);
    std::vector<later<counted>> kept;
    for (int i = 0; i < 70; ++i) kept.push_back(places->add<counted>());  // a full block and one that is not
    places->settle();
    auto copy = kept.front();
    copy = kept.back();
    const auto moved = std::move(copy);
    copy = moved;
    if (batch_first) places.reset();
    std::vector<std::thread> others;
    for (int i = 0; i < 4; ++i)
      others.emplace_back([kept] {
        for (const auto& each : kept) {
          const auto another = each;
          EXPECT_EQ(another->number, 0);
        }
      });
    kept.clear();
    for (auto& each : others) each.join();
    EXPECT_GE(counted::alive, 1) << "the copies are there";
  }
  EXPECT_EQ(counted::alive, 0);
}

struct refusing {
  refusing() {
    if (refuses) throw std::runtime_error("not now");
  }
  static inline bool refuses = false;
};
ENGINE_SHAPE(refusing)

TEST(Later, a_result_that_cannot_be_made_leaves_no_place) {
  later_places places;
  const auto first = places.add<refusing>();
  refusing::refuses = true;
  EXPECT_THROW(static_cast<void>(places.add<refusing>()), std::runtime_error);
  refusing::refuses = false;
  const auto second = places.add<refusing>();
  EXPECT_EQ(places.size(), 2u);
  places.settle();
  EXPECT_EQ(&*second - &*first, 1);
}

TEST(Later, many_types_in_turns_do_not_begin_a_block_for_each_result) {
  later_places places;
  const auto each = [&]<class... R>(std::tuple<R...>*) { (static_cast<void>(places.add<R>()), ...); };
  using types = std::tuple<std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, double, bool, std::string, value>;
  const auto before = testing_support::allocations_here().taken_bytes;
  for (int i = 0; i < 100; ++i) each(static_cast<types*>(nullptr));
  EXPECT_LE(testing_support::allocations_here().taken_bytes - before, 150'000u) << "1,200 results";
}

TEST(Later, large_and_over_aligned_results_have_places_too) {
  static_assert(later_block_of<std::array<char, 5000>>::most == 1);
  static_assert(sizeof(later_block_of<int>) <= largest_recycled && sizeof(later_block_of<std::string>) <= largest_recycled);
  later_places places;
  std::vector<later<aligned>> kept;
  for (int i = 0; i < 100; ++i) kept.push_back(places.add<aligned>());
  places.settle();
  for (const auto& each : kept) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&*each) % 64, 0u);
}

}  // namespace
}  // namespace engine::detail
