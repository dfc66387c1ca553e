// The floor under every server: answers frames as fast as the kernel allows, without protocol or dispatch.
// mode=blocking is a thread per connection, mode=epoll one thread over all of them (or cores=N), mode=uring one thread with io_uring; with spin=1
// the latter two poll and never sleep. Prints "ready ADDRESS" once it listens, and serves until it is ended by a signal. With mode=uring probe=1 it
// only says by its exit status whether the kernel lets it.
#include <cstdio>
#include <exception>
#include <stdexcept>

#include <bench/common/arguments.hpp>
#include <bench/raw/servers.hpp>

namespace bench {
namespace {

void run(const arguments& given) {
  raise_file_limit();
  const std::string address = given.text("addr", "127.0.0.1:0"), mode = given.text("mode", "epoll");
  if (mode == "uring" && given.flag("probe")) return try_uring();
  if (mode != "blocking" && mode != "epoll" && mode != "uring") throw std::invalid_argument("mode= is blocking, epoll or uring");
  const descriptor listening = listen_on(address, mode == "epoll");
  std::printf("ready %s\n", reachable_at(listening, address).c_str());
  std::fflush(stdout);
  if (mode == "blocking") serve_blocking(listening);
  if (mode == "uring") serve_uring(listening, given.flag("spin"));
  serve_epoll(listening, given.count("cores", 1), given.flag("spin"));
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) try {
  bench::run(bench::arguments(argc, argv));
} catch (const std::exception& error) {
  std::fprintf(stderr, "raw_server: %s\n", error.what());
  return 1;
}
