// The name server of the benchmarks: names_server addr=HOST:PORT [spin=1] [storage=FILE]. Without a file it keeps names in memory only.
#include <cstdio>
#include <exception>
#include <string>

#include <bench/common/socket.hpp>
#include <bench/engine/echo.hpp>
#include <naming/host.hpp>

int main(int argc, char** argv) try {
  const bench::arguments given(argc, argv);
  const std::string address = given.text("addr", "127.0.0.1:0"), file = given.text("storage", "");
  const auto colon = address.rfind(':');
  engine::name_server_options options{.host = address.substr(0, colon), .broadcast = false, .settings = bench::settings_of(given)};
  options.port = static_cast<std::uint16_t>(std::stoul(address.substr(colon + 1)));
  if (!file.empty()) options.storage = "sql:" + file;
  engine::name_server_host names{std::move(options)};
  std::printf("ready %s\n", names.daemon().location().c_str());
  std::fflush(stdout);
  names.run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "names_server: %s\n", error.what());
  return 1;
}
