// ZeroC Ice's server with its default of one thread.
#include <Ice/Ice.h>

#include <atomic>

#include <bench/common/peer.hpp>

#include "Bench.h"

namespace {

struct echo : Peer::Echo {
  long long length(std::string text, const Ice::Current&) override { return static_cast<long long>(text.size()); }
  long long blob(std::pair<const Ice::Byte*, const Ice::Byte*> data, const Ice::Current&) override { return data.second - data.first; }
  void note(std::string, const Ice::Current&) override { ++notes; }
  long long noted(const Ice::Current&) override { return notes; }
  std::atomic<long long> notes{0};
};

}  // namespace

int main() {
  Ice::InitializationData settings;
  settings.properties = Ice::createProperties();
  settings.properties->setProperty("Ice.MessageSizeMax", "0");
  settings.properties->setProperty("Ice.Warn.Connections", "0");
  const Ice::CommunicatorHolder communicator(settings);
  const std::string port = bench::free_port();
  const auto adapter = communicator->createObjectAdapterWithEndpoints("echo", "tcp -h 127.0.0.1 -p " + port);
  adapter->add(std::make_shared<echo>(), Ice::stringToIdentity("echo"));
  adapter->activate();
  bench::say_ready(port);
  communicator->waitForShutdown();
}
