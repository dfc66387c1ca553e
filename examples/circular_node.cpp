// One link of a chain that ends where it began: start A, B and C, as "circular_node A B", "circular_node B C", "circular_node C A", in any
// mixture with Pyro's servA.py, servB.py and servC.py. A call passes through all of them and comes back to the first, which is still
// waiting for its own: methods that call others are blocking, so the core stays free for what comes meanwhile.
#include <algorithm>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <engine/engine.hpp>

class Chain {
 public:
  Chain(std::string name, std::string next) : name_(std::move(name)), next_(std::move(next)) {}
  std::vector<std::string> process(std::vector<std::string> message);

 private:
  const std::string name_, next_;
};
ENGINE_EXPOSE(Chain, process)
ENGINE_MARK(Chain, process, .parameters = "message", .blocking = true)

std::vector<std::string> Chain::process(std::vector<std::string> message) {
  if (std::ranges::find(message, name_) != message.end()) {
    std::cout << "Back at " << name_ << "; we completed the circle!" << std::endl;
    return {"complete at " + name_};
  }
  std::cout << "I'm " << name_ << ", passing to " << next_ << std::endl;
  message.push_back(name_);
  engine::proxy<Chain> next{"PYRONAME:example.chain." + next_};
  std::vector<std::string> result = next.process(message);
  result.insert(result.begin(), "passed on from " + name_);
  return result;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: circular_node NAME NEXT\n";
    return 2;
  }
  engine::daemon daemon;
  Chain chain{argv[1], argv[2]};
  daemon.expose(chain, engine::enrolled_as{"example.chain." + std::string(argv[1])});
  std::cout << "Server started " << argv[1] << std::endl;
  daemon.run();
}
