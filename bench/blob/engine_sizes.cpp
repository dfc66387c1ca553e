// Blobs of `kb` KiB through one typed proxy: as argument, and as result.
#include <bench/common/blobs.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

namespace bench::ours {

void blob_up(const arguments& given) {
  engine::proxy<Echo> echo{echo_at(given), {.settings = settings_of(given)}};
  const std::vector<std::byte> blob(blob_size(given), std::byte{7});
  time_blobs("blob_up", given, blob.size(), [&] { return echo.blob(blob); });
}

void blob_down(const arguments& given) {
  engine::proxy<Echo> echo{echo_at(given), {.settings = settings_of(given)}};
  const std::size_t size = blob_size(given);
  time_blobs("blob_down", given, size, [&] {
    const auto blob = echo.fetch(size);
    expect(std::to_integer<std::uint64_t>(blob.back()), 7);
    return blob.size();
  });
}

}  // namespace bench::ours
