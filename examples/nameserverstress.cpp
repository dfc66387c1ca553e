// Five threads that register, look up, list and remove names at random: nameserverstress [rounds of each thread].
#include <algorithm>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <engine/engine.hpp>
#include <naming/locate.hpp>

namespace {

class thrasher {
 public:
  thrasher(const engine::uri& names, unsigned number) : names_(names), random_(number) {}

  void run(int rounds) {
    for (int i = 0; i < rounds; ++i) act();
  }

 private:
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  std::string random_name() {
    std::string name = "stresstest";
    for (unsigned parts = 1 + below(10); parts > 0; --parts) name += "." + std::to_string(10 + below(90));
    return name;
  }
  void act() {
    switch (below(6)) {
      case 0: names_.list(); break;
      case 1:
        for (int i = 0; i < 4; ++i) names_.enroll(random_name(), engine::uri("PYRO:objname@host:555"));
        break;
      case 2: names_.remove(random_name()); break;
      case 3:
        try {
          names_.lookup(random_name());
        } catch (const engine::naming_error&) {  // most are not there
        }
        break;
      case 4: names_.list(std::nullopt, "stresstest\\.??\\.41.*"); break;
      default: names_.list("stresstest.51");
    }
  }

  engine::proxy<engine::name_server> names_;
  std::minstd_rand random_;
};

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::stoi(argv[1]) : 1000;
  auto names = engine::locate_name_server();
  std::cout << "Removing previous stresstest registrations..." << std::endl;
  names.remove(std::nullopt, "stresstest.");
  std::cout << "Done. Starting." << std::endl;
  {
    std::vector<std::jthread> threads;
    for (unsigned number = 1; number <= 5; ++number)
      threads.emplace_back([where = engine::uri_of(names), number, rounds] { thrasher(where, number).run(rounds); });
  }
  const auto left = names.list("stresstest.").size();
  const auto cleaned = static_cast<std::size_t>(names.remove(std::nullopt, "stresstest."));
  std::cout << "cleaned up " << cleaned << " names." << std::endl;
  return cleaned == left ? 0 : 1;
}
