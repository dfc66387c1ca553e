// A large argument passed as a span is not copied on the server: the method sees the very memory it was received into. Counted by
// standing in for memcpy and memmove (the linker's --wrap, so the engine is linked statically here).
#include <sys/resource.h>

#include <cstring>

#include <gtest/gtest.h>

#include <tests/support/allocations.hpp>
#include <tests/support/copies.hpp>

#include "served_on.hpp"

namespace engine::test {

using testing_support::bytes_copied_here;
using testing_support::small_copy;

constexpr std::size_t large = std::size_t{1} << 20;

class blobs {
 public:
  std::size_t look(std::span<const std::byte> data) {
    at = data.data();
    same_bytes = data.size() == large && data.front() == std::byte{1} && data.back() == std::byte{9};
    copied_before_the_method = bytes_copied_here();
    allocated_before_the_method = testing_support::allocations_here().live_bytes;
    return data.size();
  }
  std::vector<std::byte> give() { return std::move(kept); }

  const std::byte* at = nullptr;
  bool same_bytes = false;
  std::uint64_t copied_before_the_method = 0;
  std::int64_t allocated_before_the_method = 0;
  std::vector<std::byte> kept{};
};
ENGINE_EXPOSE(blobs, look, give)

namespace {

class copies : public testing::TestWithParam<backend_choice> {
 protected:
  copies() {
    data.front() = std::byte{1};
    data.back() = std::byte{9};
  }
  std::uint64_t copied_on_the_core() {
    std::uint64_t n = 0;
    server.on_core([&](core&) { n = bytes_copied_here(); });
    return n;
  }
  /// What a member of the object is; asked on the object's own thread.
  template <class T> T of_object(T blobs::*member) {
    T v{};
    server.on_core([&](core&) { v = object.*member; });
    return v;
  }
  void keep(const bytes& kept) {
    server.on_core([&](core&) { object.kept = kept; });
  }
  static std::size_t piece() { return core_options{}.buffer_size; }

  blobs object;
  served<blobs> server{object, GetParam()};
  proxy<blobs> client{server.uri(), quiet_proxy()};
  bytes data = bytes(large, std::byte{5});
};

TEST_P(copies, are_seen_by_the_counter) {
  bytes from(large), to(large);
  volatile std::size_t size = from.size();
  const std::uint64_t before = bytes_copied_here();
  std::memcpy(to.data(), from.data(), size);
  if (bytes_copied_here() == before) GTEST_SKIP() << "this build's memcpy cannot be watched";
  EXPECT_EQ(bytes_copied_here() - before, large);
}

// What arrived together with the header came through one pool buffer and is moved to the front of the body: at most that.
TEST_P(copies, of_a_large_span_argument_are_not_made_on_the_server) {
  client.look(data);
  for (int i = 0; i < 10; ++i) {
    const auto before = copied_on_the_core();
    EXPECT_EQ(client.look(data), large);
    EXPECT_TRUE(of_object(&blobs::same_bytes));
    EXPECT_LE(of_object(&blobs::copied_before_the_method) - before, piece());
    EXPECT_LE(copied_on_the_core() - before, piece());
  }
}

TEST_P(copies, are_not_made_by_the_client_either) {
  client.look(data);
  const std::uint64_t before = bytes_copied_here();
  client.look(data);
  EXPECT_LE(bytes_copied_here() - before, small_copy);
}

TEST_P(copies, and_memory_of_that_size_are_not_needed_in_the_steady_state) {
  for (int i = 0; i < 3; ++i) client.look(data);
  std::int64_t before = 0;
  server.on_core([&](core&) { before = testing_support::allocations_here().live_bytes; });
  const std::byte* const first = of_object(&blobs::at);
  rusage usage_before{}, usage_after{};
  ::getrusage(RUSAGE_SELF, &usage_before);
  for (int i = 0; i < 20; ++i) {
    client.look(data);
    EXPECT_EQ(of_object(&blobs::at), first);  // the same body every time, received into in place
    EXPECT_LT(of_object(&blobs::allocated_before_the_method) - before, 64 * 1024);
  }
  ::getrusage(RUSAGE_SELF, &usage_after);
  EXPECT_LT(usage_after.ru_minflt - usage_before.ru_minflt, 2000);  // 20 fresh MiB would be 5120
}

TEST_P(copies, of_a_large_result_are_not_made_on_the_server) {
  keep(data);
  const auto warm = client.give();
  keep(data);
  const auto before = copied_on_the_core();
  EXPECT_EQ(client.give(), data);
  EXPECT_LE(copied_on_the_core() - before, small_copy);
}

INSTANTIATE_TEST_SUITE_P(, copies, testing::Values(backend_choice::automatic, backend_choice::epoll),
                         [](const auto& of) { return of.param == backend_choice::epoll ? "epoll" : "automatic"; });

}  // namespace
}  // namespace engine::test
