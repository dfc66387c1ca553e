// The pull reader of JSON. Between two words its place is either at the first byte of a value or key, or directly behind one, or
// behind an opening bracket. What is broken is noticed where Python's parser would notice it, so its words can be said at once.
#pragma once

#include <array>
#include <vector>

#include <codec/arena.hpp>
#include <codec/json_scan.hpp>
#include <codec/reader_words.hpp>

namespace engine::detail {

class json_reader final : public reader {
 public:
  void start(std::span<const std::byte> payload, const decode_limits& limits) override;
  kind peek() override;

  bool read_none() override;
  bool read_boolean(bool& out) override;
  bool read_integer(std::int64_t& out) override;
  bool read_big_integer(integer& out) override;
  bool read_real(double& out) override;
  bool read_complex(std::complex<double>&) override { return refuse("complex"); }
  bool read_string(std::string_view& out) override;
  bool read_bytes(std::span<const std::byte>&) override { return refuse("bytes"); }
  bool read_datetime(datetime&) override { return refuse("datetime"); }
  bool read_date(date&) override { return refuse("date"); }

  bool enter_sequence(std::size_t& hint) override;
  bool enter_dict(std::size_t& hint) override;
  bool more() override;
  bool skip() override;
  ENGINE_READER_WORDS

  mark here() const override { return {offset(), static_cast<std::uint32_t>(closers_.size()), values_ << 2 | static_cast<std::uint64_t>(place_)}; }
  void rewind(const mark&) override;

  bool begin_call(std::string_view& object, std::string_view& method) override;
  bool begin_keywords() override;
  bool end_call() override;
  bool finish() override;

  std::size_t offset() const override { return static_cast<std::size_t>(p_ - begin_); }

 private:
  enum class place : std::uint8_t { value, key, inside, behind };

  bool at_value() const { return ok() && place_ <= place::key; }
  /// After a value or a key, which ended before `behind`.
  bool took(const char* behind) {
    p_ = behind;
    if (place_ == place::key) return count_value() && colon();
    place_ = place::behind;
    return count_value();
  }
  bool count_value() { return ++values_ <= limits_.elements ? true : fail(wire_class::value_error, "too many values in one message"); }
  bool colon() {
    p_ = json_blanks(p_, end_);
    if (p_ == end_ || *p_ != ':') return syntax("Expecting ':' delimiter", p_);
    p_ = json_blanks(p_ + 1, end_);
    place_ = place::value;
    return true;
  }
  bool word(std::string_view text, std::string_view type);
  bool open(char closer);
  bool skip_scalar(kind k);
  kind look_at_number();
  bool syntax(const char* text, const char* at);
  bool refuse(std::string_view expected);
  bool rest_is_sound();

  // json_call.cpp
  bool next_key(std::string_view& key);
  bool next_is(std::string_view name, std::string_view& out);
  bool locate();
  bool refuse_call(kind k);
  bool pass_key(std::string_view key);

  const char* begin_ = nullptr;
  const char* p_ = nullptr;
  const char* end_ = nullptr;
  place place_ = place::value;
  std::vector<char> closers_{};     // what closes each open container, outermost first
  std::uint64_t values_ = 0;        // keys count
  decode_limits limits_{};
  json_number number_{};            // the last one looked at
  arena scratch_{};

  bool located_ = false;            // the call's parts are at parts_, else they come in Pyro's order
  std::array<mark, 4> parts_{};     // of params, kwargs, object, method
  mark behind_{};                   // the call
};

}  // namespace engine::detail
