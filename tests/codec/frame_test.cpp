// annotation_view: the chunks of a frame one by one, in both widths, and the last of equal keys.
#include <codec/frame.hpp>

#include <gtest/gtest.h>

#include <string>

#include <tests/codec/frame_support.hpp>

namespace engine {
namespace {

using test::annotation_list;
using test::text_of;

annotation_list listed(const annotation_view& view) {
  annotation_list all;
  for (const annotation a : view) all.emplace_back(a.key, text_of(a.value));
  return all;
}

TEST(AnnotationView, of_nothing_has_no_chunks) {
  const annotation_view none;
  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(listed(none).empty());
  EXPECT_FALSE(none.find("CORR"));
}

TEST(AnnotationView, gives_the_chunks_in_the_order_of_the_wire) {
  const bytes area = test::from_hex("58595a5a 0003 616263 55534552 0000 44444141 0001 ff");
  const annotation_view view(area, protocol::v48);
  EXPECT_FALSE(view.empty());
  EXPECT_EQ(listed(view), (annotation_list{{"XYZZ", "abc"}, {"USER", ""}, {"DDAA", "\xff"}}));
  EXPECT_EQ(text_of(view.bytes()), text_of(area));
}

TEST(AnnotationView, points_into_the_area) {
  const bytes area = test::from_hex("58595a5a 0003 616263");
  const auto found = annotation_view(area, protocol::v48).find("XYZZ");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->data(), area.data() + 6);
}

TEST(AnnotationView, finds_the_last_of_equal_keys) {
  const bytes area = test::from_hex("58595a5a 0001 31 55534552 0001 32 58595a5a 0001 33");
  const annotation_view view(area, protocol::v48);
  EXPECT_EQ(text_of(*view.find("XYZZ")), "3");
  EXPECT_EQ(text_of(*view.find("USER")), "2");
  EXPECT_FALSE(view.find("xyzz"));
  EXPECT_EQ(listed(view).size(), 3u);
}

TEST(AnnotationView, tells_an_empty_value_from_none) {
  const bytes area = test::from_hex("55534552 0000");
  const auto found = annotation_view(area, protocol::v48).find("USER");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->empty());
}

TEST(AnnotationView, reads_the_longest_value_of_protocol_48) {
  std::string area = "BIGG\xff\xff" + std::string(65535, 'x');
  EXPECT_EQ(text_of(*annotation_view(test::as_bytes(area), protocol::v48).find("BIGG")), std::string(65535, 'x'));
}

TEST(AnnotationView, reads_the_wide_lengths_of_protocol_502) {
  const std::string area = "WIDE" + test::dump("00010001") + std::string(65537, 'w') + "NEXT" + test::dump("00000001") + "n";
  const annotation_view view(test::as_bytes(area), protocol::v502);
  EXPECT_EQ(view.find("WIDE")->size(), 65537u);
  EXPECT_EQ(text_of(*view.find("NEXT")), "n");
}

TEST(Frame, tells_its_flags) {
  const frame f{.flags = flag::exception | flag::item_stream};
  EXPECT_TRUE(f.has(flag::exception));
  EXPECT_TRUE(f.has(flag::item_stream));
  EXPECT_FALSE(f.has(flag::oneway));
}

}  // namespace
}  // namespace engine
