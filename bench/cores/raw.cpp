// The floor of one and of two server cores: frames in bursts, one send for each burst.
#include <memory>
#include <vector>

#include <bench/common/socket.hpp>
#include <bench/cores/cores.hpp>
#include <bench/raw/frame.hpp>
#include <bench/raw/scenarios.hpp>

namespace bench {

void cores(const arguments& given) {
  const std::string address = given.text("addr", "");
  const std::size_t burst = given.count("window", 256);
  cores_load(given, frame{}.text_length(), burst, [&] {
    std::vector<frame> requests(burst);
    for (std::size_t i = 0; i < burst; ++i) requests[i].argument = i;
    return [server = std::make_shared<descriptor>(dial(address)), requests, answers = std::vector<frame>(burst)]() mutable {
      const auto bytes = [](std::vector<frame>& of) { return std::span(reinterpret_cast<char*>(of.data()), of.size() * sizeof(frame)); };
      send_all(server->number(), bytes(requests));
      receive_exactly(server->number(), bytes(answers), false);
      expect_same(bytes(answers), bytes(requests));
    };
  });
}

}  // namespace bench
