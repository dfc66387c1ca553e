// A simulated client that calls in every way there is, one way after the other, and keeps a record of each call: that it ended, how often,
// how. What the records must agree with is in ways_to_call_test.cpp.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include <engine/object/batch.hpp>
#include <engine/object/core_calls.hpp>
#include <engine/object/pipelined.hpp>
#include <engine/object/proxy.hpp>

#include "desk.hpp"
#include "world.hpp"

namespace engine::simulation {

/// A stream by its name, for reading it by hand.
struct named_stream {
  std::string id{};
};
}  // namespace engine::simulation

template <> struct engine::result_reader<engine::simulation::named_stream> {
  static bool read(detail::conversation&, reader& in, simulation::named_stream&) { return in.skip(); }
  static bool open(detail::remote&, detail::conversation&, std::string id, simulation::named_stream& out) {
    out.id = std::move(id);
    return true;
  }
};

namespace engine::simulation {

/// The desk as one knows it who reads its streams by hand.
struct DeskByName {
  named_stream list(std::int64_t number, std::int64_t from, std::int64_t count, bool breaks);
};
ENGINE_EXPOSE(DeskByName, list)

enum class way : std::uint8_t { repeated, posted, called_back, stream_given, session, pipelined, chained, lingering };
inline constexpr std::size_t ways = 8;

/// One call, or the calls of one batch.
struct errand {
  way how{};
  std::int64_t number = 0;  ///< of the first
  std::int64_t count = 1;
  int tries = 1;            ///< how often it may be asked
  int ended = 0;            ///< how often it has: once
  bool answered = false;
};

class errands {
 public:
  /// On `home`, one of the world's machines; `bell` is exposed by that machine's daemon. Numbers of its calls begin at `first`.
  /// `connections_break`: some may, whatever for.
  errands(world& w, core& home, Bell& bell, diary& d, std::uint64_t seed, std::int64_t first, int wanted, bool connections_break);

  bool over() const { return over_; }
  const std::vector<errand>& records() const { return records_; }
  /// What was answered wrongly, in words.
  const std::vector<std::string>& complaints() const { return complaints_; }
  /// Streams that were read on over another connection, and that had been forgotten when they were left for long.
  int read_on() const { return read_on_; }
  int forgotten() const { return forgotten_; }
  /// Streams that came to their end, broke, and were closed before.
  int read_out() const { return read_out_; }
  int broken() const { return broken_; }
  int closed() const { return closed_; }

 private:
  task<> live();
  task<> one(way);
  task<> ask_several();
  task<> post_many();
  task<> be_called_back();
  task<> give_stream();
  task<> visit();
  task<> call_upon_result();
  task<> follow_result();
  task<> read_in_parts();
  task<bool> read_part(std::size_t record, const std::string& id, std::int64_t most);
  task<> close(std::size_t record, const std::string& id);
  task<> look_for_stream(std::int64_t number, std::string after);
  task<> pause(std::chrono::nanoseconds);

  std::size_t begin(way, std::int64_t count = 1, int tries = 1);
  void end(std::size_t record, bool right, const std::string& otherwise);
  /// The exception in flight: the peer could not be reached, or it is a complaint.
  void fail(std::size_t record);
  void complain(const std::string&);
  template <class T> proxy<T> to(const std::string& object, int retries) const;

  world& world_;
  core& home_;
  Bell& bell_;
  diary& diary_;
  seeded_random random_;
  std::int64_t next_number_;
  int wanted_;
  bool connections_break_;
  int retries_;
  proxy<Desk> there_, there_once_;
  proxy<Visit> visit_;
  std::int64_t instance_ = 0, counted_ = 0;  // of the visit
  struct {
    std::int64_t next = 0, end = 0, lost = 0;  // requests without an answer since the last item, each of which may have taken one
    time_point answered{}, asked{};            // when it was last heard of, and last tried
    bool resumed = false, breaks = false;
    std::string over{};  // how it ended, as far as the server has said so
    std::chrono::nanoseconds left_alone{};     // before this part
  } reading_{};
  std::vector<errand> records_{};
  std::vector<std::string> complaints_{};
  int read_on_ = 0, forgotten_ = 0, read_out_ = 0, broken_ = 0, closed_ = 0;
  bool over_ = false;
};

}  // namespace engine::simulation
