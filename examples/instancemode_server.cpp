// Exposing a class instead of an object: the daemon makes the instances and keeps them for good, for a connection or for one call.
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include <engine/engine.hpp>

namespace {
int made = 0;

int said(int instance, const char* by, const std::string& message) {
  std::cout << "[" << instance << "] " << by << ".msg: " << message << std::endl;
  return instance;
}
}  // namespace

class SingleInstance {
 public:
  int msg(std::string message) { return said(number, "SingleInstance", message); }

 private:
  const int number = ++made;
};
ENGINE_EXPOSE(SingleInstance, msg)

class SessionInstance {
 public:
  explicit SessionInstance(std::string correlation_id) : correlation_id_(std::move(correlation_id)) {}
  std::pair<int, std::string> msg(std::string message) { return {said(number, "SessionInstance", message), correlation_id_}; }

  /// Called for the first call of a connection, and during it: what a method may ask, a creator may ask as well.
  static std::shared_ptr<SessionInstance> create_instance() {
    return std::make_shared<SessionInstance>(engine::this_call().correlation_id());
  }

 private:
  const int number = ++made;
  const std::string correlation_id_;
};
ENGINE_EXPOSE(SessionInstance, msg)

class PercallInstance {
 public:
  int msg(std::string message) { return said(number, "PercallInstance", message); }

 private:
  const int number = ++made;
};
ENGINE_EXPOSE(PercallInstance, msg)

int main() {
  engine::daemon daemon;
  daemon.expose<SingleInstance>(engine::single, engine::enrolled_as{"instance.single"});
  daemon.expose<SessionInstance>(engine::per_connection, engine::enrolled_as{"instance.session"}, SessionInstance::create_instance);
  daemon.expose<PercallInstance>(engine::per_call, engine::enrolled_as{"instance.percall"});
  std::cout << "The classes are registered in the name server." << std::endl;
  daemon.run();
}
