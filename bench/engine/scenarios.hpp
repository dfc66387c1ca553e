// What engine_client can do: one function per scenario, each in the engine.cpp of its folder, mirror of bench/raw/scenarios.hpp.
#pragma once

#include <bench/common/arguments.hpp>

namespace bench::ours {

void sync_call(const arguments&);         // bench/echo
void pipelined_call(const arguments&);    // bench/pipelined
void connect_and_call(const arguments&);  // bench/connect
void many_connections(const arguments&);  // bench/many_connections
void huge(const arguments&);              // bench/blob
void blob_up(const arguments&);           // bench/blob
void blob_down(const arguments&);         // bench/blob
void steady_load_of_calls(const arguments&);  // bench/steady_load
void idle_crowd(const arguments&);        // bench/idle_crowd
void mixed(const arguments&);             // bench/mixed
void cores(const arguments&);             // bench/cores
void counted_calls(const arguments&);     // bench/instructions
void batched(const arguments&);           // bench/batched
void oneway(const arguments&);            // bench/oneway
void item_stream(const arguments&);       // bench/stream

/// Throws when an answer is not what was asked for.
void expect(std::uint64_t answer, std::uint64_t expected);
inline constexpr const char* text = "Irmen de Jong";
inline constexpr std::uint64_t text_length = 13;

}  // namespace bench::ours
