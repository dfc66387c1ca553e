// redis over plain sockets, by the fastest client there can be: ECHO is its call, whose text comes back, and a blob is SET. It has no
// calls without answers.
#include <cstring>

#include <bench/common/peer.hpp>

namespace {

constexpr std::string_view request = "*2\r\n$4\r\nECHO\r\n$13\r\nIrmen de Jong\r\n", reply = "$13\r\nIrmen de Jong\r\n";

class client {
 public:
  explicit client(const bench::arguments& given) : server_(bench::dial(given.text("addr", ""))) {}

  std::uint64_t length(std::string_view text) {
    bench::send_all(server_.number(), request);
    receive_reply();
    return text.size();
  }

  std::uint64_t blob(const std::vector<char>& data) {
    const std::string head = "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$" + std::to_string(data.size()) + "\r\n";
    bench::send_all(server_.number(), head);
    bench::send_all(server_.number(), data);
    bench::send_all(server_.number(), std::string_view("\r\n"));
    char answer[5];
    bench::receive_exactly(server_.number(), answer, false);
    return std::string_view(answer, 5) == "+OK\r\n" ? data.size() : 0;
  }

  void pipelined(std::size_t window, bench::timing& clock) {
    std::string burst;
    for (std::size_t i = 0; i < window; ++i) burst += request;
    bench::send_all(server_.number(), burst);
    const std::size_t half = (window + 1) / 2;
    std::vector<char> answers(half * reply.size());
    while (clock.running()) {
      bench::receive_exactly(server_.number(), answers, false);
      for (std::size_t i = 0; i < half; ++i)
        if (std::memcmp(answers.data() + i * reply.size(), reply.data(), reply.size()) != 0) bench::expect_equal(0, 1);
      clock.finished(half);
      bench::send_all(server_.number(), {burst.data(), half * request.size()});
    }
  }

 private:
  void receive_reply() {
    char answer[reply.size()];
    bench::receive_exactly(server_.number(), answer, false);
    if (std::string_view(answer, sizeof answer) != reply) bench::expect_equal(0, 1);
  }

  bench::descriptor server_;
};

}  // namespace

int main(int argc, char** argv) { return bench::peer_main<client>("redis_client", argc, argv); }
