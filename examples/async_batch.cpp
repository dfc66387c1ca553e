// Batches that go on in the background: send_async() gives a future for all of their results.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include <engine/engine.hpp>

#include "asking.hpp"

using namespace std::chrono_literals;

class Thingy {
 public:
  std::int64_t divide(std::int64_t a, std::int64_t b);
};
ENGINE_EXPOSE(Thingy, divide)

namespace {

using results = std::vector<engine::later<std::int64_t>>;

results three_divisions(engine::batch<Thingy>& batch) {
  results all;
  all.push_back(batch.divide(100, 5));
  all.push_back(batch.divide(99, 9));
  all.push_back(batch.divide(555, 2));
  return all;
}

void print(const char* title, const std::vector<std::int64_t>& values) {
  std::cout << title;
  for (const auto value : values) std::cout << ' ' << value;
  std::cout << '\n';
}

std::vector<std::int64_t> values_of(const results& all) {
  std::vector<std::int64_t> values;
  for (const auto& each : all) values.push_back(*each);
  return values;
}

}  // namespace

int main(int argc, char** argv) {
  engine::proxy<Thingy> proxy{argument_or_ask(argc, argv, "enter async server object uri: ")};
  engine::batch batch{proxy};

  std::cout << std::boolalpha << "* batch async call:\n";
  results all = three_divisions(batch);
  auto sent = batch.send_async();  // returns immediately
  std::cout << "result values available? " << sent.ready() << "\nclient can do other stuff here.\n";
  sent.get();  // blocks until the results are there
  print("result values=", values_of(all));

  std::cout << "\n* batch async call with chained function:\n";
  all = three_divisions(batch);
  auto increased = batch.send_async().then([&all] {
    std::vector<std::int64_t> values = values_of(all);
    for (auto& each : values) ++each;
    return values;
  });
  print("final values=", increased.get());

  std::cout << "\n* batch async call with exception:\n";
  const auto good = batch.divide(1, 1), bad = batch.divide(100, 0), never = batch.divide(2, 1);
  batch.send_async().get();
  std::cout << "the first result= " << *good << '\n';
  for (const auto& each : {bad, never}) {
    try {
      const std::int64_t result = *each;
      std::cout << "Weird, this shouldn't succeed!?... result= " << result << '\n';
    } catch (const engine::error& e) {
      std::cout << "got exception (expected): " << e.what() << '\n';
    }
  }

  std::cout << "\n* batch async call with timeout:\n";
  all = three_divisions(batch);
  sent = batch.send_async();
  std::cout << "status after waiting for 0.05 seconds= " << sent.wait_for(50ms) << '\n';
  std::cout << "status after waiting for 10 seconds= " << sent.wait_for(10s) << '\n';
  print("result values=", values_of(all));
  std::cout << "\ndone.\n";
}
