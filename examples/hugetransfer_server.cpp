// Megabytes in one message, and as a stream of chunks. The parameter is a view: what came is looked at where it was received.
#include <algorithm>
#include <cstddef>
#include <iostream>
#include <span>
#include <string_view>
#include <variant>

#include <engine/engine.hpp>

class Testclass {
 public:
  /// Text or bytes, whichever comes.
  std::size_t transfer(std::variant<std::string_view, std::span<const std::byte>> data) {
    const std::size_t size = std::visit([](auto view) { return view.size(); }, data);
    std::cout << "received " << size << " bytes" << std::endl;
    return size;
  }
  engine::stream<engine::bytes> download_chunks(std::size_t size) {
    std::cout << "client requests a 'streaming' download of " << size << " bytes" << std::endl;
    constexpr std::size_t chunk = 200000;
    for (std::size_t sent = 0; sent < size; sent += chunk) co_yield engine::bytes(std::min(chunk, size - sent));
  }
};
ENGINE_EXPOSE(Testclass, transfer, download_chunks)

int main() {
  engine::daemon daemon;
  Testclass object;
  std::cout << "uri = " << daemon.expose(object, "example.hugetransfer") << std::endl;
  daemon.run();
}
