// Blobs of `kb` KiB to the server and from it. Both ends receive into one reused buffer, so this is a floor of the transport alone.
#include <vector>

#include <bench/common/blobs.hpp>
#include <bench/common/socket.hpp>
#include <bench/raw/frame.hpp>
#include <bench/raw/scenarios.hpp>

namespace bench {

void blob_up(const arguments& given) {
  const descriptor server = dial(given.text("addr", ""));
  const std::vector<char> blob(blob_size(given), 7);
  frame request, answer;
  request.what = operation::blob;
  request.argument = blob.size();
  time_blobs("blob_up", given, blob.size(), [&] {
    send_all(server.number(), request.bytes());
    send_all(server.number(), blob);
    receive_exactly(server.number(), answer.bytes(), given.flag("spin"));
    return answer.argument;
  });
}

void blob_down(const arguments& given) {
  const descriptor server = dial(given.text("addr", ""));
  std::vector<char> room(64 * 1024);
  frame request, answer;
  request.what = operation::fetch;
  request.argument = blob_size(given);
  time_blobs("blob_down", given, blob_size(given), [&] {
    send_all(server.number(), request.bytes());
    receive_exactly(server.number(), answer.bytes(), given.flag("spin"));
    expect_same(answer.bytes(), request.bytes());
    std::uint64_t counted = 0;
    while (counted < request.argument) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), request.argument - counted));
      counted += receive_some(server.number(), std::span(room).first(wanted), given.flag("spin"));
    }
    return counted;
  });
}

}  // namespace bench
