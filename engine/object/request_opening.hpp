// How the last request of a proxy began: the bytes of its msgpack payload up to the arguments. Callers mostly repeat themselves, and the next
// request of the same method copies them. The server recognises calls in the same way (call_opening.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <codec/msgpack_writer.hpp>
#include <codec/protocol_48.hpp>
#include <codec/serializer.hpp>
#include <codec/short_text.hpp>

namespace engine::detail {

class request_opening {
 public:
  /// `bytes`: of a call of that method with so many arguments, upon the proxy's own object. `asked`: the flags that it was to have, `had`: those that
  /// it got. `by`: writes its arguments.
  void remember(std::string_view method, std::size_t arguments, std::uint16_t asked, std::uint16_t had, std::string_view bytes, msgpack_writer& by) {
    forget();
    if (bytes.size() > most || arguments >= 16) return;
    std::memcpy(bytes_.data(), bytes.data(), bytes.size());
    size_ = static_cast<std::uint8_t>(bytes.size());
    arguments_ = static_cast<std::uint8_t>(arguments);
    method_size_ = static_cast<std::uint8_t>(method.size());
    asked_ = asked;
    had_ = had;
    writer_ = &by;
    header_ = protocol_48::repeated_header({.type = message::invoke, .flags = had, .serializer = msgpack().id_48});
  }
  /// Where the proxy's object or what is known of its methods may be another.
  void forget() { size_ = 0; }
  /// Whether a request for that would begin in the same way.
  bool is(std::string_view method, std::size_t arguments, std::uint16_t asked) const {
    return size_ > 0 && arguments == arguments_ && asked == asked_ && same_text(method, this->method());
  }
  std::string_view bytes() const { return {bytes_.data(), size_}; }
  std::uint16_t flags() const { return had_; }
  const protocol_48::repeated_header& header() const { return header_; }
  msgpack_writer& writer() const { return *writer_; }

 private:
  std::string_view method() const { return {bytes_.data() + size_ - 1 - method_size_, method_size_}; }  // it lies before the number of arguments
  static constexpr std::size_t most = 80;
  std::uint16_t asked_ = 0, had_ = 0;
  std::uint8_t size_ = 0, arguments_ = 0, method_size_ = 0;
  msgpack_writer* writer_ = nullptr;
  protocol_48::repeated_header header_{};
  std::array<char, most> bytes_;
};

}  // namespace engine::detail
