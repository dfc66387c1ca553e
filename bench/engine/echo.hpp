// The object our server and client share: the same methods the Pyro4 competitor serves.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <engine/engine.hpp>

#include <bench/common/arguments.hpp>
#include <bench/common/resident.hpp>

namespace bench {

class Echo {
 public:
  std::uint64_t length(std::string_view text) { return text.size(); }
  std::uint64_t blob(std::span<const std::byte> data) { return data.size(); }
  /// So many bytes; views of the last ones stay valid until larger ones are asked for.
  std::span<const std::byte> fetch(std::uint64_t size) {
    if (size > fetched_max) throw std::length_error("more than a blob is to be");
    if (kept_.size() < size) kept_.assign(size, std::byte{7});
    return std::span(kept_).first(size);
  }
  void note(std::string_view) { ++noted_; }
  /// How many notes there have been: in the order of its connection, so all that were sent before are counted.
  std::uint64_t noted() { return noted_; }
  /// Bytes of the server in real memory.
  std::uint64_t resident() { return resident_bytes(); }
  engine::stream<std::uint64_t> count_to(std::uint64_t last) {
    for (std::uint64_t i = 1; i <= last; ++i) co_yield i;
  }

 private:
  static constexpr std::uint64_t fetched_max = std::uint64_t(1) << 30;
  std::uint64_t noted_ = 0;
  std::vector<std::byte> kept_{};
};
ENGINE_EXPOSE(Echo, length, blob, fetch, note, noted, resident, count_to)
ENGINE_ONEWAY(Echo, note)

/// Settings of both sides: spin=1 polls as long as it takes, as the spinning floors do; otherwise nobody polls.
inline engine::settings settings_of(const arguments& given) {
  engine::settings s = engine::settings::defaults();
  s.spin = given.flag("spin") ? std::chrono::seconds(1) : std::chrono::microseconds(0);
  if (!given.flag("shared")) s.shared_memory = 0;
  if (const auto backend = given.text("backend", ""); !backend.empty())
    s.backend = backend == "epoll" ? engine::backend_choice::epoll : engine::backend_choice::uring;
  return s;
}

/// The object's URI at an address as dial() takes it.
inline engine::uri echo_at(const arguments& given) { return engine::uri("PYRO:echo@" + given.text("addr", "")); }

}  // namespace bench
