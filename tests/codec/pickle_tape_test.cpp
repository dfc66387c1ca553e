// The tape of plain pickles beside the machine, which reads the same with NONE and POP in front: those are not plain.
#include <codec/pickle_tape.hpp>

#include <gtest/gtest.h>

#include <codec/serializer.hpp>
#include <tests/support/encoded.hpp>

namespace engine {
namespace {

using namespace std::string_literals;

bool is_plain(std::string_view payload) {
  detail::pickle::tape tape;
  return tape.run(test::as_bytes(payload), 1000);
}

std::string read(const std::string& payload) {
  const auto v = test::decoded<value>(pickle(), test::as_bytes(payload));
  return v ? to_repr(*v) : std::string(v.error().type) + ": " + v.error().text;
}

/// What is read of the pickle, which the machine must make of it too.
std::string on_tape(const std::string& payload) {
  EXPECT_TRUE(is_plain(payload));
  EXPECT_EQ(read(payload), read("N0" + payload));
  return read(payload);
}
std::string by_the_machine(const std::string& payload) {
  EXPECT_FALSE(is_plain(payload));
  return read(payload);
}

TEST(PickleTape, holds_what_pythons_picklers_write) {
  EXPECT_EQ(on_tape("\x80\x02]q\0(K\1X\1\0\0\0aq\1h\1e."s), "[1, 'a', 'a']");
  EXPECT_EQ(on_tape("\x80\4\x95\x1e\0\0\0\0\0\0\0}\x94(\x8c\1a\x94G?\xf0\0\0\0\0\0\0\x8c\1b\x94\x8a\3\0\0\1h\1M\0\1u."s), "{'a': 256, 'b': 65536}");
  EXPECT_EQ(on_tape("\x80\5\x8f\x94(K\2C\1x\x94N\x88\x89\x90."s), "{2, b'x', None, True, False}");
  EXPECT_EQ(on_tape("\x80\5(K\1K\2\x91\x94."s), "frozenset({1, 2})");
  EXPECT_EQ(on_tape("(K\1]J\xfe\xff\xff\xff\x61}t."s), "(1, [-2], {})");
}

TEST(PickleTape, tells_members_from_batches_only_by_how_they_end) {
  EXPECT_EQ(on_tape("](](K\1K\2ee."s), "[[1, 2]]");
  EXPECT_EQ(by_the_machine("](](K\1K\2te."s), "[[], (1, 2)]");
  EXPECT_EQ(on_tape("](]K\1e."s), "[[], 1]");
  EXPECT_EQ(on_tape("](]K\1ae."s), "[[1]]");
  EXPECT_EQ(on_tape("](]]K\1aae."s), "[[[1]]]");
  EXPECT_EQ(on_tape("](})e."s), "[{}, ()]");
  EXPECT_EQ(on_tape("](}K\1]se."s), "[{1: []}]");
  EXPECT_EQ(on_tape("](](e](ee."s), "[[], []]");
  EXPECT_EQ(by_the_machine("](K\1eK\2a."s), "[1, 2]");
}

TEST(PickleTape, puts_batches_behind_one_another) {
  EXPECT_EQ(on_tape("](K\1e(K\2e."s), "[1, 2]");
  EXPECT_EQ(on_tape("](](K\1e(](K\2e(K\3ee(K\4ee(K\5e."s), "[[1, [2, 3], 4], 5]");
  EXPECT_EQ(on_tape("(}(K\1K\2u(K\3]K\4auK\5\x8f(K\6\x90(K\7K\x8\x90t."s), "({1: 2, 3: [4]}, 5, {6, 7, 8})");
  EXPECT_EQ(on_tape("(](K\1e(e(K\2e)t."s), "([1, 2], ())");
  EXPECT_EQ(by_the_machine("(e."s), "pickle.UnpicklingError: unpickling stack underflow");
  EXPECT_EQ(by_the_machine("K\1(K\2e."s), "builtins.AttributeError: 'int' object has no attribute 'append'");
  EXPECT_EQ(by_the_machine("](K\1e}(K\2e."s), "builtins.AttributeError: 'dict' object has no attribute 'append'");
  EXPECT_EQ(by_the_machine("](K\1e((K\2ee."s), "pickle.UnpicklingError: unexpected MARK found");
}

TEST(PickleTape, makes_tuples_of_what_came_last) {
  EXPECT_EQ(on_tape("K\1\x85."s), "(1,)");
  EXPECT_EQ(on_tape("(K\1K\2K\3\x86t."s), "(1, (2, 3))");
  EXPECT_EQ(on_tape("](K\1](K\2K\3e}\x87](K\4e\x85\x85\x65."s), "[(1, [2, 3], {}), (([4],),)]");
}

TEST(PickleTape, leaves_what_is_shared_or_wrong_to_the_machine) {
  EXPECT_EQ(by_the_machine("(]q\0h\0t."s), "([], [])");
  EXPECT_EQ(by_the_machine("](]q\0h\0K\1ae."s), "[[1], [1]]");
  EXPECT_EQ(by_the_machine("K\1q\1."s), "1");
  EXPECT_EQ(by_the_machine("}(]K\1u."s), "builtins.TypeError: unhashable type: 'list'");
  EXPECT_EQ(by_the_machine("}(K\1u."s), "pickle.UnpicklingError: odd number of items for SETITEMS");
  EXPECT_EQ(by_the_machine("(K\1."s).substr(0, 2), "1");
  EXPECT_EQ(by_the_machine("K\1\x86."s), "pickle.UnpicklingError: unpickling stack underflow");
  EXPECT_EQ(by_the_machine("(\x85t."s), "pickle.UnpicklingError: unexpected MARK found");
  EXPECT_EQ(by_the_machine("K\1e."s), "pickle.UnpicklingError: could not find MARK");
  EXPECT_EQ(by_the_machine("h\5."s), "pickle.UnpicklingError: Memo value not found at index 5");
  EXPECT_EQ(by_the_machine("X\1\0\0\0\xff."s).substr(0, 10), "builtins.U");
}

TEST(PickleTape, has_no_container_for_a_key_in_whichever_batch) {
  const std::string list = "builtins.TypeError: unhashable type: 'list'", dict = "builtins.TypeError: unhashable type: 'dict'";
  EXPECT_EQ(by_the_machine("}(]K\1u."s), list);
  EXPECT_EQ(by_the_machine("}(}K\1u."s), dict);
  EXPECT_EQ(by_the_machine("}(](K\1eK\1u."s), list);
  EXPECT_EQ(by_the_machine("}(K\1K\2]K\3u."s), list);
  EXPECT_EQ(by_the_machine("}(K\1K\2u(]K\3u."s), list);
  EXPECT_EQ(by_the_machine("}(K\1K\2u(K\3K\4}K\5u."s), dict);
  EXPECT_EQ(by_the_machine("}]K\1s."s), list);
  EXPECT_EQ(by_the_machine("}(K\1]\x86K\2u."s), list);
  EXPECT_EQ(by_the_machine("}(K\1K\2u(K\3]\x86K\4u."s), list);
  EXPECT_EQ(by_the_machine("}((K\1]tK\2u."s), list);
  EXPECT_EQ(by_the_machine("}(K\1K\2u((K\3}tK\4u."s), dict);
  for (const auto* key : {")", "K\1\x85", "K\1K\2\x86", "(K\1K\2t", "(K\1K\2\x91"}) {
    const std::string first = "}("s + key + "K\3u.", next = "}(K\7K\x8u("s + key + "K\3u.";
    EXPECT_EQ(by_the_machine(first), read("N0" + first));
    EXPECT_EQ(by_the_machine(next), read("N0" + next));
  }
  EXPECT_EQ(by_the_machine("}(K\1K\2\x86K\3u(K\4K\5u."s), "{(1, 2): 3, 4: 5}");
  EXPECT_EQ(on_tape("}(K\1]K\2\x86u."s), "{1: ([], 2)}");
  EXPECT_EQ(on_tape("}(K\1]\x85K\2(]K\3tu(K\4]K\5\x86u."s), "{1: ([],), 2: ([], 3), 4: ([], 5)}");
}

TEST(PickleTape, ends_nowhere_but_at_a_stop) {
  const std::string ran_out = "builtins.EOFError: Ran out of input", truncated = "pickle.UnpicklingError: pickle data was truncated";
  EXPECT_EQ(by_the_machine("K\1"s), ran_out);
  EXPECT_EQ(by_the_machine("K"s), read("N0K"s));
  EXPECT_EQ(by_the_machine("\x80\4K\1"s), ran_out);
  const std::string whole = "\x80\4\x95\x20\0\0\0\0\0\0\0}\x94(\x8c\1a\x94]\x94(K\1M\2\1J\1\2\3\4G?\xf0\0\0\0\0\0\0K\5eh\1X\1\0\0\0bq\3K\6K\7K\x8\x86\x8c\1c}\x8c\1d(K\1tu."s;
  EXPECT_TRUE(is_plain(whole));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    // In memory of its own size, for sanitizers to see what is read behind it.
    const std::vector<char> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const std::string_view payload(part.data(), part.size());
    EXPECT_FALSE(is_plain(payload));
    EXPECT_EQ(read(std::string(payload)).find("{"), std::string::npos);
  }
}

TEST(PickleTape, counts_no_more_cells_than_allowed) {
  const std::string many = "](" + std::string(998, 'N') + "e.", too_many = "](" + std::string(999, 'N') + "e.";
  EXPECT_TRUE(is_plain(many));
  EXPECT_FALSE(is_plain(too_many));
}

TEST(PickleTape, leaves_what_nests_too_deeply_for_it_to_the_machine) {
  const auto nested = [](std::size_t depth) { return std::string(2 * depth, '(') + std::string(2 * depth, 't') + "."; };
  EXPECT_EQ(on_tape(nested(32)), read("N0" + nested(32)));
  EXPECT_EQ(by_the_machine(nested(33)), read("N0" + nested(33)));
}

TEST(PickleTape, rewinds_and_skips) {
  const std::string payload = "((K\1]q\0(K\2K\3e}t(K\4(K\5tt)](K\6\x8c\1aq\1et."s;
  ASSERT_TRUE(is_plain(payload));
  const auto in = pickle().make_reader();
  in->start(test::as_bytes(payload));
  std::size_t size = 0;
  std::int64_t n = 0;
  ASSERT_TRUE(in->enter_sequence(size));
  EXPECT_EQ(size, 4u);
  ASSERT_TRUE(in->more());
  const auto start = in->here();
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(in->enter_sequence(size) && in->more() && in->read_integer(n) && in->more());
    EXPECT_EQ(n, 1);
    std::vector<std::int64_t> two;
    ASSERT_TRUE(in->read_integers(two));
    EXPECT_EQ(two, (std::vector<std::int64_t>{2, 3}));
    in->rewind(start);
  }
  ASSERT_TRUE(in->skip() && in->more() && in->enter_sequence(size) && in->more() && in->read_integer(n));
  EXPECT_EQ(n, 4);
  ASSERT_TRUE(in->more() && in->skip());
  EXPECT_FALSE(in->more());
  ASSERT_TRUE(in->more() && in->skip());  // the empty tuple
  std::vector<value> rest;
  ASSERT_TRUE(in->more() && decode(*in, rest));
  EXPECT_FALSE(in->more());
  EXPECT_TRUE(in->finish());
}

}  // namespace
}  // namespace engine
