// Connect, one call, close, over and over: what a short-lived client costs. The client sleeps in recv also with spin=1,
// so that only the server's way of waiting differs between the floors.
#include <bench/common/measure.hpp>
#include <bench/common/socket.hpp>
#include <bench/raw/frame.hpp>
#include <bench/raw/scenarios.hpp>

namespace bench {

void connect_and_call(const arguments& given) {
  const std::string address = given.text("addr", "");
  frame request, answer;
  timing clock(given);
  while (clock.running()) {
    const std::uint64_t started = clock.now();
    {
      const descriptor server = dial(address);
      ++request.argument;
      send_all(server.number(), request.bytes());
      receive_exactly(server.number(), answer.bytes(), false);
      expect_same(answer.bytes(), request.bytes());
    }
    clock.finished_call(started);
  }
  print("connect", "conn/s", answer.text_length(), clock);
}

}  // namespace bench
