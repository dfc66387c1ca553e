// How frames come out of bytes however they are cut: Pyro's captures, every split point, frames viewed in place, large bodies
// received in their place, and the memory held meanwhile.
#include <codec/frame_reader.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include <codec/compress.hpp>
#include <tests/codec/captures.hpp>
#include <tests/codec/frame_support.hpp>
#include <tests/support/resident.hpp>

namespace engine {
namespace {

namespace capture = test::capture;

using test::as_bytes;
using test::drain;
using test::frame_bytes;
using test::seen;
using test::seen_frame;
using test::with_correlation;

const std::string serpent_header = "# serpent utf-8 python3.2\n";

TEST(FrameReader, reads_what_pyro_sent) {
  const auto read = [](std::string_view hex) { return test::read_frame(test::dump(hex)).value(); };
  EXPECT_EQ(read(capture::connect), (seen_frame{message::connect, flag::metadata, 0, 1, with_correlation,
                                                serpent_header + "{'handshake':'hello','object':'thing'}"}));
  EXPECT_EQ(read(capture::connect_ok),
            (seen_frame{message::connect_ok, flag::metadata, 0, 1, with_correlation,
                        serpent_header + "{'handshake':'hello','meta':{'methods':['gen','err','__len__','div','fire','none','add','echo',"
                                         "'one','prox'],'oneway':['fire'],'attrs':['value']}}"}));
  EXPECT_EQ(read(capture::connect_fail),
            (seen_frame{message::connect_fail, 0, 0, 3, {}, "\xfa,invalid data or unsupported protocol version"}));
  EXPECT_EQ(read(capture::invoke),
            (seen_frame{message::invoke, 0, 1, 1, with_correlation, serpent_header + "('thing','add',(1,),{'b':2})"}));
  EXPECT_EQ(read(capture::result), (seen_frame{message::result, 0, 1, 1, with_correlation, serpent_header + "3"}));
  EXPECT_EQ(read(capture::oneway),
            (seen_frame{message::invoke, flag::oneway, 3, 1, with_correlation, serpent_header + "('thing','fire',('x',),{})"}));
  EXPECT_EQ(read(capture::ping), (seen_frame{message::ping, 0, 0, 42, {}, "ping"}));
  EXPECT_EQ(read(capture::blob), (seen_frame{message::invoke, flag::keep_serialized, 1, 1,
                                             {{"BLBI", test::dump("2903da06") + "topic1\xfa\x04" "disp\xda\x07process"}},
                                             serpent_header + "('disp','process',{'a':1},{})"}));
}

/// Several frames of all shapes: empty, small, compressed, annotated, larger than the threshold below.
struct stream {
  std::string bytes;
  std::vector<seen_frame> frames;
};
constexpr std::size_t threshold = 256;

stream make_stream() {
  stream s;
  for (const auto dump : {capture::connect, capture::ping, capture::invoke}) s.bytes += test::dump(dump);
  s.bytes += frame_bytes({.type = message::result, .sequence = 7, .serializer = 6}, "");
  s.bytes += frame_bytes({.sequence = 8}, std::string(400, 'c'), {{"XYZZ", "v"}}, {.compress = true});
  s.bytes += frame_bytes({.sequence = 9}, std::string(700, 'd'), with_correlation);
  s.bytes += test::dump(capture::oneway);
  frame_reader reader;
  reader.feed(as_bytes(s.bytes));
  s.frames = drain(reader);
  return s;
}

/// All frames of `bytes` given in pieces that end at `cuts`; each piece is a buffer of its own that is gone afterwards.
std::vector<seen_frame> in_pieces(const std::string& bytes, std::vector<std::size_t> cuts, bool use_room) {
  frame_reader reader({.direct_threshold = threshold});
  std::vector<seen_frame> all;
  cuts.push_back(bytes.size());
  std::size_t at = 0;
  for (const std::size_t cut : cuts) {
    while (use_room && at < cut && !reader.room().empty()) {
      const std::size_t n = std::min(cut - at, reader.room().size());
      std::memcpy(reader.room().data(), bytes.data() + at, n);
      reader.filled(n);
      at += n;
      std::ranges::move(drain(reader), std::back_inserter(all));
    }
    std::string piece = bytes.substr(at, cut - at);
    reader.feed(as_bytes(piece));
    std::ranges::move(drain(reader), std::back_inserter(all));
    std::ranges::fill(piece, '\xee');
    at = cut;
  }
  EXPECT_TRUE(reader.between_frames());
  return all;
}

TEST(FrameReader, reads_a_stream_of_frames_in_one_go) {
  const stream s = make_stream();
  ASSERT_EQ(s.frames.size(), 7u);
  EXPECT_EQ(s.frames[3].payload, "");
  EXPECT_EQ(s.frames[4].payload, std::string(400, 'c'));
  EXPECT_EQ(s.frames[5].payload, std::string(700, 'd'));
  EXPECT_EQ(s.frames[6].sequence, 3);
}

TEST(FrameReader, does_not_care_where_a_stream_is_cut) {
  const stream s = make_stream();
  for (const bool use_room : {false, true}) {
    for (std::size_t cut = 0; cut <= s.bytes.size(); ++cut) ASSERT_EQ(in_pieces(s.bytes, {cut}, use_room), s.frames) << "cut at " << cut;
  }
}

TEST(FrameReader, does_not_care_about_two_cuts_either) {
  const stream s = make_stream();
  for (std::size_t first = 0; first < s.bytes.size(); first += 7) {
    for (std::size_t second = first; second < s.bytes.size(); second += 31)
      ASSERT_EQ(in_pieces(s.bytes, {first, second}, first % 2 == 0), s.frames) << first << " and " << second;
  }
}

TEST(FrameReader, takes_a_stream_byte_by_byte) {
  const stream s = make_stream();
  std::vector<std::size_t> cuts(s.bytes.size());
  std::iota(cuts.begin(), cuts.end(), 0);
  EXPECT_EQ(in_pieces(s.bytes, cuts, false), s.frames);
  EXPECT_EQ(in_pieces(s.bytes, cuts, true), s.frames);
}

TEST(FrameReader, views_a_whole_frame_in_place) {
  const std::string bytes = test::dump(capture::ping) + test::dump(capture::invoke) + test::dump(capture::ping).substr(0, 10);
  frame_reader reader;
  reader.feed(as_bytes(bytes));
  const auto ping = reader.next();
  EXPECT_EQ(reinterpret_cast<const char*>((*ping)->payload.data()), bytes.data() + 24);
  const auto call = reader.next();
  EXPECT_EQ(reinterpret_cast<const char*>((*call)->payload.data()), bytes.data() + 28 + 24 + 22);
  EXPECT_EQ(reinterpret_cast<const char*>((*call)->annotations.find("CORR")->data()), bytes.data() + 28 + 24 + 6);
  EXPECT_EQ(reader.memory(), 0u);
}

TEST(FrameReader, views_a_large_frame_that_lies_whole_in_place_too) {
  const std::string bytes = frame_bytes({}, std::string(5 << 20, 'x'));
  frame_reader reader;
  reader.feed(as_bytes(bytes));
  EXPECT_EQ(reinterpret_cast<const char*>((*reader.next())->payload.data()), bytes.data() + 24);
  EXPECT_EQ(reader.memory(), 0u);
}

TEST(FrameReader, receives_a_large_body_where_it_belongs) {
  const std::string payload(200000, 'p'), bytes = frame_bytes({}, payload, with_correlation);
  frame_reader reader;
  EXPECT_TRUE(reader.room().empty());
  reader.feed(as_bytes(bytes).first(1000));
  ASSERT_FALSE(*reader.next());
  EXPECT_FALSE(reader.between_frames());
  ASSERT_EQ(reader.room().size(), bytes.size() - 1000);
  const std::byte* const place = reader.room().data();
  std::memcpy(reader.room().data(), bytes.data() + 1000, 5000);
  reader.filled(5000);
  ASSERT_FALSE(*reader.next());
  ASSERT_EQ(reader.room().data(), place + 5000);
  std::memcpy(reader.room().data(), bytes.data() + 6000, bytes.size() - 6000);
  reader.filled(bytes.size() - 6000);
  const auto frame = reader.next();
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ(test::text_of((*frame)->payload), payload);
  EXPECT_EQ((*frame)->payload.data(), place - 1000 + 24 + 22);
  EXPECT_TRUE(reader.room().empty());
}

TEST(FrameReader, offers_room_only_for_a_rest_that_is_large_enough) {
  const std::string bytes = frame_bytes({}, std::string(64 * 1024 + 100, 'p'));
  for (const std::size_t have : {std::size_t{24}, bytes.size() - 64 * 1024, bytes.size() - 64 * 1024 + 1}) {
    frame_reader reader;
    reader.feed(as_bytes(bytes).first(have));
    ASSERT_FALSE(*reader.next());
    EXPECT_EQ(reader.room().size(), bytes.size() - have >= 64 * 1024 ? bytes.size() - have : 0) << have;
    reader.feed(as_bytes(bytes).subspan(have));
    const auto frame = reader.next();
    ASSERT_TRUE(frame && *frame);
    EXPECT_EQ((*frame)->payload.size(), 64u * 1024 + 100);
  }
}

TEST(FrameReader, takes_the_frame_behind_a_large_one_from_the_same_bytes) {
  const std::string bytes = frame_bytes({}, std::string(100000, 'p')) + test::dump(capture::ping);
  frame_reader reader;
  reader.feed(as_bytes(bytes).first(100));
  EXPECT_TRUE(drain(reader).empty());
  reader.feed(as_bytes(bytes).subspan(100));
  const auto rest = drain(reader);
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[1].payload, "ping");
  EXPECT_TRUE(reader.between_frames());
}

TEST(FrameReader, holds_no_memory_when_nothing_is_on_its_way) {
  frame_reader reader;
  EXPECT_EQ(reader.memory(), 0u);
  const std::string zeros = frame_bytes({}, std::string(1000, '\0'), {}, {.compress = true});
  for (const std::string& bytes : {test::dump(capture::connect) + make_stream().bytes, frame_bytes({}, std::string(60000, 'j')), frame_bytes({}, std::string(300000, 'l')), zeros}) {
    reader.feed(as_bytes(bytes).first(30));
    EXPECT_FALSE(*reader.next());
    EXPECT_GT(reader.memory(), 0u);
    reader.feed(as_bytes(bytes).subspan(30));
    EXPECT_FALSE(drain(reader).empty());
    EXPECT_EQ(reader.memory(), 0u) << bytes.size();
    EXPECT_TRUE(reader.between_frames());
  }
}

TEST(FrameReader, counts_the_key_it_holds) {
  frame_reader reader;
  reader.set_hmac_key(std::string(100, 'k'));
  EXPECT_GE(reader.memory(), 100u);
}

TEST(FrameReader, does_not_believe_a_length_before_the_bytes_have_come) {
  body::release_kept();
  std::string header(protocol_48::header_size, '\0');
  protocol_48::write({.type = message::invoke, .serializer = 1, .data_length = 0x7fffffff}, header.data());
  SKIP_UNLESS_RESIDENT_IS_OURS();
  const std::size_t before = test::resident_bytes();
  frame_reader reader;
  header += "abc";
  reader.feed(as_bytes(header));
  ASSERT_FALSE(*reader.next());
  EXPECT_EQ(reader.room().size(), 0x7fffffffu - 3);
  EXPECT_LT(test::resident_bytes(), before + (16 << 20));
  std::memset(reader.room().data(), 'x', 32 << 20);
  reader.filled(32 << 20);
  ASSERT_FALSE(*reader.next());
  EXPECT_GT(test::resident_bytes(), before + (24 << 20));
  EXPECT_LT(test::resident_bytes(), before + (64 << 20));
}

TEST(FrameReader, hands_on_what_it_has_not_consumed) {
  const std::string bytes = test::dump(capture::connect) + test::dump(capture::invoke) + frame_bytes({}, std::string(1000, 'x'));
  frame_reader expected;
  expected.feed(as_bytes(bytes));
  const auto frames = drain(expected);
  for (std::size_t have = 110; have <= bytes.size(); ++have) {
    frame_reader first({.direct_threshold = threshold});
    first.feed(as_bytes(bytes).first(have));
    ASSERT_EQ(seen(**first.next()), frames[0]);
    const auto rest = first.take_rest();
    ASSERT_EQ(rest.size(), have - 110);
    EXPECT_TRUE(first.between_frames());
    EXPECT_EQ(first.memory(), 0u);
    frame_reader second;
    second.feed(rest);
    auto others = drain(second);
    second.feed(as_bytes(bytes).subspan(have));
    std::ranges::move(drain(second), std::back_inserter(others));
    ASSERT_EQ(others, std::vector(frames.begin() + 1, frames.end())) << have;
  }
}

TEST(FrameReader, hands_on_the_beginning_of_a_frame_it_keeps) {
  const std::string bytes = frame_bytes({}, std::string(1000, 'x'));
  for (const std::size_t direct : {std::size_t{100}, std::size_t{100000}}) {
    for (const std::size_t have : {0u, 1u, 23u, 24u, 25u, 500u}) {
      frame_reader reader({.direct_threshold = direct});
      reader.feed(as_bytes(bytes).first(have));
      ASSERT_FALSE(*reader.next());
      EXPECT_EQ(test::text_of(reader.take_rest()), bytes.substr(0, have));
      EXPECT_TRUE(reader.between_frames());
      EXPECT_TRUE(reader.room().empty());
      EXPECT_EQ(reader.memory(), 0u);
      EXPECT_TRUE(reader.take_rest().empty());
    }
  }
}

}  // namespace
}  // namespace engine
