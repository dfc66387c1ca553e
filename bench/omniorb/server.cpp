// omniORB's server with its default thread per connection.
#include <atomic>
#include <cstring>

#include <bench/common/peer.hpp>

#include "echo.hh"

namespace {

struct echo : POA_Bench::Echo {
  CORBA::ULongLong length(const char* text) override { return std::strlen(text); }
  CORBA::ULongLong blob(const Bench::Data& data) override { return data.length(); }
  void note(const char*) override { ++notes; }
  CORBA::ULongLong noted() override { return notes; }
  std::atomic<std::uint64_t> notes{0};
};

}  // namespace

int main(int, char** argv) {
  const std::string port = bench::free_port(), end_point = "giop:tcp:127.0.0.1:" + port;
  const char* options[][2] = {{"endPoint", end_point.c_str()}, {"giopMaxMsgSize", "2000000000"}, {nullptr, nullptr}};
  int count = 1;
  char* none[] = {argv[0], nullptr};
  CORBA::ORB_var orb = CORBA::ORB_init(count, none, "omniORB4", options);
  CORBA::Object_var found = orb->resolve_initial_references("omniINSPOA");
  PortableServer::POA_var adapter = PortableServer::POA::_narrow(found);
  PortableServer::ObjectId_var id = PortableServer::string_to_ObjectId("echo");
  adapter->activate_object_with_id(id, new echo);
  PortableServer::POAManager_var manager = adapter->the_POAManager();
  manager->activate();
  bench::say_ready(port);
  orb->run();
}
