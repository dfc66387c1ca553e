// Cap'n Proto's client: its easy RPC; the window is as many promises.
#include <capnp/ez-rpc.h>
#include <capnp/message.h>

#include <deque>

#include <bench/common/peer.hpp>

#include "echo.capnp.h"

namespace {

class client {
 public:
  explicit client(const bench::arguments& given)
      : rpc_("127.0.0.1", static_cast<kj::uint>(std::stoul(bench::port_of(given))), {.traversalLimitInWords = 1ull << 40}), echo_(rpc_.getMain<Echo>()) {}

  std::uint64_t length(std::string_view text) { return start(text).wait(rpc_.getWaitScope()).getLength(); }

  std::uint64_t blob(const std::vector<char>& data) {
    auto request = echo_.blobRequest(capnp::MessageSize{data.size() / 8 + 64, 0});
    request.setData(kj::arrayPtr(reinterpret_cast<const kj::byte*>(data.data()), data.size()));
    return request.send().wait(rpc_.getWaitScope()).getLength();
  }

  void pipelined(std::size_t window, bench::timing& clock) {
    std::deque<capnp::RemotePromise<Echo::LengthResults>> in_flight;
    while (clock.running()) {
      while (in_flight.size() < window) in_flight.push_back(start(bench::peer_text));
      for (std::size_t i = 0; i < (window + 1) / 2; ++i) {
        bench::expect_equal(in_flight.front().wait(rpc_.getWaitScope()).getLength(), bench::peer_text.size());
        in_flight.pop_front();
      }
      clock.finished((window + 1) / 2);
    }
    for (auto& last : in_flight) bench::expect_equal(last.wait(rpc_.getWaitScope()).getLength(), bench::peer_text.size());
  }

 private:
  capnp::RemotePromise<Echo::LengthResults> start(std::string_view text) {
    auto request = echo_.lengthRequest();
    request.setText(capnp::Text::Reader(text.data(), text.size()));
    return request.send();
  }

  capnp::EzRpcClient rpc_;
  Echo::Client echo_;
};

}  // namespace

int main(int argc, char** argv) { return bench::peer_main<client>("capnp_client", argc, argv); }
