// ZeroMQ's client: zmq_client WORKLOAD addr=ROUTER,PULL … runs one scenario and prints one line.
#include <cstdio>
#include <exception>

#include <bench/zmq/zmq.hpp>

int main(int argc, char** argv) try {
  const bench::arguments given(argc, argv);
  if (given.workload() == "sync_call") bench::zmq::sync_call(given);
  else if (given.workload() == "pipelined_call") bench::zmq::pipelined_call(given);
  else if (given.workload() == "oneway") bench::zmq::oneway(given);
  else throw std::invalid_argument("no such workload: " + given.workload());
} catch (const std::exception& error) {
  std::fprintf(stderr, "zmq_client: %s\n", error.what());
  return 1;
}
