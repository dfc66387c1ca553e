// engine-echoserver: Pyro's built-in test echo server (WIRE §12), the same object, methods, options and texts.
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>

#include <engine/engine.hpp>
#include <naming/host.hpp>
#include <naming/locate.hpp>

namespace {

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::string text = std::asctime(std::localtime(&now));
  text.pop_back();
  return text;
}

// As Python's bool().
bool is_true(const engine::value& v) {
  switch (v.kind()) {
    case engine::kind::none: return false;
    case engine::kind::string:
    case engine::kind::bytes:
    case engine::kind::list:
    case engine::kind::tuple:
    case engine::kind::set:
    case engine::kind::frozenset:
    case engine::kind::dict: return v.size() != 0;
    default: return v != 0;
  }
}

}  // namespace

class EchoServer {
 public:
  EchoServer(engine::daemon& host, bool verbose) : host_(host), verbose_(verbose) {}

  engine::value echo(engine::value message) {
    say("echo: " + engine::to_repr(message));
    return message;
  }
  void error() {
    say("error: generating exception");
    throw std::invalid_argument("expected error from echoserver error() method");
  }
  void error_with_text() {
    say("error: generating exception");
    throw std::invalid_argument("the message of the error");
  }
  void oneway_echo(const engine::value& message) { say("oneway_echo: " + engine::to_repr(message)); }
  std::string slow() {
    say("slow: waiting a bit...");
    std::this_thread::sleep_for(std::chrono::seconds(5));
    say("slow: returning result");
    return "Finally, an answer!";
  }
  void oneway_slow() { slow(); }
  engine::stream<std::string> generator() {
    for (const char* each : {"one", "two", "three"}) co_yield each;
  }
  double nan() { return std::numeric_limits<double>::quiet_NaN(); }
  double inf() { return std::numeric_limits<double>::infinity(); }
  std::string dunder() { return "should be allowed (dunder)"; }
  void shutdown() {
    say("shutting down");
    host_.stop();
  }
  bool verbose() { return verbose_; }
  void set_verbose(const engine::value& on) { verbose_ = is_true(on); }

 private:
  void say(const std::string& what) {
    if (verbose_) std::cout << now_text() << " - " << what << std::endl;
  }
  engine::daemon& host_;
  bool verbose_;
};
ENGINE_EXPOSE(EchoServer, echo, error, error_with_text, oneway_echo, slow, oneway_slow, generator, nan, inf, dunder, shutdown, verbose)
ENGINE_MARK(EchoServer, echo, .parameters = "message")
ENGINE_MARK(EchoServer, oneway_echo, .parameters = "message", .oneway = true)
ENGINE_ONEWAY(EchoServer, oneway_slow)
ENGINE_MARK(EchoServer, dunder, .wire_name = "__dunder__")
ENGINE_PROPERTY(EchoServer, verbose, "verbose", set_verbose)

int main(int argc, char** argv) {
  CLI::App app{"Pyro's test echo server: an object that sends back what it is sent, to try a client or a network with."};
  app.footer("Example:\n  engine-echoserver -N &\n  engine-call PYRONAME:test.echoserver echo hello");
  std::string host, unix_socket, key;
  std::uint16_t port = 0;
  bool naming = false, nameserver = false, verbose = false, quiet = false;
  app.add_option("-H,--host", host, "hostname to bind server on (default=localhost)");
  app.add_option("-p,--port", port, "port to bind server on");
  app.add_option("-u,--unixsocket", unix_socket, "Unix domain socket name to bind server on");
  app.add_flag("-n,--naming", naming, "register with nameserver");
  app.add_flag("-N,--nameserver", nameserver, "also start a nameserver");
  app.add_flag("-v,--verbose", verbose, "verbose output");
  app.add_flag("-q,--quiet", quiet, "don't output anything");
  app.add_option("-k,--key", key, "the HMAC key to use (deprecated)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (verbose) quiet = false;
  try {
    if (const char* set = std::getenv("PYRO_HMAC_KEY")) {
      if (!key.empty()) throw std::invalid_argument("error: don't use -k and PYRO_HMAC_KEY at the same time");
      key = set;
    }
    if (!quiet) std::cout << "Starting Pyro's built-in test echo server.\n";
    if (key.empty() && !quiet) std::cout << "Warning: HMAC key not set. Anyone can connect to this server!\n";
    engine::daemon daemon{{.host = host, .port = port, .unix_socket = unix_socket, .unix_only = !unix_socket.empty(), .hmac_key = key}};
    EchoServer echo(daemon, verbose);
    std::optional<engine::name_server_host> names;
    engine::locate_options at{.hmac_key = key};
    if (nameserver) {
      names.emplace(engine::name_server_options{.host = host, .hmac_key = key});
      at.host = names->where().host();
      at.port = names->where().port();
    }
    naming = naming || nameserver;
    const std::string name = "test.echoserver";
    const engine::uri uri = naming ? daemon.expose(echo, engine::enrolled_as{.name = name, .id = name, .names = at}) : daemon.expose(echo, name);
    if (verbose) {
      if (naming) std::cout << "using name server at " << engine::uri_of(engine::locate_name_server(at)) << '\n';
      else std::cout << "not using a name server.\n";
      if (names && names->responder()) std::cout << "broadcast server running at " << names->responder()->location() << '\n';
      else if (names) std::cout << "not using a broadcast server\n";
    }
    if (!quiet) std::cout << "object name: test.echoserver\necho uri: " << uri << "\nechoserver running." << std::endl;
    daemon.run();
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
