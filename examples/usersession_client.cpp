// Every call says who the user is, by an annotation. The calls of several threads meet in the single database, not in those per session.
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <engine/engine.hpp>

class Database {
 public:
  void store(std::string key, int value);
  int retrieve(std::string key);
};
ENGINE_EXPOSE(Database, store, retrieve)

namespace {
void use(const engine::uri& where, const std::string& thread) {
  engine::outgoing_context().annotate("USER", "user123");  // for all calls of this thread
  engine::proxy<Database> db{where};
  for (int i = 0; i < 3; ++i) {
    try {
      db.store("number", 100 + i);
      std::cout << "[" + thread + "] num=" + std::to_string(db.retrieve("number")) + "\n";
    } catch (const engine::raised& e) {
      std::cout << "[" + thread + "] " + e.what() + "\n";
    }
  }
}

void use_at_once(const char* title, const std::string& name) {
  std::cout << "\n***** " << title << '\n';
  const engine::uri where = "PYRONAME:" + name;
  std::vector<std::jthread> threads;
  for (const char* thread : {"Thread-1", "Thread-2"}) threads.emplace_back(use, where, thread);
}
}  // namespace

int main() {
  std::cout << "***** Sequential access (no issues)\n";
  use("PYRONAME:example.usersession.sessiondb", "main");
  use("PYRONAME:example.usersession.singletondb", "main");
  use_at_once("Multiple concurrent proxies on the Session-Bound Database... (no issues)", "example.usersession.sessiondb");
  use_at_once("Multiple concurrent proxies on the Singleton Database... (threading problem)", "example.usersession.singletondb");
}
