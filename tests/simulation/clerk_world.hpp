// A world with one Clerk, "clerk", for tests that write their own story.
#pragma once

#include <string>
#include <vector>

#include "caller.hpp"
#include "clerk.hpp"
#include "stranger.hpp"

namespace engine::simulation {

struct clerk_world {
  explicit clerk_world(const world_options& options = {}, std::size_t home = 0) : stage(options), clerk(book, &stage.server_core(home)) {
    stage.host().objects.add({.id = "clerk", .object = &clerk, .table = &interface_of<Clerk>(), .home = home}, false);
    stage.listen();
  }
  /// As a daemon ends; everything of it must be over by then or soon after.
  ~clerk_world() {
    stage.stop();
    stage.run_until_idle();
  }

  world stage;
  ledger book{};
  Clerk clerk;
};

inline const manner to_the_clerk{.object = "clerk"};

inline request call(request::method what, std::int64_t number, std::size_t size = 0, std::int64_t caller = 1) {
  return {.what = what, .object = "clerk", .caller = caller, .number = number, .size = size};
}

inline caller::plan calls(std::vector<request> all, std::size_t window = 1) { return {.how = to_the_clerk, .calls = std::move(all), .window = window}; }

/// `count` calls of echo.
inline caller::plan echoes(std::size_t count, std::size_t window = 1, std::int64_t caller = 1) {
  std::vector<request> all;
  for (std::size_t i = 1; i <= count; ++i) all.push_back(call(request::method::echo, static_cast<std::int64_t>(i), 10 + i, caller));
  return calls(std::move(all), window);
}

/// A greeting and these requests, as bytes.
inline std::string spoken(const std::vector<request>& requests) {
  output out;
  codecs known;
  write_greeting(out, known, to_the_clerk);
  for (const request& r : requests) write_request(out, known, to_the_clerk, r);
  return bytes_of(out);
}

}  // namespace engine::simulation
