// Our server of the benchmarks: engine_server addr=ADDRESS [spin=1] [cores=N] [backend=epoll].
#include <cstdio>
#include <exception>
#include <string>

#include <bench/common/socket.hpp>
#include <bench/engine/echo.hpp>

namespace {

engine::daemon_options options_for(const bench::arguments& given) {
  const std::string address = given.text("addr", "127.0.0.1:0");
  engine::daemon_options options{.cores = static_cast<unsigned>(given.count("cores", 1)), .settings = bench::settings_of(given)};
  if (address.starts_with("./u:")) {
    options.unix_socket = address.substr(4);
    options.unix_only = true;
  } else {
    const auto colon = address.rfind(':');
    options.host = address.substr(0, colon);
    options.port = static_cast<std::uint16_t>(std::stoul(address.substr(colon + 1)));
  }
  options.threads = options.cores > 1;  // a program that does nothing else than to serve needs none, as the raw servers
  return options;
}

}  // namespace

int main(int argc, char** argv) try {
  const bench::arguments given(argc, argv);
  bench::raise_file_limit();
  bench::Echo echo;
  engine::daemon daemon{options_for(given)};
  daemon.expose(echo, "echo");
  std::printf("ready %s\n", daemon.location().c_str());
  std::fflush(stdout);
  daemon.run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "engine_server: %s\n", error.what());
  return 1;
}
