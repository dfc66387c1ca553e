// REQ: one request after another.
#include <stdexcept>

#include <bench/common/measure.hpp>
#include <bench/zmq/zmq.hpp>

namespace bench::zmq {

void sync_call(const arguments& given) {
  context mine;
  socket asking(mine, ZMQ_REQ);
  asking.connect(router_of(given));
  timing clock(given);
  while (clock.running()) {
    const std::uint64_t started = clock.now();
    asking.send(text);
    if (asking.receive_number() != text.size()) throw std::runtime_error("the answer does not match the request");
    clock.finished_call(started);
  }
  print("sync_call", "calls/s", text.size(), clock);
}

}  // namespace bench::zmq
