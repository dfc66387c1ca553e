// What simulated clients say, as real bytes: the handshake and calls of a Clerk, and what the answer to each must be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <codec/frame.hpp>
#include <codec/output.hpp>
#include <codec/serializer.hpp>

namespace engine::simulation {

/// One call of a Clerk.
struct request {
  enum class method : std::uint8_t { echo, absorb, produce, refuse, note } what = method::echo;
  std::string object{};
  std::int64_t caller = 0, number = 0;
  std::size_t size = 0;      ///< of the text or the bytes
  bool correlated = false;   ///< carries a CORR annotation of its own, which the answer must bring back
  bool oneway() const { return what == method::note; }
  std::uint16_t sequence() const { return static_cast<std::uint16_t>(number); }
};

/// How a client speaks.
struct manner {
  const serializer* format = &msgpack();
  bool own_peer = true;     ///< announces itself as one of our own programs
  std::string object{};     ///< named in the handshake; empty: none is
};

void write_greeting(output&, codecs&, const manner&);
void write_request(output&, codecs&, const manner&, const request&);

/// What is wrong with `answer` as the answer to `asked`; empty: nothing.
std::string fault_in(const frame& answer, codecs&, const manner&, const request& asked);

/// What an output holds, as one text.
std::string bytes_of(const output&);

}  // namespace engine::simulation
