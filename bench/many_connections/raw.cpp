// `conns` connections with one call in flight on each, driven by one epoll loop: whether a server that has many clients
// still spends its time on calls. The client sleeps in epoll_wait also with spin=1.
#include <sys/epoll.h>

#include <vector>

#include <bench/common/measure.hpp>
#include <bench/many_connections/raw_caller.hpp>
#include <bench/raw/scenarios.hpp>

namespace bench {
void many_connections(const arguments& given) {
  const std::size_t connections = given.count("conns", 1000);
  const std::string address = given.text("addr", "");
  const descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  std::vector<caller> callers;
  callers.reserve(connections);
  for (std::size_t i = 0; i < connections; ++i) callers.emplace_back(address, i);

  timing clock(given);
  for (caller& each : callers) {
    epoll_event interest{.events = EPOLLIN, .data = {.ptr = &each}};
    if (epoll_ctl(epoll.number(), EPOLL_CTL_ADD, each.socket(), &interest) != 0) fail("epoll_ctl");
    each.call(now_ns());
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
  print("many_connections", "calls/s", frame{}.text_length(), clock);
}

}  // namespace bench
