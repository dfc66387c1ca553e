// gRPC's client: blocking calls, and for a window its completion queue. Each client has a channel of its own.
#include <grpcpp/grpcpp.h>

#include <memory>

#include <bench/common/peer.hpp>

#include "echo.grpc.pb.h"

namespace {

std::uint64_t checked(const grpc::Status& status, const peer::Number& answer) {
  if (!status.ok()) throw std::runtime_error(status.error_message());
  return answer.number();
}

class client {
 public:
  explicit client(const bench::arguments& given) {
    static int number = 0;
    grpc::ChannelArguments options;
    options.SetMaxSendMessageSize(-1);
    options.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    options.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    options.SetInt("bench.number", ++number);
    echo_ = peer::Echo::NewStub(grpc::CreateCustomChannel("ipv4:127.0.0.1:" + bench::port_of(given), grpc::InsecureChannelCredentials(), options));
  }

  std::uint64_t length(std::string_view text) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    peer::Text request;
    request.set_text(std::string(text));
    peer::Number answer;
    return checked(echo_->Length(&context, request, &answer), answer);
  }

  std::uint64_t blob(const std::vector<char>& data) {
    grpc::ClientContext context;
    peer::Data request;
    request.mutable_data()->assign(data.data(), data.size());
    peer::Number answer;
    return checked(echo_->Blob(&context, request, &answer), answer);
  }

  void pipelined(std::size_t window, bench::timing& clock) {
    for (std::size_t i = 0; i < window; ++i) start();
    while (clock.running()) {
      take();
      clock.finished(1);
      start();
    }
    for (std::size_t i = 0; i < window; ++i) take();
  }

 private:
  struct call {
    grpc::ClientContext context;
    peer::Number answer;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<peer::Number>> reader;
  };

  void start() {
    peer::Text request;
    request.set_text(std::string(bench::peer_text));
    auto* const made = new call;
    made->context.set_wait_for_ready(true);
    made->reader = echo_->AsyncLength(&made->context, request, &queue_);
    made->reader->Finish(&made->answer, &made->status, made);
  }
  void take() {
    void* tag = nullptr;
    bool ok = false;
    if (!queue_.Next(&tag, &ok)) throw std::runtime_error("the completion queue has ended");
    const std::unique_ptr<call> done(static_cast<call*>(tag));
    bench::expect_equal(checked(done->status, done->answer), bench::peer_text.size());
  }

  std::unique_ptr<peer::Echo::Stub> echo_;
  grpc::CompletionQueue queue_;
};

}  // namespace

int main(int argc, char** argv) { return bench::peer_main<client>("grpc_client", argc, argv); }
