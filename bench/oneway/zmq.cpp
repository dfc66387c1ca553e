// PUSH: messages as fast as they go, with a bounded queue; at the end the server is asked until it has counted all of them.
#include <stdexcept>

#include <bench/common/measure.hpp>
#include <bench/zmq/zmq.hpp>

namespace bench::zmq {

void oneway(const arguments& given) {
  constexpr int few = 64, waiting_max = 100'000;
  context mine;
  socket asking(mine, ZMQ_REQ), pushing(mine, ZMQ_PUSH, waiting_max);
  asking.connect(router_of(given));
  pushing.connect(pull_of(given));
  const auto counted = [&] {
    asking.send({&count_please, 1});
    return asking.receive_number();
  };
  const std::uint64_t before = counted();
  std::uint64_t sent = 0;
  whole_run clock(given);
  while (clock.running()) {
    for (int i = 0; i < few; ++i) pushing.send(text);
    sent += few;
  }
  while (counted() - before < sent) {
  }
  clock.finished(sent);
  print("oneway", "calls/s", text.size(), clock);
}

}  // namespace bench::zmq
