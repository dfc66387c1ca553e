// The int of any size: Python's, so that 2**64 survives the trip. Sign and magnitude in base 2**32, least first; only what
// the wire needs: text and digits in and out, comparison, conversion to machine integers.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

class integer {
 public:
  integer() = default;
  integer(std::int64_t);
  static integer from_unsigned(std::uint64_t);
  /// Decimal digits with an optional sign; nullopt for anything else. Cost grows with the square of the length: bound it first.
  static std::optional<integer> from_decimal(std::string_view text);
  /// Digits of base 2, 8 or 16, no prefix, no sign.
  static std::optional<integer> from_power_of_two(std::string_view digits, unsigned bits_per_digit, bool negative);
  /// Magnitude digits base 2**32, least significant first.
  static integer from_digits(std::vector<std::uint32_t> magnitude, bool negative);

  bool negative() const { return negative_; }
  const std::vector<std::uint32_t>& magnitude() const { return magnitude_; }  ///< no leading zero digit; empty is 0

  std::size_t bit_length() const;  ///< of the magnitude, as Python's int.bit_length()
  std::string to_string() const;
  std::optional<std::int64_t> to_int64() const;
  std::optional<std::uint64_t> to_uint64() const;
  double to_double() const;  ///< nearest; infinite when out of range

  bool operator==(const integer&) const = default;
  std::strong_ordering operator<=>(const integer&) const;

 private:
  void normalize();
  std::vector<std::uint32_t> magnitude_{};
  bool negative_ = false;
};

/// The bits of the largest integer of so many decimal digits: one of more bits surely has more digits, and one of as many may have one more.
/// Whoever reads integers in another base bounds them by this, because what is read may have to become text, whose cost grows with the square.
constexpr std::size_t bits_of_digits(std::size_t digits) {
  constexpr double bits_of_one = 3.321928094887362;  // log2(10)
  constexpr std::size_t most = std::size_t{1} << 50;
  return digits == 0 ? 0 : digits > most ? SIZE_MAX : static_cast<std::size_t>(static_cast<double>(digits) * bits_of_one) + 1;
}

}  // namespace engine
