// gRPC's server in its callback form, the one its guide recommends.
#include <grpcpp/grpcpp.h>

#include <bench/common/peer.hpp>

#include "echo.grpc.pb.h"

namespace {

class echo : public peer::Echo::CallbackService {
  grpc::ServerUnaryReactor* Length(grpc::CallbackServerContext* context, const peer::Text* text, peer::Number* answer) override {
    answer->set_number(text->text().size());
    return done(context);
  }
  grpc::ServerUnaryReactor* Blob(grpc::CallbackServerContext* context, const peer::Data* data, peer::Number* answer) override {
    answer->set_number(data->data().size());
    return done(context);
  }
  static grpc::ServerUnaryReactor* done(grpc::CallbackServerContext* context) {
    auto* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int main() {
  echo service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (!server) return 1;
  bench::say_ready(std::to_string(port));
  server->Wait();
}
