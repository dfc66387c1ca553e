// Iterates over results that are made on the other side while we take them.
#include "streaming.hpp"

#include <iostream>

#include "asking.hpp"

namespace {
template <class Items> void print(Items&& items) {
  const char* before = "[";
  for (const auto& item : items) std::cout << std::exchange(before, ", ") << item;
  std::cout << "]\n";
}
}  // namespace

int main(int argc, char** argv) {
  engine::proxy<Streamer> p{argument_or_ask(argc, argv, "Enter streaming server uri: ")};
  std::cout << "\nnormal list:\n";
  print(p.list());
  std::cout << "\nvia iterator:\n";
  print(p.iterator());
  std::cout << "\nvia generator:\n";
  print(p.generator());
  std::cout << "\nslow generator:\n";
  for (const int number : p.slow_generator()) std::cout << number << std::endl;
}
