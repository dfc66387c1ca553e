// Tiny messages that declare gigabytes, in every format that declares sizes (serpent and json do not: there, what is meant has to be
// sent). Whatever is asked of the reader, it says what is missing, and what it allocates on the way is counted in all, also what has been
// given back by then.
#include <complex>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include <tests/support/allocations.hpp>
#include <tests/support/encoded.hpp>

namespace engine {
namespace {

struct lie { std::string_view hex, told; };

constexpr std::string_view no_object = "builtins.EOFError: EOF read where object expected", no_data = "builtins.EOFError: marshal data too short",
                           incomplete = "builtins.ValueError: Unpack failed: incomplete input",
                           truncated = "pickle.UnpicklingError: pickle data was truncated";
constexpr lie marshalled[] = {
    {"5b ff ff ff 7f", no_object},  // list
    {"28 ff ff ff 7f", no_object},  // tuple
    {"3c ff ff ff 7f", no_object},  // set
    {"3e ff ff ff 7f", no_object},  // frozenset
    {"6c ff ff ff 7f", no_data},  // int
    {"6c 01 00 00 80 01 00", no_data},  // one below zero
    {"73 ff ff ff 7f", no_data},  // bytes
    {"75 ff ff ff 7f", no_data},  // str
    {"61 ff ff ff 7f", no_data},  // str, ASCII
    {"5b ff ff ff 7f 4e 4e", no_object},
    {"5b 02 00 00 00 4e 5b ff ff ff 7f", no_object},
    {"7b 75 ff ff ff 7f 4e 30", no_data},  // a key
    {"7b 5a 01 61 5b ff ff ff 7f 30", "builtins.TypeError: NULL object in marshal data for list"},  // an item
};
constexpr lie packed[] = {
    {"dd ff ff ff ff", "builtins.ValueError: 4294967295 exceeds max_array_len(5)"},  // array
    {"df ff ff ff ff", "builtins.ValueError: 4294967295 exceeds max_map_len(2)"},  // map
    {"db ff ff ff ff", incomplete},  // str
    {"c6 ff ff ff ff", incomplete},  // bin
    {"c9 ff ff ff ff 31", incomplete},  // an int
    {"c9 ff ff ff ff 30", incomplete},  // a complex number
    {"dd ff ff ff ff c0 c0", "builtins.ValueError: 4294967295 exceeds max_array_len(7)"},
    {"92 c0 dd ff ff ff ff", "builtins.ValueError: 4294967295 exceeds max_array_len(7)"},
    {"81 a1 61 df ff ff ff ff", "builtins.ValueError: 4294967295 exceeds max_map_len(4)"},
    {"81 db ff ff ff ff c0", incomplete},
};
constexpr lie pickled[] = {
    {"58 ff ff ff ff 2e", truncated},  // str
    {"8d ff ff ff ff 00 00 00 00 2e", truncated},
    {"8d ff ff ff ff ff ff ff 7f 2e", truncated},
    {"42 ff ff ff ff 2e", truncated},  // bytes
    {"8e ff ff ff ff 00 00 00 00 2e", truncated},
    {"96 ff ff ff ff 00 00 00 00 2e", truncated},  // bytearray
    {"54 ff ff ff 7f 2e", truncated},  // Python 2's str
    {"8b ff ff ff 7f 2e", truncated},  // int
    {"80 04 95 ff ff ff ff 00 00 00 00 4e 2e", truncated},  // frame
    {"4e 72 ff ff ff ff 2e", "builtins.MemoryError: pickle: memo index 4294967295 is out of bounds"},  // number in the memo
    {"4e 70 34 30 30 30 30 30 30 30 30 30 0a 2e", "builtins.MemoryError: pickle: memo index 4000000000 is out of bounds"},
    {"5d 28 58 ff ff ff ff 65 2e", truncated},  // in a list
    {"7d 58 01 00 00 00 61 42 ff ff ff ff 73 2e", truncated},
    {"63 62 75 69 6c 74 69 6e 73 0a 72 61 6e 67 65 0a 4a ff ff ff 7f 85 52 2e",  // range(2**31 - 1)
     "builtins.ValueError: pickle: too much made of too little"},
    {"63 62 75 69 6c 74 69 6e 73 0a 62 79 74 65 73 0a 4a ff ff ff 7f 85 52 2e",  // bytes(2**31 - 1)
     "builtins.TypeError: pickle: bytes() is allowed for bytes and for text in latin1 only"},
    {"63 62 75 69 6c 74 69 6e 73 0a 62 79 74 65 61 72 72 61 79 0a 4a ff ff ff 7f 85 52 2e",  // bytearray(2**31 - 1)
     "builtins.TypeError: pickle: bytearray() is allowed for bytes and for text in latin1 only"},
};

class Declared : public testing::TestWithParam<const serializer*> {
 protected:
  std::span<const lie> lies() const {
    if (GetParam() == &marshal()) return marshalled;
    return GetParam() == &msgpack() ? std::span<const lie>(packed) : std::span<const lie>(pickled);
  }

  /// What `read` says of the payload, after little memory has been asked for.
  template <class Read> std::string told(const bytes& payload, Read read) {
    const auto before = testing_support::allocations_here().taken_bytes;
    const auto in = GetParam()->make_reader();
    in->start(payload);
    const bool taken = read(*in) && in->finish();
    EXPECT_LT(testing_support::allocations_here().taken_bytes - before, 4096u);
    return taken ? "taken" : std::string(in->error().type) + ": " + in->error().text;
  }

  template <class T> void expect_refused_as(const bytes& payload) {
    const auto read = [](reader& in) {
      T out{};
      return decode(in, out);
    };
    EXPECT_NE(told(payload, read), "taken");
  }
};

TEST_P(Declared, sizes_are_not_believed) {
  for (const lie& each : lies()) {
    SCOPED_TRACE(each.hex);
    const bytes payload = test::from_hex(each.hex);
    EXPECT_EQ(told(payload, [](reader& in) { return in.skip(); }), each.told);
    EXPECT_EQ(told(payload, [](reader& in) {
                value out;
                return decode(in, out);
              }), each.told);
  }
}

TEST_P(Declared, sizes_are_not_believed_for_any_cpp_type) {
  for (const lie& each : lies()) {
    SCOPED_TRACE(each.hex);
    const bytes payload = test::from_hex(each.hex);
    expect_refused_as<std::string>(payload);
    expect_refused_as<bytes>(payload);
    expect_refused_as<integer>(payload);
    expect_refused_as<std::complex<double>>(payload);
    expect_refused_as<std::vector<std::int64_t>>(payload);
    expect_refused_as<std::vector<double>>(payload);
    expect_refused_as<std::vector<std::string>>(payload);
    expect_refused_as<std::vector<value>>(payload);
    expect_refused_as<std::set<std::string>>(payload);
    expect_refused_as<std::map<std::string, std::int64_t>>(payload);
    expect_refused_as<std::unordered_map<std::string, value>>(payload);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Declared, testing::Values(&marshal(), &msgpack(), &pickle()),
                         [](const auto& format) { return std::string(format.param->name); });

}  // namespace
}  // namespace engine
