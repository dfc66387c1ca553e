// See registrar.hpp.
#include "registrar.hpp"

#include <engine/object/error.hpp>

#include "awaitable.hpp"

namespace engine::simulation {

namespace {

constexpr int shared_names = 4;            // … that all clients want, safely
constexpr std::size_t most_failures = 60;  // of one client: where every connection tears it gives up
constexpr std::uint64_t group_size = 3;

/// A group as it is once the call is carried out.
kept_names changed(kept_names group, const name_request& by) {
  using kind = name_request::kind;
  switch (by.what) {
    case kind::enroll: group[by.name] = by.as; break;
    case kind::remove: group.erase(by.name); break;
    case kind::remove_prefix: group.clear(); break;
    case kind::remove_regex: std::erase_if(group, [](const auto& each) { return !each.first.ends_with('0'); }); break;
    case kind::set_tags:
      if (const auto at = group.find(by.name); at != group.end()) at->second.tags = by.as.tags;
      break;
    case kind::look_up: break;
  }
  return group;
}

bool needs_its_name(name_request::kind what) { return what == name_request::kind::look_up || what == name_request::kind::set_tags; }

}  // namespace

kept_names with_prefix(const kept_names& all, const std::string& prefix) {
  kept_names found;
  for (auto at = all.lower_bound(prefix); at != all.end() && at->first.starts_with(prefix); ++at) found.insert(*at);
  return found;
}

registrar::registrar(world& w, core& home, std::uint64_t number, std::uint64_t seed, const kept_names* kept)
    : world_(w), home_(home), number_(number), random_(seed * 1000 + number), kept_(kept) {
  renew();
  const auto groups = 1 + random_.below(12);
  for (std::uint64_t i = 0; i < groups; ++i) begin("own." + std::to_string(number_) + "." + std::to_string(i) + ".", false);
  for (int i = 0; i < shared_names; ++i) begin("shared." + std::to_string(i), true);
}

void registrar::begin(std::string name, bool shared) {
  ++living_;
  const std::chrono::nanoseconds start(random_.below(20'000'000));
  home_.post([this, name = std::move(name), shared, start] {
    task<> living = shared ? want(name, start) : live(name, start);
    spawn(std::move(living));
  });
}

/// A lost connection is followed by another proxy, as of a program that starts again.
void registrar::renew() {
  proxy_options how;
  how.settings = engine::settings::defaults();
  names_ = proxy<name_server>(uri("PYRO:Pyro.NameServer@" + world_.where().to_string()), how);
  ++generation_;
}

std::string registrar::draw_uri() {
  return "PYRO:o" + std::to_string(number_) + "." + std::to_string(++uris_) + "@host:" + std::to_string(1 + random_.below(60'000));
}

std::vector<std::string> registrar::draw_tags() {
  std::vector<std::string> tags;
  for (const char* tag : {"blue", "green", "red"})
    if (random_.chance(0.5)) tags.emplace_back(tag);
  return tags;
}

name_request registrar::draw(const std::string& prefix) {
  using kind = name_request::kind;
  static constexpr kind choices[] = {kind::enroll, kind::enroll,        kind::enroll,       kind::look_up,
                                     kind::remove, kind::remove_prefix, kind::remove_regex, kind::set_tags};
  name_request drawn{.what = choices[random_.below(std::size(choices))]};
  drawn.name = prefix + std::to_string(random_.below(group_size));
  if (drawn.what == kind::remove_prefix) drawn.name = prefix;
  if (drawn.what == kind::remove_regex) drawn.name = prefix + "[1-9]$";  // a dot is any character, and no other name has one there
  if (drawn.what == kind::enroll) drawn.as.uri = draw_uri();
  if (drawn.what == kind::enroll || drawn.what == kind::set_tags) drawn.as.tags = draw_tags();
  return drawn;
}

task<std::int64_t> registrar::remove(const name_request& r, proxy<name_server>& names) {
  using kind = name_request::kind;
  const auto given = [&](kind what) { return r.what == what ? std::optional(r.name) : std::nullopt; };
  auto removing = async(names).remove(given(kind::remove), given(kind::remove_prefix), given(kind::remove_regex));
  co_return co_await removing;
}

/// Makes a call and sees how it ends.
task<registrar::answer> registrar::carry_out(name_request r) {
  ++came_.started;
  const std::uint64_t mine = generation_;
  answer came{.how = ended::answered};
  try {
    if (r.what == name_request::kind::look_up) {
      auto looking = async(names_).lookup(r.name);
      const uri found = co_await looking;
      came.found = found.to_string();
    } else if (r.what == name_request::kind::enroll) {
      auto enrolling = async(names_).enroll(r.name, uri(r.as.uri), r.safe, r.as.tags);
      co_await enrolling;
    } else if (r.what == name_request::kind::set_tags) {
      auto setting = async(names_).set_metadata(r.name, r.as.tags);
      co_await setting;
    } else {
      task<std::int64_t> removing = remove(r, names_);
      came.removed = co_await removing;
    }
  } catch (const naming_error& e) {
    came.how = std::string_view(e.what()) == disk_full ? ended::unkept : ended::refused;
  } catch (const unreachable&) {
    came.how = ended::lost;
  } catch (const std::exception& e) {
    complain(std::string("another error: ") + e.what());
  }
  ++(came.how == ended::answered ? came_.answered : came.how == ended::refused ? came_.refused : came.how == ended::unkept ? came_.unkept : came_.lost);
  if (came.how == ended::lost && mine == generation_) renew();
  co_return came;
}

/// A group of its own, changed in every way. Once a call is lost nobody knows whether it was, or will yet be, carried out: the group is left alone then.
task<> registrar::live(std::string prefix, std::chrono::nanoseconds start) {
  sleeping until(home_, home_.io().now() + start);
  co_await until;
  std::vector<kept_names>& may_be = groups_[prefix];
  may_be = {kept_names()};
  const auto steps = 1 + random_.below(10);
  for (std::uint64_t step = 0; step < steps && came_.lost < most_failures; ++step) {
    const kept_names before = may_be.front();
    const name_request next = draw(prefix);
    task<answer> asking = carry_out(next);
    const answer came = co_await asking;
    kept_names after = changed(before, next);
    if (came.how == ended::lost && after != before) {
      may_be.push_back(std::move(after));
      break;
    }
    check(next, came, before);
    if (came.how == ended::answered) may_be.front() = std::move(after);
    check_kept(prefix, may_be.front());
  }
  end();
}

void registrar::check(const name_request& asked, const answer& came, const kept_names& before) {
  const auto at = before.find(asked.name);
  const bool known = at != before.end();
  if (came.how == ended::refused && (known || !needs_its_name(asked.what))) complain(asked.name + " was refused");
  if (came.how != ended::answered) return;
  if (needs_its_name(asked.what) && !known) complain(asked.name + " is known, and should not be");
  if (asked.what == name_request::kind::look_up && known && came.found != at->second.uri) complain(asked.name + " was " + came.found);
  const auto gone = static_cast<std::int64_t>(before.size()) - static_cast<std::int64_t>(changed(before, asked).size());
  if (gone > 0 ? came.removed != gone : came.removed != 0) complain(asked.name + ": " + std::to_string(came.removed) + " names were removed");
}

void registrar::check_kept(const std::string& prefix, const kept_names& now) {
  if (kept_ && with_prefix(*kept_, prefix) != now) complain(prefix + " is something else in the storage");
}

/// A name that others want too.
task<> registrar::want(std::string name, std::chrono::nanoseconds start) {
  sleeping until(home_, home_.io().now() + start);
  co_await until;
  const std::string where = draw_uri();
  name_request wish{.what = name_request::kind::enroll, .name = name, .as = {.uri = where}, .safe = true};
  task<answer> asking = carry_out(std::move(wish));
  const answer came = co_await asking;
  if (came.how == ended::answered) got_[name] = where;
  if (came.how == ended::refused) taken_.insert(name);
  end();
}

void registrar::end() {
  if (--living_ == 0) names_ = proxy<name_server>();  // its connection goes
}

}  // namespace engine::simulation
