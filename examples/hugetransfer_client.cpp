// Sends five megabytes ten times, as text and as bytes, and gets fifty as a stream.
#include <chrono>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include <engine/engine.hpp>

#include "asking.hpp"

class Testclass {
 public:
  std::size_t transfer(std::variant<std::string_view, std::span<const std::byte>> data);
  engine::stream<engine::bytes> download_chunks(std::size_t size);
};
ENGINE_EXPOSE(Testclass, transfer, download_chunks)

namespace {
constexpr std::size_t datasize = 5 * 1024 * 1024;

void report(std::size_t total, std::chrono::steady_clock::time_point begin) {
  const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - begin;
  const double megabytes = static_cast<double>(total) / 1024 / 1024;
  std::cout << "It took " << duration.count() << " seconds to transfer " << megabytes << " mb.\n"
            << "That is " << megabytes / duration.count() << " mb/sec.\n";
}

template <class Data> void transfer(engine::proxy<Testclass>& obj, const Data& data) {
  const auto begin = std::chrono::steady_clock::now();
  std::size_t total = 0;
  for (int i = 0; i < 10; ++i) {
    std::cout << "transferring " << data.size() << " bytes\n";
    total += obj.transfer(data);
  }
  if (total != 10 * data.size()) throw engine::error("not everything arrived");
  report(total, begin);
}
}  // namespace

int main(int argc, char** argv) {
  engine::proxy<Testclass> obj{argument_or_ask(argc, argv, "Enter the server's uri that was printed: ")};
  std::cout << "\n----test with string data----\n";
  transfer(obj, std::string(datasize, 'x'));
  std::cout << "\n----test with byte data----\n";
  transfer(obj, engine::bytes(datasize, std::byte{'x'}));
  std::cout << "\n----test download via iterator----\n";
  const auto begin = std::chrono::steady_clock::now();
  std::size_t total = 0;
  for (const engine::bytes& chunk : obj.download_chunks(10 * datasize)) total += chunk.size();
  report(total, begin);
  if (total != 10 * datasize) throw engine::error("not everything arrived");
}
