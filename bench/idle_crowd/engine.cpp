// The crowd are proxies of their own, each of which has made a call.
#include <vector>

#include <bench/common/socket.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>
#include <bench/idle_crowd/idle_crowd.hpp>

namespace bench::ours {

namespace {

std::vector<engine::proxy<Echo>> connected(const arguments& given, std::size_t count) {
  std::vector<engine::proxy<Echo>> all;
  all.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& one = all.emplace_back(echo_at(given), engine::proxy_options{.settings = settings_of(given)});
    expect(one.length(text), text_length);
    reset_on_close(engine::connection_of(one)->descriptor);  // thousands of connections that linger would use the ports up
  }
  return all;
}

}  // namespace

void idle_crowd(const arguments& given) {
  engine::proxy<Echo> busy{echo_at(given), {.settings = settings_of(given)}};
  const auto call = [&] { expect(busy.length(text), text_length); };
  crowd_cost cost{.alone_before = median_us(given, call), .idle = given.count("conns", 10000), .server_told = true};
  const auto server_before = static_cast<double>(busy.resident()), client_before = static_cast<double>(resident_bytes());
  auto crowd = connected(given, cost.idle);
  cost.server_bytes = static_cast<double>(busy.resident()) - server_before;
  cost.client_bytes = static_cast<double>(resident_bytes()) - client_before;
  timing clock(given);
  keep_busy(clock, call);
  crowd.clear();
  cost.alone_after = median_us(given, call);
  print_crowd(text_length, clock, cost);
}

}  // namespace bench::ours
