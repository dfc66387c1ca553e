// Data per user: callers say who they are by an annotation, and a class exposed per connection keeps what belongs to one of them. The
// daemon is of type thread, so calls may block, and several run at once: that is where a single object must take care of itself.
#include <iostream>
#include <memory>
#include <string>

#include <engine/engine.hpp>

#include "usersession_database.hpp"

namespace {
DummyDatabase database;

std::string calling_user() {
  const auto user = engine::this_call().annotations().find("USER");
  if (!user) throw engine::raised("KeyError", {"USER"});
  return {reinterpret_cast<const char*>(user->data()), user->size()};
}
}  // namespace

/// This one has problems when several proxies use it at the same time: their calls meet in its only connection to the database.
class SingletonDatabase {
 public:
  SingletonDatabase() { std::cout << "[SingletonDatabase] new instance and connection" << std::endl; }
  void store(std::string key, engine::value value) { connection_.store(calling_user(), key, std::move(value)); }
  engine::value retrieve(std::string key) { return connection_.retrieve(calling_user(), key); }
  std::string ping() { return "hi"; }

 private:
  Connection connection_{database};
};
ENGINE_EXPOSE(SingletonDatabase, store, retrieve, ping)

/// This one has none: every session has an instance, and the calls of one session come one after the other.
class SessionboundDatabase {
 public:
  SessionboundDatabase() : user_(calling_user()) {
    std::cout << "[SessionboundDatabase] new instance and connection for user: " << user_ << std::endl;
  }
  void store(std::string key, engine::value value) { connection_.store(user_, key, std::move(value)); }
  engine::value retrieve(std::string key) { return connection_.retrieve(user_, key); }
  std::string ping() { return "hi"; }

 private:
  const std::string user_;
  Connection connection_{database};
};
ENGINE_EXPOSE(SessionboundDatabase, store, retrieve, ping)

int main() {
  auto settings = engine::settings::from_environment();
  settings.server_type = "thread";
  engine::daemon daemon{{.settings = settings}};
  daemon.expose<SingletonDatabase>(engine::single, engine::enrolled_as{"example.usersession.singletondb"});
  daemon.expose<SessionboundDatabase>(engine::per_connection, engine::enrolled_as{"example.usersession.sessiondb"});
  std::cout << "The databases are registered in the name server." << std::endl;
  daemon.run();
}
