// The crowd are sockets that have said something once.
#include <vector>

#include <bench/common/socket.hpp>
#include <bench/idle_crowd/idle_crowd.hpp>
#include <bench/raw/frame.hpp>
#include <bench/raw/scenarios.hpp>

namespace bench {

namespace {

void call_once(const descriptor& server, bool spin) {
  frame request, answer;
  send_all(server.number(), request.bytes());
  receive_exactly(server.number(), answer.bytes(), spin);
  expect_same(answer.bytes(), request.bytes());
}

}  // namespace

void idle_crowd(const arguments& given) {
  const std::string address = given.text("addr", "");
  const bool spin = given.flag("spin");
  const descriptor busy = dial(address);
  const auto call = [&] { call_once(busy, spin); };
  crowd_cost cost{.alone_before = median_us(given, call), .idle = given.count("conns", 10000)};
  const auto before = static_cast<double>(resident_bytes());
  std::vector<descriptor> crowd;
  crowd.reserve(cost.idle);
  for (std::size_t i = 0; i < cost.idle; ++i) {
    call_once(crowd.emplace_back(dial(address)), spin);
    reset_on_close(crowd.back().number());
  }
  cost.client_bytes = static_cast<double>(resident_bytes()) - before;
  timing clock(given);
  keep_busy(clock, call);
  crowd.clear();
  cost.alone_after = median_us(given, call);
  print_crowd(frame{}.text_length(), clock, cost);
}

}  // namespace bench
