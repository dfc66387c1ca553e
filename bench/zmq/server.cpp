// ZeroMQ's server: a ROUTER that answers each request with its length, and a PULL socket on the next port that counts what comes. One
// thread over both, as in its guide. Prints "ready ADDRESS" once it listens.
#include <zmq.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include <bench/common/arguments.hpp>
#include <bench/zmq/zmq.hpp>

namespace {

constexpr int burst = 1024;  // messages taken from one socket before the other gets a turn

/// Sends the number back to whoever asked: the answer follows the asker's identity.
bool answer_one(void* router, std::uint64_t counted) {
  char identity[256], request[256];
  const int who = zmq_recv(router, identity, sizeof identity, ZMQ_DONTWAIT);
  if (who < 0) return false;
  int size = zmq_recv(router, request, sizeof request, 0);
  bool delimited = false;
  if (size == 0) {  // REQ puts an empty part before its own
    delimited = true;
    size = zmq_recv(router, request, sizeof request, 0);
  }
  const std::uint64_t number = size == 1 && request[0] == bench::zmq::count_please ? counted : static_cast<std::uint64_t>(size);
  zmq_send(router, identity, static_cast<std::size_t>(who), ZMQ_SNDMORE);
  if (delimited) zmq_send(router, "", 0, ZMQ_SNDMORE);
  zmq_send(router, &number, sizeof number, 0);
  return true;
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::arguments given(argc, argv);
  const auto address = given.text("addr", "127.0.0.1:0");
  bench::zmq::context context;
  bench::zmq::socket router(context, ZMQ_ROUTER), pull(context, ZMQ_PULL);
  const std::string at = router.bind("tcp://" + address.substr(0, address.rfind(':')) + ":*");
  const std::string pulling = pull.bind("tcp://" + address.substr(0, address.rfind(':')) + ":*");
  // Both ports in one address: scripts/bench hands it on as it is.
  std::printf("ready %s,%s\n", at.c_str(), pulling.c_str());
  std::fflush(stdout);
  std::uint64_t counted = 0;
  zmq_pollitem_t both[] = {{router.get(), 0, ZMQ_POLLIN, 0}, {pull.get(), 0, ZMQ_POLLIN, 0}};
  for (;;) {
    zmq_poll(both, 2, -1);
    for (int i = 0; i < burst && both[0].revents; ++i)
      if (!answer_one(router.get(), counted)) break;
    char text[64];
    for (int i = 0; i < burst && both[1].revents && zmq_recv(pull.get(), text, sizeof text, ZMQ_DONTWAIT) >= 0; ++i) ++counted;
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "zmq_server: %s\n", error.what());
  return 1;
}
