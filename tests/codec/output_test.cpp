// Outgoing bytes: own and borrowed ones in order, marks, iovecs from any position in any piece size, and what is kept afterwards.
#include <codec/output.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tests/support/encoded.hpp>

namespace engine {
namespace {

using test::as_bytes;
using test::flat;

const std::string first_block(3000, 'B'), second_block = "CC";

/// "aaa" BBB… "ddd" CC with nothing between two blocks and own bytes at both ends.
void fill(output& out) {
  out.append("aaa");
  out.borrow(as_bytes(first_block));
  out.append('d');
  out.append("dd");
  out.borrow(as_bytes(second_block));
  out.borrow(as_bytes(second_block));
  out.append("e");
}
const std::string all = "aaa" + first_block + "ddd" + second_block + second_block + "e";

std::string gathered(const output& out, std::size_t skip, std::size_t count, std::size_t piece) {
  std::vector<iovec> parts(count);
  const std::size_t filled = out.iovecs(skip, parts, piece);
  std::string text;
  for (std::size_t i = 0; i < filled; ++i) {
    EXPECT_GT(parts[i].iov_len, 0u);
    EXPECT_LE(parts[i].iov_len, piece);
    text.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  }
  return text;
}

TEST(Output, begins_empty_and_without_memory) {
  output out;
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(out.size(), 0u);
  EXPECT_EQ(out.capacity(), 0u);
  out.append("");
  out.append(nullptr, 0);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(gathered(out, 0, 4, 100), "");
}

TEST(Output, keeps_own_and_borrowed_bytes_in_order) {
  output out;
  fill(out);
  EXPECT_FALSE(out.empty());
  EXPECT_EQ(out.size(), all.size());
  EXPECT_EQ(flat(out), all);
}

TEST(Output, refers_to_borrowed_bytes_where_they_are) {
  output out;
  fill(out);
  std::vector<iovec> parts(10);
  ASSERT_EQ(out.iovecs(0, parts), 6u);
  EXPECT_EQ(parts[1].iov_base, first_block.data());
  EXPECT_EQ(parts[3].iov_base, second_block.data());
}

TEST(Output, takes_no_notice_of_an_empty_block) {
  output out;
  out.borrow({});
  EXPECT_TRUE(out.empty());
}

TEST(Output, keeps_its_bytes_while_it_grows) {
  output out;
  std::string expected;
  for (int i = 0; i < 20000; ++i) {
    const std::string text = std::to_string(i);
    out.append(text);
    expected += text;
  }
  EXPECT_EQ(flat(out), expected);
  EXPECT_GE(out.capacity(), expected.size());
  EXPECT_LE(out.capacity(), 4 * expected.size());
}

TEST(Output, gives_room_for_as_much_as_is_asked) {
  output out;
  char* const to = out.room(100000);
  std::fill_n(to, 100000, 'r');
  out.advance(7);
  EXPECT_EQ(flat(out), "rrrrrrr");
}

TEST(Output, gives_iovecs_from_any_position) {
  output out;
  fill(out);
  for (std::size_t skip = 0; skip <= all.size() + 2; ++skip)
    ASSERT_EQ(gathered(out, skip, 20, 100000), all.substr(std::min(skip, all.size()))) << skip;
}

TEST(Output, cuts_iovecs_into_pieces) {
  output out;
  fill(out);
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 1000u, 3000u})
    for (const std::size_t skip : {0u, 2u, 3u, 500u, 3003u}) EXPECT_EQ(gathered(out, skip, 4000, piece), all.substr(skip)) << piece;
}

TEST(Output, fills_no_more_iovecs_than_there_is_room_for) {
  output out;
  fill(out);
  EXPECT_EQ(gathered(out, 0, 0, 10), "");
  EXPECT_EQ(gathered(out, 0, 1, 100000), "aaa");
  EXPECT_EQ(gathered(out, 0, 3, 10), all.substr(0, 3 + 10 + 10));
  EXPECT_EQ(gathered(out, 1, 2, 100000), all.substr(1, 2 + 3000));
}

