// What a type is replaced by is what arrives, wherever it stands and whatever the format.
#include <codec/sent_as.hpp>

#include <map>
#include <stdexcept>

#include <gtest/gtest.h>

#include <tests/support/encoded.hpp>

namespace sent_as_test {

struct money {
  std::int64_t cents = 0;
  bool operator==(const money&) const = default;
  auto operator<=>(const money&) const = default;
};
inline std::string to_text(const money& m) { return std::to_string(m.cents / 100) + "." + std::to_string(m.cents % 100); }

/// A number where numbers are all there is, a text elsewhere.
struct measure { double metres = 0; };
inline engine::value by_format(const measure& m, std::string_view format) {
  return format == "json" ? engine::value(m.metres) : engine::value(std::string(format) + " " + std::to_string(static_cast<int>(m.metres)));
}

struct broken {};

}  // namespace sent_as_test

template <> struct engine::codec_of<sent_as_test::money> : engine::sent_as<sent_as_test::money, sent_as_test::to_text> {};
template <> struct engine::codec_of<sent_as_test::measure> : engine::sent_as<sent_as_test::measure, sent_as_test::by_format> {};
template <> struct engine::codec_of<sent_as_test::broken>
    : engine::sent_as<sent_as_test::broken, [](const sent_as_test::broken&) -> int { throw std::runtime_error("no price"); }> {};

using namespace engine;
using sent_as_test::broken;
using sent_as_test::measure;
using sent_as_test::money;

namespace {

class SentAs : public testing::TestWithParam<const serializer*> {
 protected:
  template <class T> value arrives(const T& sent) {
    const std::string payload = test::encoded(*GetParam(), sent).value();
    return test::decoded<value>(*GetParam(), test::as_bytes(payload)).value();
  }
};

TEST_P(SentAs, a_type_is_replaced_wherever_it_stands) {
  EXPECT_EQ(arrives(money{1250}), "12.50");
  EXPECT_EQ(arrives(std::vector{money{1234}, money{99999}}), (value::list{"12.34", "999.99"}));
  EXPECT_EQ(arrives(std::map<std::string, money>{{"tea", {250}}}), (value::dict{{"tea", "2.50"}}));
  EXPECT_EQ(arrives(std::map<money, int>{{{199}, 3}}), (value::dict{{"1.99", 3}}));
}

TEST_P(SentAs, a_replacement_may_depend_on_the_format) {
  const bool pickled = GetParam()->make_writer == pickle().make_writer;
  const std::string_view format = pickled ? "pickle" : GetParam()->name;
  EXPECT_EQ(arrives(measure{3}), format == "json" ? value(3.0) : value(std::string(format) + " 3"));
}

TEST_P(SentAs, what_a_replacement_throws_reaches_the_sender) {
  EXPECT_THROW(static_cast<void>(test::encoded(*GetParam(), broken{})), std::runtime_error);
}

INSTANTIATE_TEST_SUITE_P(Formats, SentAs, testing::ValuesIn(serializers().begin(), serializers().end()),
                         [](const auto& format) { return std::string(format.param->name); });

static_assert(encodable<money> && !decodable<money>);

}  // namespace
