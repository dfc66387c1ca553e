// Moments with and without a time zone through every serializer. pickle keeps them as they are; serpent and json make texts of
// them, and marshal refuses them, as in Python. A C++ moment knows its distance from UTC, not the zone's name.
#include <chrono>
#include <ctime>
#include <iostream>

#include <engine/engine.hpp>

namespace {

engine::datetime local_time() {
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  engine::datetime when = engine::from_unix_microseconds(now.time_since_epoch().count()).value();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  when.time.offset_seconds = static_cast<std::int32_t>(parts.tm_gmtoff);
  return when;
}

}  // namespace

class Server {
 public:
  engine::value echo(const engine::value& date) {
    std::cout << "ECHO:\n [raw]  " << engine::to_repr(date) << std::endl;
    if (const auto* when = date.get_if<engine::datetime>()) std::cout << " [iso]  " << engine::iso_format(*when) << std::endl;
    return date;
  }
  engine::datetime pytz() { return local_time(); }
  engine::datetime dateutil() { return local_time(); }
};
ENGINE_EXPOSE(Server, echo, pytz, dateutil)

int main() {
  engine::settings settings = engine::settings::from_environment();
  settings.serializers_accepted.insert("pickle");  // as in Pyro, only who wants it
  engine::daemon daemon({.settings = settings});
  Server server;
  std::cout << "uri = " << daemon.expose(server, "example.timezones") << std::endl;
  daemon.run();
}
