// What travels beside the arguments: annotations of one's own with every call of this thread, those of the answer, and one correlation id
// for all that belongs together.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

#include "asking.hpp"

class EchoServer {
 public:
  std::string echo(std::string message);
  void oneway(std::string message);
};
ENGINE_EXPOSE(EchoServer, echo, oneway)
ENGINE_ONEWAY(EchoServer, oneway)

int main(int argc, char** argv) {
  engine::proxy<EchoServer> proxy{argument_or_ask(argc, argv, "Enter the URI of the server object: "), {.hmac_key = "secr3t_k3y"}};
  engine::correlation_uuid id;
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::byte>(i * 17);
  engine::outgoing_context().correlate(id);
  engine::outgoing_context().annotate("XYZZ", "Hello, I am a custom annotation from the proxy!");
  for (int i = 0; i < 4; ++i) {
    std::cout << proxy.echo("hello-" + std::to_string(i)) << '\n';
    std::cout << "    DDAA -> " << engine::answer_context().text("DDAA").value_or("nothing") << '\n';
    std::cout << "    CORR -> " << (engine::answer_context().correlation_id() == id ? "mine" : "another") << '\n';
  }
  std::cout << "Sending a oneway message... (there is no answer to annotate)\n";
  proxy.oneway("hello-ONEWAY");
  std::cout << "See the console output on the server for more results.\n";
}
