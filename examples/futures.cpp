// Local functions that are called later, with a future for the result: no remote object takes part.
#include <iostream>
#include <optional>
#include <string>

#include <engine/core/local_call.hpp>

namespace {

int myfunction(int a, int b, const std::optional<std::string>& extra = std::nullopt) {
  std::cout << ">>> myfunction called with: a=" << a << ", b=" << b << ", extra=" << extra.value_or("None") << std::endl;
  return a + b;
}

}  // namespace

int main() {
  std::cout << "\n* just a single future call:" << std::endl;
  engine::local_call single{[](int a, int b) { return myfunction(a, b); }};
  engine::future<int> result = single(5, 6);
  // we can do stuff here in the meantime...
  const int value = result.get();
  std::cout << "result value= " << value << std::endl;

  std::cout << "\n* several calls chained:" << std::endl;
  engine::local_call first{[](int a, int b) { return myfunction(a, b); }};
  auto chained = first(5, 6)
                     .then([](int value) { return myfunction(value, 10); })
                     .then([](int value) { return myfunction(value, 20, "something"); });
  const int last = chained.get();
  std::cout << "result value= " << last << std::endl;
}
