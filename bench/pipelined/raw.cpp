// Up to `window` calls in flight on one connection; when half are answered, the window is filled up with one send. Requests
// are numbered and come back as they were, so the stream of answers must equal the stream of requests, byte for byte.
#include <algorithm>
#include <vector>

#include <bench/common/measure.hpp>
#include <bench/common/socket.hpp>
#include <bench/raw/frame.hpp>
#include <bench/raw/scenarios.hpp>

namespace bench {
namespace {

/// The endless stream of requests, numbered 0 to window-1 over and over: kept twice in a row, so that any part of it no
/// longer than a window is contiguous.
class request_stream {
 public:
  explicit request_stream(std::size_t window) : period_(window * sizeof(frame)), frames_(2 * window) {
    for (std::size_t i = 0; i < frames_.size(); ++i) frames_[i].argument = i % window;
  }
  std::span<const char> part(std::size_t offset, std::size_t size) const {
    return {reinterpret_cast<const char*>(frames_.data()) + offset % period_, size};
  }

 private:
  std::size_t period_;
  std::vector<frame> frames_;
};

}  // namespace

void pipelined_call(const arguments& given) {
  const descriptor server = dial(given.text("addr", ""));
  const bool spin = given.flag("spin");
  const std::size_t window = given.count("window", 1024) * sizeof(frame);  // all sizes here are bytes
  const request_stream requests(window / sizeof(frame));
  std::vector<char> room(std::min<std::size_t>(window, 64 * 1024));
  std::size_t sent = 0, answered = 0;
  timing clock(given);
  while (clock.running()) {
    if (sent - answered <= window / 2) {
      const std::size_t free = (window - (sent - answered)) / sizeof(frame) * sizeof(frame);
      send_all(server.number(), requests.part(sent, free));
      sent += free;
    }
    const std::size_t n = receive_some(server.number(), room, spin);
    expect_same({room.data(), n}, requests.part(answered, n));
    const std::size_t before = answered / sizeof(frame);
    answered += n;
    clock.finished(answered / sizeof(frame) - before);
  }
  print("pipelined_call", "calls/s", frame{}.text_length(), clock);
}

}  // namespace bench
