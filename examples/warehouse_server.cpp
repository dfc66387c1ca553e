// The warehouse of Pyro's tutorial: what people store in it, others take.
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include <engine/engine.hpp>
#include <naming/locate.hpp>

class Warehouse {
 public:
  std::vector<std::string> list_contents() { return contents_; }
  void take(std::string name, std::string item) {
    const auto found = std::ranges::find(contents_, item);
    if (found == contents_.end()) throw engine::raised("ValueError", {"list.remove(x): x not in list"});
    contents_.erase(found);
    std::cout << name << " took the " << item << "." << std::endl;
  }
  void store(std::string name, std::string item) {
    contents_.push_back(item);
    std::cout << name << " stored the " << item << "." << std::endl;
  }

 private:
  std::vector<std::string> contents_{"chair", "bike", "flashlight", "laptop", "couch"};
};
ENGINE_EXPOSE(Warehouse, list_contents, take, store)
ENGINE_MARK(Warehouse, take, .parameters = "name, item")
ENGINE_MARK(Warehouse, store, .parameters = "name, item")

int main() {
  Warehouse warehouse;
  engine::daemon daemon;
  const engine::uri uri = daemon.expose(warehouse);
  engine::locate_name_server().enroll("example.warehouse", uri);
  std::cout << "The warehouse is open: " << uri << std::endl;
  daemon.run();
}
