// The mixed load through three typed proxies, each on its own thread.
#include <memory>
#include <vector>

#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>
#include <bench/mixed/mixed.hpp>

namespace bench::ours {

void mixed(const arguments& given) {
  const auto connect = [&given] { return std::make_shared<engine::proxy<Echo>>(echo_at(given), engine::proxy_options{.settings = settings_of(given)}); };
  const auto small = [&] {
    return [echo = connect()] { expect(echo->length(text), text_length); };
  };
  const auto burst = [&] {
    return [echo = connect()] {
      std::vector<engine::future<std::uint64_t>> in_flight;
      for (std::size_t i = 0; i < mixed_burst; ++i) in_flight.push_back(engine::async(*echo).length(text));
      for (auto& each : in_flight) expect(each.get(), text_length);
    };
  };
  const auto blobs = [&] {
    return [echo = connect(), blob = std::vector<std::byte>(mixed_blob, std::byte{7})] { expect(echo->blob(blob), blob.size()); };
  };
  mixed_load(given, text_length, small, burst, blobs);
}

}  // namespace bench::ours
