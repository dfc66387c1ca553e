// Takes resources of a server. Press Enter to give them back, or end the program by force: the server takes them back by itself.
#include <unistd.h>

#include <iostream>

#include "asking.hpp"
#include "resourcetracking.hpp"

namespace {
void print(const char* title, const std::vector<std::string>& names) {
  std::cout << title;
  for (const auto& name : names) std::cout << ' ' << name;
  std::cout << std::endl;
}
}  // namespace

int main(int argc, char** argv) {
  engine::proxy<Service> service{argument_or_ask(argc, argv, "Enter the URI of the server object: ")};
  print("currently allocated resources:", service.list());
  const std::string first = "first of " + std::to_string(::getpid()), second = "second of " + std::to_string(::getpid());
  for (const auto& name : {first, second}) {
    std::cout << "allocating resource... " << name << '\n';
    service.allocate(name);
  }
  ask("\nhit Enter now to continue normally or ^C/break to abort the connection forcefully:");
  std::cout << "free resources normally...\n";
  service.free(first);
  service.free(second);
  print("allocated resources:", service.list());
  std::cout << "done.\n";
}
