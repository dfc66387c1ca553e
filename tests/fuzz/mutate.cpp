// See mutate.hpp.
#include <tests/fuzz/mutate.hpp>

#include <algorithm>
#include <array>
#include <bit>

namespace engine::fuzz {

std::string mutator::next() {
  std::string input = any();
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(input);
  if (input.size() > largest) input.resize(largest);
  return input;
}

void mutator::change(std::string& input) {
  const std::size_t at = below(input.size() + 1);
  switch (below(8)) {
    case 0:
    case 1: return flip(input);
    case 2: return input.resize(at);
    case 3: return void(input.erase(at, 1 + below(8)));
    case 4: return void(input.insert(at, hostile()));
    case 5: return overwrite(input, hostile());
    case 6: {  // the head of this one, the tail of another
      const std::string& other = any();
      input.resize(at);
      return void(input.append(other, below(other.size() + 1)));
    }
    default: {  // a piece over and over: nesting and repetition
      const std::string piece = input.substr(at, 1 + below(8));
      std::string many;
      for (std::size_t times = 1 + below(300); times > 0; --times) many += piece;
      return void(input.insert(at, many));
    }
  }
}

void mutator::flip(std::string& input) {
  if (!input.empty()) input[below(input.size())] ^= static_cast<char>(1u << below(8));
}

void mutator::overwrite(std::string& input, const std::string& with) {
  const std::size_t at = below(input.size() + 1);
  input.replace(at, std::min(with.size(), input.size() - at), with);
}

// Limits of integer widths in either byte order, with a byte before them that msgpack reads as a kind.
std::string mutator::hostile() {
  constexpr std::array<std::uint64_t, 10> numbers{0,          1,          0x7f,               0xff,            0x7fff, 0xffff,
                                                  0x7fffffff, 0xffffffff, 0x7fffffffffffffff, ~std::uint64_t{0}};
  constexpr std::array<std::size_t, 4> widths{1, 2, 4, 8};
  const std::uint64_t number = numbers[below(numbers.size())];
  const std::size_t width = widths[below(widths.size())];
  std::string made;
  if (below(2) == 0) made += static_cast<char>(0xc0 + below(32));
  const bool big = below(2) == 0;
  for (std::size_t i = 0; i < width; ++i) made += static_cast<char>(number >> 8 * (big ? width - 1 - i : i));
  return made;
}

}  // namespace engine::fuzz
