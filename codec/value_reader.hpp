// A reader over a value instead of bytes, so that value::as<T>() and everything else written against reader needs no second
// conversion.
#pragma once

#include <vector>

#include <codec/reader.hpp>
#include <codec/value.hpp>

namespace engine {

class value_reader final : public reader {
 public:
  /// Reads `root`, which must stay alive and unchanged while this reader and its views are used.
  explicit value_reader(const value& root) : root_(&root) {}

  /// Begins again with the same value; there is no payload.
  void start(std::span<const std::byte>, const decode_limits&) override;

  kind peek() override;
  bool read_none() override;
  bool read_boolean(bool& out) override;
  bool read_integer(std::int64_t& out) override;
  bool read_big_integer(integer& out) override;
  bool read_real(double& out) override;
  bool read_complex(std::complex<double>& out) override;
  bool read_string(std::string_view& out) override;
  bool read_bytes(std::span<const std::byte>& out) override;
  bool read_datetime(datetime& out) override;
  bool read_date(date& out) override;
  bool enter_sequence(std::size_t& hint) override;
  bool enter_dict(std::size_t& hint) override;
  bool more() override;
  bool skip() override;
  mark here() const override;
  void rewind(const mark&) override;
  bool begin_call(std::string_view& object, std::string_view& method) override;
  bool begin_keywords() override;
  bool end_call() override;
  bool finish() override;
  std::size_t offset() const override { return 0; }

 private:
  /// An open container and the number of values (keys and items alike) taken from it.
  struct cursor {
    const value* container;
    std::size_t taken;
    std::size_t size;
  };
  const value* next() const;
  void take();
  bool enter(std::size_t& hint);
  bool refuse(std::string_view expected);
  template <class T> bool read(std::string_view expected, T& out);

  const value* root_;
  bool root_taken_ = false;
  std::vector<cursor> open_;
};

}  // namespace engine
