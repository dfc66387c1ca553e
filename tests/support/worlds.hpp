// The three worlds a test of io or link runs in: io_uring and epoll on real sockets, and the simulated network. A test is written
// once over `backend&`; where the kernel refuses io_uring its third of the tests is skipped and says why.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <engine/io/backend.hpp>
#include <engine/io/simulated.hpp>

namespace engine::testing_support {

enum class world { uring, epoll, simulated };

inline std::string world_name(const ::testing::TestParamInfo<world>& info) {
  constexpr std::string_view names[] = {"uring", "epoll", "simulated"};
  return std::string(names[static_cast<std::size_t>(info.param)]);
}

inline const auto all_worlds = ::testing::Values(world::uring, world::epoll, world::simulated);
inline const auto real_worlds = ::testing::Values(world::uring, world::epoll);

/// Why this machine has no such world; empty: it has.
inline std::string refusal(world w) {
  if (w != world::uring) return {};
  buffer_pool pool(1, 64);
  const auto made = make_uring_backend(pool);
  return made ? std::string() : "the kernel refuses io_uring: " + made.error().to_string();
}

/// Makes backends of one world; those of a simulated one share a network whose clock moves by itself.
class backend_maker {
 public:
  explicit backend_maker(world w) : world_(w) {
    if (w != world::simulated) return;
    network_.emplace(1);
    network_->auto_advance(true);
  }
  std::unique_ptr<backend> make(buffer_pool& pool, const std::string& host = "host") {
    if (network_) return network_->make_backend(pool, host);
    return (world_ == world::uring ? make_uring_backend(pool) : make_epoll_backend(pool)).value();
  }
  simulated_network* network() { return network_ ? &*network_ : nullptr; }

 private:
  world world_;
  std::optional<simulated_network> network_{};
};

/// How long a test waits for what must happen: never reached by one that passes.
inline constexpr std::chrono::seconds patience{20};

inline address loopback(std::uint16_t port = 0) { return address::numeric("127.0.0.1", port).value(); }

/// A path for a Unix socket, its file removed at the end.
class socket_path {
 public:
  socket_path() {
    static std::atomic<int> count{0};
    path_ = std::filesystem::temp_directory_path() / ("engine-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
  }
  ~socket_path() { std::filesystem::remove(path_); }
  socket_path(const socket_path&) = delete;
  socket_path& operator=(const socket_path&) = delete;
  std::string text() const { return path_.string(); }
  address where() const { return address::unix_socket(text()).value(); }

 private:
  std::filesystem::path path_;
};

}  // namespace engine::testing_support
