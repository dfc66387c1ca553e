// One message, whichever protocol carried it: what the header said, and views of annotations and payload. A frame that was
// received has been checked: only frame_reader makes one. Views live as long as the bytes the reader was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace engine {

enum class protocol : std::uint8_t { v48, v502 };

/// WIRE §2.2. The numbers are those on the wire, in both protocols.
enum class message : std::uint16_t { connect = 1, connect_ok = 2, connect_fail = 3, invoke = 4, result = 5, ping = 6 };

/// WIRE §2.3, protocol 48's bits; protocol_502 translates its own to these.
namespace flag {
inline constexpr std::uint16_t exception = 1, compressed = 2, oneway = 4, batch = 8, metadata = 16, item_stream = 32,
                               keep_serialized = 64;
}

struct annotation {
  std::string_view key;  ///< four ASCII characters
  std::span<const std::byte> value;
};

/// The checked annotation area of a frame: a forward range of `annotation`.
class annotation_view {
 public:
  annotation_view() = default;
  /// `area` must be well-formed chunks with 16-bit lengths (protocol 48) or 32-bit lengths (protocol 502).
  annotation_view(std::span<const std::byte> area, protocol p) : area_(area), wide_(p == protocol::v502) {}

  struct end_mark {};
  class iterator {
   public:
    iterator(std::span<const std::byte> rest, bool wide) : rest_(rest), wide_(wide) {}
    annotation operator*() const;
    iterator& operator++();
    bool operator==(end_mark) const { return rest_.empty(); }

   private:
    std::span<const std::byte> rest_;
    bool wide_;
  };
  iterator begin() const { return {area_, wide_}; }
  end_mark end() const { return {}; }
  bool empty() const { return area_.empty(); }
  std::span<const std::byte> bytes() const { return area_; }  ///< the chunks as they were on the wire
  /// The last chunk with that key (the last one wins, WIRE §2.6), nullopt if there is none.
  std::optional<std::span<const std::byte>> find(std::string_view key) const;

 private:
  std::span<const std::byte> area_{};
  bool wide_ = false;
};

struct frame {
  engine::protocol protocol = protocol::v48;
  message type = message::invoke;
  std::uint16_t flags = 0;
  std::uint16_t sequence = 0;
  std::uint16_t serializer = 0;  ///< the number on the wire, in the numbering of `protocol`
  annotation_view annotations{};
  std::span<const std::byte> payload{};  ///< inflated if it came compressed
  bool has(std::uint16_t bit) const { return (flags & bit) != 0; }
};

}  // namespace engine
