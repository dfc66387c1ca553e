// DEALER: up to `window` requests in flight; when half are answered, the window is filled up.
#include <stdexcept>

#include <bench/common/measure.hpp>
#include <bench/zmq/zmq.hpp>

namespace bench::zmq {

void pipelined_call(const arguments& given) {
  context mine;
  socket asking(mine, ZMQ_DEALER);
  asking.connect(router_of(given));
  const std::size_t window = given.count("window", 1024);
  std::size_t in_flight = 0;
  timing clock(given);
  while (clock.running()) {
    for (; in_flight < window; ++in_flight) asking.send(text);
    for (std::size_t i = 0; i < (window + 1) / 2; ++i, --in_flight)
      if (asking.receive_number() != text.size()) throw std::runtime_error("the answer does not match the request");
    clock.finished((window + 1) / 2);
  }
  print("pipelined_call", "calls/s", text.size(), clock);
}

}  // namespace bench::zmq
