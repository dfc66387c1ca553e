// See enrollment.hpp.
#include <engine/object/enrollment.hpp>

#include <chrono>

#include <engine/io/log.hpp>
#include <engine/object/error.hpp>
#include <engine/object/proxy.hpp>

namespace engine::detail {

namespace {
constexpr std::chrono::milliseconds patience{2000};  // a name server that has gone does not hold up the end of a daemon for longer

proxy<> names_of(const enrolled_as& how) { return proxy_access::around<proxy<>>(locate(how.names)); }
}  // namespace

void enrollments::add(enrolled_as how, const uri& where) {
  names_of(how)["register"](how.name, where, how.safe, how.tags);
  const std::scoped_lock lock(mutex_);
  std::erase_if(all_, [&](const enrolled& each) { return each.how.name == how.name; });
  all_.push_back({std::move(how), where});
}

void enrollments::withdraw() noexcept {
  const std::scoped_lock lock(mutex_);
  for (enrolled& each : std::exchange(all_, {})) {
    if (each.how.names.timeout.count() == 0) each.how.names.timeout = patience;
    each.how.names.broadcast = false;
    try {
      const auto names = names_of(each.how);
      if (names["lookup"](each.how.name).as<uri>() == each.where) names["remove"](each.how.name);
    } catch (const std::exception& e) {
      log_warning("{} is still registered: {}", each.how.name, e.what());
    }
  }
}

}  // namespace engine::detail
