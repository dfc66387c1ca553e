// The server's half of the handshake (WIRE §3): judges a CONNECT frame and writes CONNECTOK or CONNECTFAIL. No io.
#pragma once

#include <expected>
#include <functional>
#include <span>
#include <string>

#include <codec/frame.hpp>
#include <codec/output.hpp>
#include <engine/object/dispatch.hpp>

namespace engine {

using handshake_validator = std::function<value(const std::string& peer, const value& handshake)>;

/// Answers the first frame of a connection into `out` and fills in the session. `giver`: who would give a program of ours memory to share
/// (io/handover.hpp), empty: nobody. False: it was refused (the reason has been written) and the connection must be closed.
bool welcome(const frame& request, session&, const hosting&, codecs&, const handshake_validator&, output& out, std::span<const std::byte> giver = {});

/// The refusal of bytes that were not a message. `echo`: the header, as far as it was read.
void refuse(std::string_view reason, const frame* echo, const hosting&, output& out);

}  // namespace engine
