// `conns` connections with one call in flight on each, driven by one epoll loop as the raw client does it: frames are written and
// read by our codecs, so that what is measured is the server and not a thousand waiting proxies.
#include <sys/epoll.h>

#include <memory>
#include <vector>

#include <bench/common/measure.hpp>
#include <bench/engine/scenarios.hpp>
#include <bench/many_connections/engine_caller.hpp>

namespace bench::ours {
void many_connections(const arguments& given) {
  const std::size_t connections = given.count("conns", 1000);
  const descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  std::vector<std::unique_ptr<caller>> callers;
  for (std::size_t i = 0; i < connections; ++i) callers.push_back(std::make_unique<caller>(given.text("addr", "")));
  timing clock(given);
  for (const auto& each : callers) {
    epoll_event interest{.events = EPOLLIN, .data = {.ptr = each.get()}};
    if (epoll_ctl(epoll.number(), EPOLL_CTL_ADD, each->socket(), &interest) != 0) fail("epoll_ctl");
    each->call(now_ns());
  }
  std::vector<epoll_event> events(1024);
  while (clock.running()) {
    const int n = epoll_wait(epoll.number(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < n; ++i) {
      auto& ready = *static_cast<caller*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!ready.receive()) continue;
      clock.finished_call(ready.started());
      ready.call(clock.now());
    }
  }
  print("many_connections", "calls/s", text_length, clock);
}

}  // namespace bench::ours
