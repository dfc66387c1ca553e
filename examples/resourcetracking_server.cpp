// Resources that belong to a caller: when its connection ends, however it ends, their close() is called.
#include "resourcetracking.hpp"

#include <iostream>

/// Something that a client takes and must give back.
class Resource : public std::enable_shared_from_this<Resource> {
 public:
  Resource(std::string name, Service& of) : name_(std::move(name)), of_(of) {}
  const std::string& name() const { return name_; }
  void close() {
    std::cout << "Resource: closing " << name_ << std::endl;
    of_.resources_.erase(shared_from_this());
  }

 private:
  std::string name_;
  Service& of_;
};

void Service::allocate(std::string name) {
  auto resource = std::make_shared<Resource>(name, *this);
  resources_.insert(resource);
  engine::this_call().track_resource(resource);
  std::cout << "service: allocated resource " << name << "  for client " << engine::this_call().peer() << std::endl;
}

void Service::free(std::string name) {
  for (const auto& resource : std::set(resources_)) {
    if (resource->name() != name) continue;
    resource->close();
    engine::this_call().untrack_resource(resource);
  }
}

std::vector<std::string> Service::list() {
  std::vector<std::string> names;
  for (const auto& resource : resources_) names.push_back(resource->name());
  return names;
}

int main() {
  // Resources are closed on their connection's core, which is where the service lives: there is only one.
  engine::daemon daemon{{.client_disconnect = [](const std::string& peer) { std::cout << "client disconnects: " << peer << std::endl; }}};
  Service service;
  std::cout << "uri = " << daemon.expose(service, "service") << std::endl;
  daemon.run();
}
