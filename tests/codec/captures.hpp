// Messages of unmodified Pyro4 4.82 programs, caught on the wire (WIRE §2 to §4): what we must read, and write byte for byte.
#pragma once

#include <string_view>

namespace engine::test::capture {

/// §3.4: CONNECT with metadata wanted and a correlation id, body {'handshake':'hello','object':'thing'}.
inline constexpr std::string_view connect =
    "50 59 52 4f 00 30 00 01 00 10 00 00 00 00 00 40 "
    "00 01 00 16 00 00 35 81 43 4f 52 52 00 10 00 11 "
    "22 33 44 55 66 77 88 99 aa bb cc dd ee ff 23 20 "
    "73 65 72 70 65 6e 74 20 75 74 66 2d 38 20 70 79 "
    "74 68 6f 6e 33 2e 32 0a 7b 27 68 61 6e 64 73 68 "
    "61 6b 65 27 3a 27 68 65 6c 6c 6f 27 2c 27 6f 62 "
    "6a 65 63 74 27 3a 27 74 68 69 6e 67 27 7d ";

/// §3.4: its CONNECTOK.
inline constexpr std::string_view connect_ok =
    "50 59 52 4f 00 30 00 02 00 10 00 00 00 00 00 ac "
    "00 01 00 16 00 00 35 ee 43 4f 52 52 00 10 00 11 "
    "22 33 44 55 66 77 88 99 aa bb cc dd ee ff 23 20 "
    "73 65 72 70 65 6e 74 20 75 74 66 2d 38 20 70 79 "
    "74 68 6f 6e 33 2e 32 0a 7b 27 68 61 6e 64 73 68 "
    "61 6b 65 27 3a 27 68 65 6c 6c 6f 27 2c 27 6d 65 "
    "74 61 27 3a 7b 27 6d 65 74 68 6f 64 73 27 3a 5b "
    "27 67 65 6e 27 2c 27 65 72 72 27 2c 27 5f 5f 6c "
    "65 6e 5f 5f 27 2c 27 64 69 76 27 2c 27 66 69 72 "
    "65 27 2c 27 6e 6f 6e 65 27 2c 27 61 64 64 27 2c "
    "27 65 63 68 6f 27 2c 27 6f 6e 65 27 2c 27 70 72 "
    "6f 78 27 5d 2c 27 6f 6e 65 77 61 79 27 3a 5b 27 "
    "66 69 72 65 27 5d 2c 27 61 74 74 72 73 27 3a 5b "
    "27 76 61 6c 75 65 27 5d 7d 7d ";

/// §3.4: CONNECTFAIL for garbage; the body is a marshal str.
inline constexpr std::string_view connect_fail =
    "50 59 52 4f 00 30 00 03 00 00 00 00 00 00 00 2e "
    "00 03 00 00 00 00 35 4d fa 2c 69 6e 76 61 6c 69 "
    "64 20 64 61 74 61 20 6f 72 20 75 6e 73 75 70 70 "
    "6f 72 74 65 64 20 70 72 6f 74 6f 63 6f 6c 20 76 "
    "65 72 73 69 6f 6e ";

/// §4.1: thing.add(1, b=2).
inline constexpr std::string_view invoke =
    "50 59 52 4f 00 30 00 04 00 00 00 01 00 00 00 36 "
    "00 01 00 16 00 00 35 6b 43 4f 52 52 00 10 00 11 "
    "22 33 44 55 66 77 88 99 aa bb cc dd ee ff 23 20 "
    "73 65 72 70 65 6e 74 20 75 74 66 2d 38 20 70 79 "
    "74 68 6f 6e 33 2e 32 0a 28 27 74 68 69 6e 67 27 "
    "2c 27 61 64 64 27 2c 28 31 2c 29 2c 7b 27 62 27 "
    "3a 32 7d 29 ";

/// §4.1: its RESULT 3.
inline constexpr std::string_view result =
    "50 59 52 4f 00 30 00 05 00 00 00 01 00 00 00 1b "
    "00 01 00 16 00 00 35 51 43 4f 52 52 00 10 00 11 "
    "22 33 44 55 66 77 88 99 aa bb cc dd ee ff 23 20 "
    "73 65 72 70 65 6e 74 20 75 74 66 2d 38 20 70 79 "
    "74 68 6f 6e 33 2e 32 0a 33 ";

/// §4.3: thing.fire('x') with the oneway flag.
inline constexpr std::string_view oneway =
    "50 59 52 4f 00 30 00 04 00 04 00 03 00 00 00 34 "
    "00 01 00 16 00 00 35 6f 43 4f 52 52 00 10 00 11 "
    "22 33 44 55 66 77 88 99 aa bb cc dd ee ff 23 20 "
    "73 65 72 70 65 6e 74 20 75 74 66 2d 38 20 70 79 "
    "74 68 6f 6e 33 2e 32 0a 28 27 74 68 69 6e 67 27 "
    "2c 27 66 69 72 65 27 2c 28 27 78 27 2c 29 2c 7b "
    "7d 29 ";

/// §4.6: PING, body "ping".
inline constexpr std::string_view ping =
    "50 59 52 4f 00 30 00 06 00 00 00 00 00 00 00 04 00 2a 00 00 00 00 35 4d 70 69 6e 67 ";

/// §4.7: a call with a kept-serialized blob; its route is in the annotation BLBI.
inline constexpr std::string_view blob =
    "50 59 52 4f 00 30 00 04 00 40 00 01 00 00 00 37 "
    "00 01 00 1f 00 00 35 b5 42 4c 42 49 00 19 29 03 "
    "da 06 74 6f 70 69 63 31 fa 04 64 69 73 70 da 07 "
    "70 72 6f 63 65 73 73 23 20 73 65 72 70 65 6e 74 "
    "20 75 74 66 2d 38 20 70 79 74 68 6f 6e 33 2e 32 "
    "0a 28 27 64 69 73 70 27 2c 27 70 72 6f 63 65 73 "
    "73 27 2c 7b 27 61 27 3a 31 7d 2c 7b 7d 29 ";

// Bodies of the same messages in msgpack.
inline constexpr std::string_view msgpack_connect =
    "82 a9 68 61 6e 64 73 68 61 6b 65 a5 68 65 6c 6c 6f a6 6f 62 6a 65 63 74 a5 74 68 69 6e 67";
inline constexpr std::string_view msgpack_invoke = "94 a5 74 68 69 6e 67 a3 61 64 64 91 01 81 a1 62 02";
inline constexpr std::string_view msgpack_result = "03";

}  // namespace engine::test::capture
