// Four ways to hand out a file: as a result, as a stream of chunks, as annotations of a stream's items (which no serializer touches), and
// through a socket of one's own that a call tells about.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <zlib.h>

#include <engine/engine.hpp>

#include "filetransfer_blobs.hpp"

class FileServer {
 public:
  engine::bytes get_with_pyro(std::size_t size) {
    std::cout << "sending " << size << " bytes" << std::endl;
    return engine::bytes(size, std::byte{'x'});
  }

  engine::stream<engine::bytes> iterator(std::size_t size) {
    const std::size_t chunk = std::max<std::size_t>(size / 100, 1);
    std::cout << "sending " << size << " bytes via iterator, chunks of " << chunk << " bytes" << std::endl;
    for (std::size_t sent = 0; sent < size; sent += chunk) co_yield engine::bytes(std::min(chunk, size - sent), std::byte{'x'});
  }

  /// Each item is the position in the file and, if wanted, the checksum of the chunk that is attached to it.
  engine::stream<std::pair<std::size_t, std::uint32_t>> annotation_stream(bool with_checksum) {
    const open_file file = temporary_file();
    for (int i = 0; i < 5'000'000; ++i) std::fputs("1234567890!", file.get());
    std::cout << "transmitting file via annotations stream (" << std::ftell(file.get()) << " bytes)..." << std::endl;
    std::rewind(file.get());
    std::vector<std::byte> chunk(65000);  // the annotations of an answer have no more room
    std::size_t position = 0;
    while (const std::size_t got = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
      const std::span<const std::byte> read(chunk.data(), got);
      engine::this_call().annotate("FDAT", read);  // the call that asks for this item
      position += got;
      const auto crc = with_checksum ? ::crc32(0, reinterpret_cast<const Bytef*>(chunk.data()), static_cast<uInt>(got)) : 0;
      const std::pair item{position, static_cast<std::uint32_t>(crc)};
      co_yield item;
    }
  }

  std::pair<std::string, std::pair<std::string, int>> prepare_file_blob(std::size_t size) {
    std::cout << "preparing file-based blob of size " << size << std::endl;
    open_file file = temporary_file();
    const std::string chunk(100000, 'x');
    for (std::size_t written = 0; written < size;) written += std::fwrite(chunk.data(), 1, std::min(chunk.size(), size - written), file.get());
    std::fflush(file.get());
    std::string id = engine::this_call().correlation_id();  // an UUID will do, and it is there
    blobs_.offer(id, std::move(file));
    return {std::move(id), {"127.0.0.1", blobs_.port()}};
  }

  std::uint16_t blob_port() const { return blobs_.port(); }

 private:
  blob_socket blobs_;
};
ENGINE_EXPOSE(FileServer, get_with_pyro, iterator, annotation_stream, prepare_file_blob)
ENGINE_MARK(FileServer, annotation_stream, .blocking = true)
ENGINE_MARK(FileServer, prepare_file_blob, .blocking = true)

int main() {
  engine::daemon daemon;
  FileServer files;
  std::cout << "Blob socket available on: 127.0.0.1:" << files.blob_port() << "\nFiletransfer server URI: "
            << daemon.expose(files, "example.filetransfer") << std::endl;
  daemon.run();
}
