// The floor of the mixed load, against the server with a thread per connection: the kernel spreads those over the cores.
#include <memory>
#include <vector>

#include <bench/common/socket.hpp>
#include <bench/mixed/mixed.hpp>
#include <bench/raw/frame.hpp>
#include <bench/raw/scenarios.hpp>

namespace bench {

void mixed(const arguments& given) {
  const std::string address = given.text("addr", "");
  const auto calls = [&](std::size_t count) {
    return [address, count] {
      return [server = std::make_shared<descriptor>(dial(address)), requests = std::vector<frame>(count), answers = std::vector<frame>(count)]() mutable {
        send_all(server->number(), {reinterpret_cast<const char*>(requests.data()), requests.size() * sizeof(frame)});
        for (std::size_t i = 0; i < requests.size(); ++i) {
          receive_exactly(server->number(), answers[i].bytes(), false);
          expect_same(answers[i].bytes(), requests[i].bytes());
        }
      };
    };
  };
  const auto blobs = [address] {
    return [server = std::make_shared<descriptor>(dial(address)), blob = std::vector<char>(mixed_blob, 7)] {
      frame request, answer;
      request.what = operation::blob;
      request.argument = blob.size();
      send_all(server->number(), request.bytes());
      send_all(server->number(), blob);
      receive_exactly(server->number(), answer.bytes(), false);
      expect_same(answer.bytes(), request.bytes());
    };
  };
  mixed_load(given, frame{}.text_length(), calls(1), calls(mixed_burst), blobs);
}

}  // namespace bench
