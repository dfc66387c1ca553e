// The push writer of serpent. Separators are written before each value, so that values need no look back; the rest is
// Python's repr() of each kind.
#pragma once

#include <vector>

#include <codec/serpent.hpp>
#include <codec/writer_words.hpp>

namespace engine::detail {

class serpent_writer final : public writer {
 public:
  explicit serpent_writer(serpent_bytes form = serpent_bytes::base64) : bytes_form_(form) {}
  std::string_view format() const override { return "serpent"; }
  void start(output& out) override;

  void none() override;
  void boolean(bool) override;
  void signed_integer(std::int64_t) override;
  void unsigned_integer(std::uint64_t) override;
  void big_integer(const integer&) override;
  void real(double) override;
  void complex(std::complex<double>) override;
  void string(std::string_view utf8) override;
  ENGINE_WRITER_LISTS
  void bytes(std::span<const std::byte>, bool borrow) override;
  void at(const datetime&) override;
  void at(const date&) override;
  void at(const time_of_day&) override;
  void duration(double seconds) override;

  void begin(kind container, std::size_t count) override;
  void end() override;
  void begin_growing() override { begin(kind::list, static_cast<std::size_t>(-1)); }
  void end_growing(std::size_t count) override {
    if (ok()) levels_.back().count = count;
    end();
  }

  void start_part(output& out) override {
    clear_error();
    out_ = &out;
    levels_.clear();
    if (!out.empty()) out.append(',');
  }
  void parts(std::string_view encoded, std::size_t count) override {
    if (!ok()) return;
    levels_.back().written += count;
    put(encoded);
  }

  void begin_call(std::string_view object, std::string_view method, std::size_t arguments) override;
  void begin_keywords(std::size_t count) override;
  void no_keywords() override;
  void end_call() override;

 private:
  struct level {
    kind shape;
    bool hashed;        // part of a key or set element
    std::size_t count;  // values to come in all, keys included
    std::size_t written = 0;
  };
  enum class place { plain, key, inside_key };

  place where() const;
  bool begin_value();
  bool begin_unhashable(std::string_view python_class, std::string_view why);
  bool begin_moment(std::string_view python_class);
  bool refuse_key(std::string_view python_class);
  void put(std::string_view text) { out_->append(text); }
  void put_float(double value);
  void put_repr(std::string_view text);
  void put_escape(char32_t point);

  output* out_ = nullptr;
  serpent_bytes bytes_form_;
  std::vector<level> levels_{};
};

}  // namespace engine::detail