// What a connection does: send some, ask again from there.
TEST(Output, comes_out_whole_when_every_send_is_short) {
  output out;
  fill(out);
  std::string sent;
  while (sent.size() < out.size()) {
    const std::string offered = gathered(out, sent.size(), 2, 100);
    ASSERT_FALSE(offered.empty());
    sent += offered.substr(0, 1 + offered.size() / 2);
  }
  EXPECT_EQ(sent, all);
}

TEST(Output, forgets_what_was_written_after_a_mark) {
  output out;
  std::vector<std::pair<output::mark, std::string>> marks;
  const auto note = [&] { marks.emplace_back(out.here(), flat(out)); };
  note();
  out.append("aaa");
  note();
  out.borrow(as_bytes(first_block));
  note();
  out.borrow(as_bytes(second_block));
  note();
  out.append("ddd");
  const std::size_t whole = out.size();
  for (auto m = marks.rbegin(); m != marks.rend(); ++m) {
    EXPECT_EQ(out.size_since(m->first) + m->second.size(), m == marks.rbegin() ? whole : out.size());
    out.truncate(m->first);
    EXPECT_EQ(flat(out), m->second);
    EXPECT_EQ(out.size_since(m->first), 0u);
  }
  EXPECT_TRUE(out.empty());
}

TEST(Output, walks_what_comes_after_a_mark) {
  output out;
  fill(out);
  const output::mark m = out.here();
  const auto since = [&] {
    std::string text;
    out.each_since(m, [&](std::span<const std::byte> run) { text.append(reinterpret_cast<const char*>(run.data()), run.size()); });
    return text;
  };
  EXPECT_EQ(since(), "");
  out.append("x");
  out.borrow(as_bytes(second_block));
  out.append("y");
  EXPECT_EQ(since(), "xCCy");
  EXPECT_EQ(out.size_since(m), 4u);
}

TEST(Output, lets_lengths_be_patched) {
  output out;
  out.append("before");
  const output::mark m = out.here();
  out.append("????");
  for (int i = 0; i < 1000; ++i) out.append("filling that makes it move");
  out.at(m.own)[0] = '!';
  EXPECT_EQ(flat(out).substr(0, 10), "before!???");
}

TEST(Output, holds_owners_until_the_bytes_are_forgotten) {
  const auto owner = std::make_shared<std::string>("owned");
  output out;
  const output::mark m = out.here();
  out.borrow(as_bytes(*owner), owner);
  EXPECT_EQ(owner.use_count(), 2);
  out.truncate(m);
  EXPECT_EQ(owner.use_count(), 1);
  out.borrow(as_bytes(*owner), owner);
  out.clear();
  EXPECT_EQ(owner.use_count(), 1);
  {
    output other;
    other.borrow(as_bytes(*owner), owner);
    out = std::move(other);
  }
  EXPECT_EQ(owner.use_count(), 2);
  EXPECT_EQ(flat(out), "owned");
}

TEST(Output, keeps_a_small_buffer_and_gives_a_large_one_back) {
  output out;
  out.append(std::string(10000, 'x'));
  const std::size_t capacity = out.capacity();
  out.clear();
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(out.capacity(), capacity);
  out.append(std::string(100000, 'x'));
  out.clear();
  EXPECT_EQ(out.capacity(), 0u);
  out.append("again");
  EXPECT_EQ(flat(out), "again");
  out.clear(0);
  EXPECT_EQ(out.capacity(), 0u);
}

TEST(Output, moves_with_its_bytes) {
  output a;
  fill(a);
  output b(std::move(a));
  EXPECT_EQ(flat(b), all);
  EXPECT_TRUE(a.empty());  // NOLINT: what is moved from may be used again
  a.append("new");
  EXPECT_EQ(flat(a), "new");
  a = std::move(b);
  EXPECT_EQ(flat(a), all);
}

}  // namespace
}  // namespace engine
