// How the last plain call of a connection began: the bytes of its payload up to the arguments. Callers mostly repeat themselves, so
// the next call is recognised by comparing them, and neither its object nor its method is read, checked and looked up once more.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include <codec/reader.hpp>
#include <codec/short_text.hpp>

namespace engine::detail {

class call_opening {
 public:
  /// `behind`: where a reader of `payload` stood right behind begin_call().
  void remember(std::span<const std::byte> payload, const reader::mark& behind) {
    size_ = behind.offset <= most ? behind.offset : 0;
    behind_ = behind;
    if (size_ > 0) std::memcpy(bytes_.data(), payload.data(), size_);
  }
  void forget() { size_ = 0; }
  bool begins(std::span<const std::byte> payload) const {
    return size_ > 0 && payload.size() > size_ && same_text(text(payload), text(bytes_));
  }
  const reader::mark& behind() const { return behind_; }
  /// How many bytes they are.
  std::size_t size() const { return size_; }

 private:
  std::string_view text(std::span<const std::byte> bytes) const { return {reinterpret_cast<const char*>(bytes.data()), size_}; }
  static constexpr std::size_t most = 64;
  std::size_t size_ = 0;
  reader::mark behind_{};
  std::array<std::byte, most> bytes_;
};

}  // namespace engine::detail
