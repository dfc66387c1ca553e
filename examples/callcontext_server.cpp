// Who is calling, and what travels beside the arguments: annotations in both directions, a correlation id, a shared secret that every
// message is signed with.
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <engine/engine.hpp>

namespace {
engine::bytes chunk(std::string_view said) {
  const auto bytes = std::as_bytes(std::span(said));
  return {bytes.begin(), bytes.end()};
}

std::string_view text(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
}  // namespace

class EchoServer {
 public:
  std::string echo(std::string message) {
    const engine::call_context& call = engine::this_call();
    std::cout << "\nGot Message: " << message
              << "\n  thread:  " << std::this_thread::get_id()
              << "\n  obj.pyroid:  " << call.object_id()
              << "\n  context.client_sock_addr:  " << call.peer()
              << "\n  context.seq:  " << call.sequence()
              << "\n  context.msg_flags:  " << call.flags()
              << "\n  context.serializer:  " << call.serializer()
              << "\n  context.correlation_id: " << call.correlation_id() << '\n';
    if (const auto custom = call.annotations().find("XYZZ")) std::cout << "  custom annotation 'XYZZ': " << text(*custom) << '\n';
    std::cout << std::flush;
    return message;
  }
  void oneway(std::string message) { echo(std::move(message)); }
};
ENGINE_EXPOSE(EchoServer, echo, oneway)
ENGINE_ONEWAY(EchoServer, oneway)

int main() {
  engine::daemon daemon{{
      .hmac_key = "secr3t_k3y",
      .annotations = [] { return std::vector{std::pair(std::string("DDAA"), chunk("custom response annotation set by the daemon"))}; },
  }};
  EchoServer echo;
  const engine::uri uri = daemon.expose(echo, "example.context");
  std::cout << "Server is ready. You can use the following URI to connect:\n" << uri << std::endl;
  daemon.run();
}
