// One call after another on one connection: the round trip. What it costs is almost wholly the waking of a sleeping core,
// which is why spin=1 is another world.
#include <bench/common/measure.hpp>
#include <bench/common/socket.hpp>
#include <bench/raw/frame.hpp>
#include <bench/raw/scenarios.hpp>

namespace bench {

void sync_call(const arguments& given) {
  const descriptor server = dial(given.text("addr", ""));
  const bool spin = given.flag("spin");
  frame request, answer;
  timing clock(given);
  while (clock.running()) {
    const std::uint64_t started = clock.now();
    ++request.argument;
    send_all(server.number(), request.bytes());
    receive_exactly(server.number(), answer.bytes(), spin);
    expect_same(answer.bytes(), request.bytes());
    clock.finished_call(started);
  }
  print("sync_call", "calls/s", answer.text_length(), clock);
}

}  // namespace bench
