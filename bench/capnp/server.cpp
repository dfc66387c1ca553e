// Cap'n Proto's server: its easy RPC, one thread.
#include <capnp/ez-rpc.h>

#include <bench/common/peer.hpp>

#include "echo.capnp.h"

namespace {

struct echo final : Echo::Server {
  kj::Promise<void> length(LengthContext call) override {
    call.getResults().setLength(call.getParams().getText().size());
    return kj::READY_NOW;
  }
  kj::Promise<void> blob(BlobContext call) override {
    call.getResults().setLength(call.getParams().getData().size());
    return kj::READY_NOW;
  }
};

}  // namespace

int main() {
  const capnp::ReaderOptions no_limit{.traversalLimitInWords = 1ull << 40};
  capnp::EzRpcServer server(kj::heap<echo>(), "127.0.0.1", 0, no_limit);
  bench::say_ready(std::to_string(server.getPort().wait(server.getWaitScope())));
  kj::NEVER_DONE.wait(server.getWaitScope());
}
