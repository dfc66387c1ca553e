// A simulated client of a name server. Its names are in groups that nobody else touches; each group lives its own life beside the others, one call
// after another, over one connection at a time. What each call should change is worked out here, and compared with the storage as soon as it has ended.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <naming/locate.hpp>

#include "seeded_storage.hpp"
#include "world.hpp"

namespace engine::simulation {

struct outcome {
  std::size_t started = 0, answered = 0, refused = 0, unkept = 0, lost = 0;
  std::vector<std::string> wrong{};
};

/// A call, and what it is to do.
struct name_request {
  enum class kind { enroll, look_up, remove, remove_prefix, remove_regex, set_tags };
  kind what{};
  std::string name{};  ///< or prefix, or expression
  registration as{};
  bool safe = false;
};

class registrar {
 public:
  /// `kept`: what the storage has; nullptr: there is no storage.
  registrar(world& w, core& home, std::uint64_t number, std::uint64_t seed, const kept_names* kept);

  bool over() const { return living_ == 0; }
  const outcome& came() const { return came_; }
  /// By their prefix, what groups may look like in the end: one thing, or two if the answer to the last call was lost.
  const std::map<std::string, std::vector<kept_names>>& groups() const { return groups_; }
  /// Shared names that it got, and those that it was told somebody else has.
  const std::map<std::string, std::string>& got() const { return got_; }
  const std::set<std::string>& taken() const { return taken_; }

 private:
  /// refused: by the rules of names; unkept: by the storage; lost: nobody knows.
  enum class ended { answered, refused, unkept, lost };
  struct answer {
    ended how{};
    std::string found{};
    std::int64_t removed = 0;
  };

  void begin(std::string name, bool shared);
  void renew();
  name_request draw(const std::string& prefix);
  std::string draw_uri();
  std::vector<std::string> draw_tags();
  task<answer> carry_out(name_request);
  task<std::int64_t> remove(const name_request&, proxy<name_server>&);
  task<> live(std::string prefix, std::chrono::nanoseconds start);
  task<> want(std::string name, std::chrono::nanoseconds start);
  void check(const name_request&, const answer&, const kept_names& before);
  void check_kept(const std::string& prefix, const kept_names& now);
  void complain(std::string text) { came_.wrong.push_back(std::move(text)); }
  void end();

  world& world_;
  core& home_;
  const std::uint64_t number_;
  seeded_random random_;
  const kept_names* kept_;
  proxy<name_server> names_{};
  std::uint64_t generation_ = 0, uris_ = 0;
  std::size_t living_ = 0;
  outcome came_{};
  std::map<std::string, std::vector<kept_names>> groups_{};
  std::map<std::string, std::string> got_{};
  std::set<std::string> taken_{};
};

/// Those of `all` that begin so.
kept_names with_prefix(const kept_names& all, const std::string& prefix);

}  // namespace engine::simulation
