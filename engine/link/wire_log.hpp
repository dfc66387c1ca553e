// LOGWIRE: every message as a line of the log, in Pyro's words. Whoever reads or writes messages asks log_wire_on() first, so that it
// costs a look at a flag when it is off.
#pragma once

#include <string>
#include <string_view>

#include <codec/frame.hpp>
#include <codec/output.hpp>

namespace engine {

/// "TEXT: msgtype=4 flags=0x0 ser=1 seq=1 corr=UUID" and, on lines of their own, annotations and data as Python prints bytes, of
/// each at most `wire_log_most` bytes.
void log_wire(std::string_view text, const frame&);
/// The same for the messages written to `out` since a mark: `key` is that of the HMAC annotation, empty: none.
void log_wire(std::string_view text, const output& out, const output::mark& since, const std::string& key);

inline constexpr std::size_t wire_log_most = 4096;

}  // namespace engine
