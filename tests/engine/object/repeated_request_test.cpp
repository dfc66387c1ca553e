// Requests that begin as the one before are written by copying its beginning: byte for byte what they would be otherwise.
#include <gtest/gtest.h>

#include <engine/object/typed_call.hpp>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine::test {
namespace {

using namespace std::string_literals;

/// A client's end without a connection: what is written lies in `out`.
struct talking {
  explicit talking(const settings& s = quiet_settings(), std::string key = {})
      : chosen(s), options{.serializer = "msgpack", .hmac_key = std::move(key)}, talk(where, options, chosen) {}
  detail::line line(std::uint16_t flags = 0) { return {talk, out, time_point::max(), flags}; }
  std::string taken() {
    std::string all = flat(out);
    out.clear();
    return all;
  }
  uri where{"PYRO:thing@localhost:1"};
  settings chosen;
  proxy_options options;
  detail::conversation talk;
  output out{};
};

template <auto Member, class... A> bool is_repeated(talking& t, std::uint16_t flags, A...) {
  const detail::line on = t.line(flags);
  return bool(detail::repeated_request(on, detail::wire_name<thing, Member>, sizeof...(A)));
}
template <auto Member, class... A> std::string written_as_is(talking& t, std::uint16_t flags, A... a) {
  detail::write_call<thing, Member>(t.line(flags), a...);
  return t.taken();
}
/// What it is without a memory of the last one.
template <auto Member, class... A> std::string written_anew(talking& t, std::uint16_t flags, A... a) {
  t.talk.know({});
  return written_as_is<Member>(t, flags, a...);
}

/// Another number, and the checksum that belongs to it.
std::string with_number_of(std::string frame, std::string_view other) {
  protocol_48::header h;
  EXPECT_TRUE(protocol_48::read_fields(as_bytes(frame).data(), h)) << "the checksum is right";
  protocol_48::header wanted;
  EXPECT_TRUE(protocol_48::read_fields(as_bytes(other).data(), wanted));
  h.sequence = wanted.sequence;
  protocol_48::write(h, frame.data());
  return frame;
}

TEST(RepeatedRequest, is_what_it_would_be_without_the_one_before) {
  talking one, other;
  one.talk.know({{"add", {.method = true}}, {"text", {.method = true}}, {"fire", {.method = true, .oneway = true}}});
  const auto same = [](const std::string& a, const std::string& b) { EXPECT_EQ(a, with_number_of(b, a)) << to_hex(a) << "\n" << to_hex(b); };
  for (int i = 0; i < 3; ++i) {
    same(written_as_is<&thing::add>(one, 0, i, 70000), written_as_is<&thing::add>(other, 0, i, 70000));
    EXPECT_TRUE((is_repeated<&thing::add>(one, 0, 1, 2)));
    EXPECT_FALSE((is_repeated<&thing::add>(one, 0, 1))) << "another number of arguments";
    EXPECT_FALSE((is_repeated<&thing::add>(one, flag::oneway, 1, 2))) << "other flags";
    EXPECT_FALSE((is_repeated<&thing::text>(one, 0, ""))) << "another method";
    EXPECT_EQ(one.out.size(), 0u) << "none of these leaves a trace";
  }
  for (const std::string& text : {"short"s, std::string(31, 'x'), std::string(70'000, 'y'), "h\u00e9"s})
    for (int i = 0; i < 2; ++i) same(written_as_is<&thing::text>(one, 0, text), written_as_is<&thing::text>(other, 0, text));
}

TEST(RepeatedRequest, is_oneway_as_the_first_was) {
  talking t;
  t.talk.know({{"fire", {.method = true, .oneway = true}}});
  for (int i = 0; i < 3; ++i) {
    const std::string said = written_as_is<&thing::fire>(t, 0, 1);
    protocol_48::header h;
    ASSERT_TRUE(protocol_48::read_fields(as_bytes(said).data(), h));
    EXPECT_EQ(h.flags, flag::oneway);
  }
  EXPECT_TRUE((is_repeated<&thing::fire>(t, 0, 1)));
  t.talk.know({{"fire", {.method = true}}});
  EXPECT_FALSE((is_repeated<&thing::fire>(t, 0, 1))) << "more is known now";
}

TEST(RepeatedRequest, is_checked_against_what_the_object_offers_now) {
  talking t;
  written_as_is<&thing::add>(t, 0, 1, 2);
  t.talk.know({{"text", {.method = true}}});
  EXPECT_THROW((written_as_is<&thing::add>(t, 0, 1, 2)), raised);
  EXPECT_EQ(t.out.size(), 0u);
}

TEST(RepeatedRequest, is_taken_back_when_an_argument_cannot_be_sent) {
  talking t;
  written_as_is<&thing::text>(t, 0, "good"s);
  const std::string before = written_as_is<&thing::text>(t, 0, "good"s);
  ASSERT_TRUE((is_repeated<&thing::text>(t, 0, ""s)));
  EXPECT_THROW((written_as_is<&thing::text>(t, 0, "\xff"s)), std::exception);
  EXPECT_EQ(t.out.size(), 0u);
  EXPECT_EQ(with_number_of(written_as_is<&thing::text>(t, 0, "good"s), before), before);
}

TEST(RepeatedRequest, is_left_to_the_long_way_where_more_is_asked_for) {
  settings compressing = quiet_settings(), limited = quiet_settings();
  compressing.compression = true;
  limited.max_message_size = 1000;
  for (talking* const t : {new talking(compressing), new talking(limited), new talking(quiet_settings(), "secr3t")}) {
    const std::unique_ptr<talking> owner(t);
    for (int i = 0; i < 2; ++i) written_as_is<&thing::text>(*t, 0, "good"s);
    EXPECT_FALSE((is_repeated<&thing::text>(*t, 0, ""s)));
  }
  talking t;
  for (int i = 0; i < 2; ++i) written_as_is<&thing::text>(t, 0, "good"s);
  outgoing_context().annotate("ABCD", "along");
  EXPECT_FALSE((is_repeated<&thing::text>(t, 0, ""s)));
  outgoing_context().clear();
  EXPECT_TRUE((is_repeated<&thing::text>(t, 0, ""s)));
  detail::line kept = t.line();
  detail::prepared again;
  kept.keep = &again;
  EXPECT_FALSE(bool(detail::repeated_request(kept, "text", 1)));
  detail::line upon = t.line();
  upon.promise.upon = true;
  EXPECT_FALSE(bool(detail::repeated_request(upon, "text", 1)));
}

TEST(RepeatedRequest, refers_to_bytes_that_stay_instead_of_copying_them) {
  talking t;
  const bytes large(100'000);
  for (int i = 0; i < 2; ++i) {
    detail::line on = t.line();
    on.stays = true;
    detail::write_call<thing, &thing::measure>(on, large);
    EXPECT_EQ(t.out.here().blocks, 1u);
    const std::string said = t.taken();
    protocol_48::header h;
    ASSERT_TRUE(protocol_48::read_fields(as_bytes(said).data(), h));
    EXPECT_EQ(h.data_length, said.size() - protocol_48::header_size);
  }
}

}  // namespace
}  // namespace engine::test
