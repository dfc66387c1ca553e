// A small call costs no allocation in any format, written and read, once reader, writer and buffer have been used: that is what a
// connection does all day.
#include <cstdint>
#include <string_view>
#include <tuple>

#include <gtest/gtest.h>

#include <tests/support/allocations.hpp>
#include <tests/support/encoded.hpp>

namespace engine {
namespace {

class SteadyCalls : public testing::TestWithParam<const serializer*> {
 protected:
  bool write(std::string_view word, double real) {
    out_.clear();
    writer_->start(out_);
    writer_->begin_call("example.greeting", "get_fortune", 3);
    encode(*writer_, word);
    encode(*writer_, 1234567);
    encode(*writer_, std::tuple<double, bool>(real, true));
    writer_->begin_keywords(1);
    writer_->string("times");
    encode(*writer_, 3);
    writer_->end_call();
    return writer_->ok();
  }

  bool read(std::string_view word, double real) {
    using arguments = std::tuple<std::string_view, std::int64_t, std::tuple<double, bool>>;
    std::string_view object, method, name;
    arguments given;
    std::size_t hint = 0;
    std::int64_t times = 0;
    reader_->start({reinterpret_cast<const std::byte*>(out_.at(0)), out_.size()});
    return reader_->begin_call(object, method) && decode(*reader_, given) && reader_->begin_keywords() && reader_->enter_dict(hint) &&
           reader_->next_member(name) && name == "times" && decode(*reader_, times) && !reader_->more() && reader_->end_call() &&
           object == "example.greeting" && method == "get_fortune" && given == arguments(word, 1234567, {real, true}) && times == 3;
  }

  bool result() {
    out_.clear();
    writer_->start(out_);
    encode(*writer_, std::string_view("Hello, Irmen de Jong"));
    std::string_view text;
    reader_->start({reinterpret_cast<const std::byte*>(out_.at(0)), out_.size()});
    return decode(*reader_, text) && reader_->finish() && text == "Hello, Irmen de Jong";
  }

  std::unique_ptr<engine::reader> reader_ = GetParam()->make_reader();
  std::unique_ptr<engine::writer> writer_ = GetParam()->make_writer();
  output out_{};
};

TEST_P(SteadyCalls, allocate_nothing_as_they_are_written_and_read) {
  const auto once = [this] { return write("Irmen de Jong", 0.1) && read("Irmen de Jong", 0.1) && write("it's\n\xe2\x82\xac", -2.5e30) &&
                                    read("it's\n\xe2\x82\xac", -2.5e30) && result(); };
  ASSERT_TRUE(once()) << reader_->error().text << writer_->error().text;
  const auto before = testing_support::allocations_here().calls;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(once());
  EXPECT_EQ(testing_support::allocations_here().calls - before, 0u);
}

INSTANTIATE_TEST_SUITE_P(Formats, SteadyCalls, testing::ValuesIn(serializers().begin(), serializers().end()),
                         [](const auto& format) { return std::string(format.param->name); });

}  // namespace
}  // namespace engine
