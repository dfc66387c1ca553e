// The serializers by id and name: `ls codec` is the list of what we speak, and serializer.cpp holds the one table.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <codec/reader.hpp>
#include <codec/writer.hpp>

namespace engine {

/// One wire format. Instances are static; makers return objects that are reused for many messages by one thread at a time.
struct serializer {
  std::string_view name;      ///< "serpent"
  std::uint16_t id_48;        ///< number in protocol 48 (WIRE §2.4), 0 if it has none
  std::uint8_t id_502;        ///< number in protocol 502 (WIRE §15.1), 0 if it has none
  std::unique_ptr<reader> (*make_reader)();
  std::unique_ptr<writer> (*make_writer)();
};

/// All serializers of this build, in protocol 48's order.
std::span<const serializer* const> serializers();
const serializer* find_serializer(std::string_view name);   ///< nullptr if unknown
const serializer* find_serializer_48(std::uint16_t id);     ///< nullptr if unknown

const serializer& serpent();
const serializer& json();
const serializer& marshal();
const serializer& pickle();  ///< dill and cloudpickle are the same, under other numbers
const serializer& msgpack();

/// How serpent writes bytes: as the dict with base64 in it that every reader knows, or as a literal, b'…', which Python takes for bytes
/// without more ado and which is shorter for ASCII: its bytes_repr, Pyro5's SERPENT_BYTES_REPR. Ours reads both.
enum class serpent_bytes : std::uint8_t { base64, literal };
std::unique_ptr<writer> make_writer(const serializer&, serpent_bytes);

/// One reader and one writer per serializer, made at first use and reused: what a core or a channel keeps so that a steady
/// call allocates nothing. Not thread-safe; belongs to one thread at a time.
class codecs {
 public:
  codecs() = default;
  /// `limits` are those of all its readers.
  explicit codecs(serpent_bytes form, const decode_limits& limits = {}) : form_(form), limits_(limits) {}
  reader& reader_of(const serializer& which) {
    reader* const in = pairs_[which.id_48].in.get();
    return in ? *in : make_reader(which);
  }
  writer& writer_of(const serializer& which) {
    writer* const out = pairs_[which.id_48].out.get();
    return out ? *out : make_writer(which);
  }

 private:
  reader& make_reader(const serializer&);
  writer& make_writer(const serializer&);
  struct pair { std::unique_ptr<reader> in; std::unique_ptr<writer> out; };
  pair pairs_[8];  // by number in protocol 48, which all have
  serpent_bytes form_ = serpent_bytes::base64;
  decode_limits limits_{};
};

}  // namespace engine
