// engine-ns: the name server as a program. Options, texts and exit codes are those of pyro4-ns (WIRE §12); ours are --cores and --replica-of, and
// that a Unix socket may be listened on beside a port, and that systemd may have opened the sockets.
#include <cstdlib>
#include <iostream>
#include <optional>
#include <stdexcept>

#include <CLI/CLI.hpp>

#include <naming/host.hpp>

namespace {

void print_start(const engine::name_server_host& names, const engine::daemon& daemon, bool keyed) {
  if (!names.why_silent().empty()) std::cout << names.why_silent() << '\n';
  if (names.responder()) std::cout << "Broadcast server running on " << names.responder()->location() << '\n';
  if (names.found_in_storage() > 1) std::cout << "Persistent store contains " << names.found_in_storage() << " existing registrations.\n";
  std::cout << "NS running on " << daemon.location() << " (" << names.bound_to() << ")\n";
  if (!names.replica_of().empty()) std::cout << "Replica of " << names.replica_of() << '\n';
  if (!keyed) std::cout << "Warning: HMAC key not set. Anyone can connect to this server!\n";
  if (!daemon.nat_location().empty()) std::cout << "internal URI = " << names.internal() << "\nexternal URI = " << names.where() << std::endl;
  else std::cout << "URI = " << names.where() << std::endl;
}

/// Throws for what is none.
std::optional<std::uint16_t> port_of(const CLI::Option& said, int port) {
  if (said.empty()) return std::nullopt;
  if (port < 0 || port > 65535) throw std::invalid_argument("port must be 0-65535");
  return static_cast<std::uint16_t>(port);
}

}  // namespace

int main(int argc, char** argv) {
  engine::name_server_options options;
  bool no_broadcast = false;
  int port = 0, bc_port = 0, nat_port = 0;
  CLI::App app{"Pyro's name server: programs register their objects by name, others look them up. Example: engine-ns -s sql:names.db"};
  app.add_option("-n,--host", options.host, "hostname to bind server on");
  options.replica_told = [](const std::string& line) { std::cerr << line << std::endl; };
  auto* const port_said = app.add_option("-p,--port", port, "port to bind server on (0=random)");
  app.add_option("-u,--unixsocket", options.unix_socket, "Unix domain socket name to bind server on; with --port or --host, beside them");
  app.add_option("-s,--storage", options.storage, "storage system to use (memory, sql:file)");
  app.add_option("--bchost", options.bc_host, "hostname to bind broadcast server on (default is \"\")");
  auto* const bc_port_said = app.add_option("--bcport", bc_port, "port to bind broadcast server on (0=random)");
  app.add_option("--nathost", options.nat_host, "external hostname in case of NAT");
  auto* const nat_port_said = app.add_option("--natport", nat_port, "external port in case of NAT");
  app.add_flag("-x,--nobc", no_broadcast, "don't start a broadcast server");
  app.add_option("-k,--key", options.hmac_key, "the HMAC key to use (deprecated: anybody can see it; set PYRO_HMAC_KEY)");
  app.add_option("--replica-of", options.replica_of, "follow the name server at HOST, HOST:PORT or ./u:SOCKET: answer from a copy of its names");
  app.add_option("--cores", options.cores, "threads that serve (default 1)")->check(CLI::Range(1, 1024));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  try {
    options.port = port_of(*port_said, port);
    options.bc_port = port_of(*bc_port_said, bc_port);
    options.nat_port = port_of(*nat_port_said, nat_port);
    options.broadcast = !no_broadcast;
    options.sockets = engine::activation_sockets();
    options.unix_only = !options.unix_socket.empty() && !*port_said && options.host.empty();
    if (const char* key = std::getenv("PYRO_HMAC_KEY")) {
      if (!options.hmac_key.empty()) throw std::invalid_argument("error: don't use -k and PYRO_HMAC_KEY at the same time");
      options.hmac_key = key;
    }
    const bool keyed = !options.hmac_key.empty();
    engine::name_server_host names{std::move(options)};
    print_start(names, names.daemon(), keyed);
    names.run();
    std::cout << "NS shut down." << std::endl;
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
