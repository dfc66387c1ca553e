// A replica of the simulated name server, on a client's machine, and a program there that registers names through it: what is acknowledged must be in
// the copy at once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <naming/replica.hpp>

#include "seeded_storage.hpp"
#include "world.hpp"

namespace engine::simulation {

class mirror {
 public:
  static constexpr const char* prefix = "mirror.";
  /// `last`: the revision after which nothing comes, nullopt as long as that is not known.
  mirror(world& w, core& home, std::uint64_t seed, std::function<std::optional<std::int64_t>()> last);

  /// Ends it wherever it stands; the world must run on.
  void end() {
    home_.post([this] { follower_.end(); });
  }
  bool has_written() const { return written_all_; }
  bool over() const { return follower_.ended(); }
  bool gave_up() const { return gave_up_; }
  std::size_t losses() const { return follower_.losses(); }
  kept_names known() const;
  const std::map<std::string, std::string>& written() const { return written_; }
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  task<> write();
  task<> write_one(std::string name, std::string where);
  task<> end_when_equal();

  core& home_;
  seeded_random random_;
  const std::function<std::optional<std::int64_t>()> last_;
  NameServer copy_{};
  replica follower_;
  bool written_all_ = false, gave_up_ = false;
  std::map<std::string, std::string> written_{};
  std::vector<std::string> wrong_{};
};

}  // namespace engine::simulation
