// What raw_client can do: one function per scenario, each in the raw.cpp of its folder. Each prints one result line, or
// throws when an answer was wrong or the connection broke.
#pragma once

#include <bench/common/arguments.hpp>

namespace bench {

void sync_call(const arguments&);         // bench/echo
void pipelined_call(const arguments&);    // bench/pipelined
void connect_and_call(const arguments&);  // bench/connect
void many_connections(const arguments&);  // bench/many_connections
void huge(const arguments&);              // bench/blob
void blob_up(const arguments&);           // bench/blob
void blob_down(const arguments&);         // bench/blob
void steady_load_of_calls(const arguments&);  // bench/steady_load
void idle_crowd(const arguments&);        // bench/idle_crowd
void batched(const arguments&);           // bench/batched
void mixed(const arguments&);             // bench/mixed
void cores(const arguments&);             // bench/cores

}  // namespace bench
