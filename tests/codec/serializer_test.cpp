// The table of serializers, and the reuse of readers and writers.
#include <codec/serializer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include <tests/support/encoded.hpp>

namespace engine::test {
namespace {

TEST(Serializers, have_the_numbers_of_both_protocols) {
  EXPECT_EQ(serpent().name, "serpent");
  EXPECT_EQ(serpent().id_48, 1);
  EXPECT_EQ(serpent().id_502, 1);
  EXPECT_EQ(marshal().name, "marshal");
  EXPECT_EQ(marshal().id_48, 3);
  EXPECT_EQ(marshal().id_502, 2);
  EXPECT_EQ(msgpack().name, "msgpack");
  EXPECT_EQ(msgpack().id_48, 6);
  EXPECT_EQ(msgpack().id_502, 4);
}

TEST(Serializers, are_each_found_by_name_and_number) {
  std::set<std::string_view> names;
  for (const serializer* s : serializers()) {
    EXPECT_EQ(find_serializer(s->name), s);
    EXPECT_EQ(find_serializer_48(s->id_48), s);
    EXPECT_TRUE(names.insert(s->name).second);
  }
  EXPECT_TRUE(std::ranges::is_sorted(serializers(), {}, &serializer::id_48));
}

TEST(Serializers, that_are_unknown_are_not_found) {
  EXPECT_EQ(find_serializer("nothing"), nullptr);
  EXPECT_EQ(find_serializer(""), nullptr);
  EXPECT_EQ(find_serializer("SERPENT"), nullptr);
  for (const std::uint16_t id : {0, 42, 65535}) EXPECT_EQ(find_serializer_48(id), nullptr);
}

TEST(Serializers, write_lists_whose_size_is_known_at_their_end) {
  for (const serializer* s : serializers()) {
    for (const std::size_t count : {0u, 1u, 2u, 300u}) {
      const auto out_writer = s->make_writer();
      output out;
      out.append("before");
      const auto start = out.here();
      out_writer->start(out);
      out_writer->begin_growing();
      value::list expected;
      for (std::size_t i = 0; i < count; ++i) {
        expected.push_back(value::dict{{"n", i}});
        encode(*out_writer, expected[i]);
      }
      out_writer->end_growing(count);
      ASSERT_TRUE(out_writer->ok()) << s->name;
      std::string text;
      out.each_since(start, [&](std::span<const std::byte> run) { text.append(reinterpret_cast<const char*>(run.data()), run.size()); });
      EXPECT_EQ(decoded<value>(*s, as_bytes(text)).value(), value(expected)) << s->name << " " << count;
    }
  }
}

TEST(Codecs, are_made_once_and_kept_apart) {
  codecs kept;
  std::set<const void*> made;
  for (const serializer* s : serializers()) {
    EXPECT_EQ(&kept.reader_of(*s), &kept.reader_of(*s));
    EXPECT_EQ(&kept.writer_of(*s), &kept.writer_of(*s));
    made.insert(&kept.reader_of(*s));
    made.insert(&kept.writer_of(*s));
  }
  EXPECT_EQ(made.size(), 2 * serializers().size());
}

TEST(Codecs, forget_a_failure_with_the_next_message) {
  codecs kept;
  for (const serializer* s : serializers()) {
    reader& in = kept.reader_of(*s);
    int number = 0;
    in.start(as_bytes("\xc1 not a value"));
    EXPECT_FALSE(decode(in, number));
    EXPECT_FALSE(in.ok());
    const std::string good = *encoded(*s, 42);
    in.start(as_bytes(good));
    EXPECT_TRUE(in.ok());
    ASSERT_TRUE(decode(in, number) && in.finish()) << s->name;
    EXPECT_EQ(number, 42);

    writer& to = kept.writer_of(*s);
    output out;
    to.start(out);
    to.string("\xff");
    to.start(out);
    EXPECT_TRUE(to.ok());
  }
}

}  // namespace
}  // namespace engine::test
