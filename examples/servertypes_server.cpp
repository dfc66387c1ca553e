// What kind of server answers: with type thread, calls may block and those of different clients run at once; with type multiplex there is
// one core for all, and a call that takes its time holds up the others.
#include <atomic>
#include <chrono>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>

#include <engine/engine.hpp>

#include "asking.hpp"

namespace {
std::string thread_name() {
  std::ostringstream text;
  text << "thread " << std::this_thread::get_id();
  return text.str();
}
}  // namespace

class Server {
 public:
  explicit Server(const engine::settings& settings) : settings_(settings) {}
  void reset() { count_ = 0; }
  int getcount() { return count_; }  // the number of completed calls
  engine::value getconfig() {
    engine::value::dict config;
    for (const auto& [name, text] : settings_.as_list()) config.set(name, text);
    engine::value::set accepted;
    for (const auto& name : settings_.serializers_accepted) accepted.insert(name);
    config.set("SERIALIZERS_ACCEPTED", accepted);
    return config;
  }
  std::string delay() { return work("delay"); }
  void onewaydelay() { work("onewaydelay"); }

 private:
  std::string work(const std::string& called) {
    const std::string name = thread_name();
    std::cout << called + " called in " + name + "\n" << std::flush;
    std::this_thread::sleep_for(std::chrono::seconds(1));
    ++count_;
    return name;
  }
  const engine::settings settings_;
  std::atomic<int> count_{0};
};
ENGINE_EXPOSE(Server, reset, getcount, getconfig, delay, onewaydelay)
ENGINE_MARK(Server, onewaydelay, .oneway = true, .blocking = true)  // in the background whatever the server's type

int main() {
  auto settings = engine::settings::from_environment();
  settings.server_type = ask("Servertype threaded or multiplex (t/m)?") == "t" ? "thread" : "multiplex";
  engine::daemon daemon{{.settings = settings}};
  Server server{settings};
  daemon.expose(server, engine::enrolled_as{"example.servertypes"});
  std::cout << "Server ready, type " << settings.server_type << std::endl;
  daemon.run();
}
