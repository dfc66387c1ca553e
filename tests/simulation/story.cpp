// See story.hpp. What is drawn; what must be true is in story_checks.cpp. One draw per statement: compilers evaluate arguments in
// different orders.
#include "story.hpp"

#include <algorithm>
#include <utility>

namespace engine::simulation {

namespace {

constexpr std::uint64_t own_sequence = 0x73746f7279;  // not the network's

std::chrono::nanoseconds up_to(seeded_random& random, std::chrono::nanoseconds most) {
  return std::chrono::nanoseconds(random.below(static_cast<std::uint64_t>(most.count()) + 1));
}

}  // namespace

story::story(std::uint64_t seed) : random_(seed ^ own_sequence), faults_(faults::drawn_from(seed)) {
  big_ = sometimes(0.1);
  if (big_) faults_.send_buffer = std::max(faults_.send_buffer, std::size_t{32} * 1024);
  world_options options{.seed = seed, .faults = faults_};
  options.server_cores = 1 + random_.below(3);
  options.machines = 1 + random_.below(3);
  options.busy = sometimes(0.5) ? 0.1 * random_.unit() : 0;
  options.settings.comm_timeout = sometimes(0.3) ? 2 : 0;
  options.settings.compression = sometimes(0.2);
  world_ = std::make_unique<world>(options);
  draw_objects();
  if (sometimes(0.25)) stops_after_ = up_to(random_, 300ms);
  world_->listen();
  draw_callers();
  draw_strangers();
}

// What is still at work cannot be destroyed: after a violation it is left where it is.
story::~story() {
  if (!world_->at_rest()) static_cast<void>(world_.release());
}

void story::run() {
  if (stops_after_) {
    expect(world_->run_for(*stops_after_), "it never came to rest before the stop");
    world_->stop();
    stopped_at_ = world_->now();
  }
  expect(world_->run_until_idle(), "it never came to rest");
  check_clients();
  if (!stops_after_) {
    world_->stop();
    expect(world_->run_until_idle(), "it never came to rest after the stop");
  }
  check_end();
}

// ---- the cast

void story::draw_objects() {
  const std::size_t count = 1 + random_.below(4);
  for (std::size_t i = 0; i < count; ++i) {
    const bool shared = sometimes(0.2);
    const std::size_t home = i % world_->server().size();
    Clerk& clerk = clerks_.emplace_back(book_, shared ? nullptr : &world_->server_core(home));
    world_->host().objects.add({.id = "clerk" + std::to_string(i), .object = &clerk, .table = &interface_of<Clerk>(), .home = home,
                                .shared = shared}, false);
  }
}

std::string story::draw_object() { return "clerk" + std::to_string(random_.below(clerks_.size())); }

core& story::draw_machine() { return world_->machine(random_.below(world_->machines())); }

manner story::draw_manner() {
  manner how;
  how.format = sometimes(0.5) ? &msgpack() : &serpent();
  how.own_peer = sometimes(0.5);
  if (sometimes(0.7)) how.object = draw_object();
  return how;
}

request story::draw_request(const manner& how, std::int64_t caller, std::int64_t number) {
  request r{.caller = caller, .number = number};
  r.object = how.object.empty() || sometimes(0.2) ? draw_object() : how.object;
  r.what = static_cast<request::method>(random_.below(5));
  r.correlated = sometimes(0.3);
  r.size = random_.below(100);
  if (sometimes(0.1)) r.size = random_.below(std::min<std::size_t>(16 * faults_.send_buffer, 50'000));
  if (big_ && sometimes(0.1)) r.size = 200'000 + random_.below(sometimes(0.1) ? 3'000'000 : 200'000);
  return r;
}

caller::plan story::draw_caller(std::int64_t number) {
  caller::plan p{.how = draw_manner()};
  const std::size_t count = 1 + random_.below(40);
  for (std::size_t i = 1; i <= count; ++i) p.calls.push_back(draw_request(p.how, number, static_cast<std::int64_t>(i)));
  // An answer to the last call says that what came before has been heard.
  if (p.calls.back().oneway()) p.calls.back().what = request::method::echo;
  p.window = 1 + random_.below(20);
  p.start = up_to(random_, 50ms);
  if (sometimes(0.3)) p.pause = up_to(random_, 30ms);
  return p;
}

void story::draw_callers() {
  const std::size_t count = 1 + random_.below(6);
  for (std::size_t i = 0; i < count; ++i) {
    caller::plan p = draw_caller(static_cast<std::int64_t>(i));
    callers_.emplace_back(*world_, draw_machine(), std::move(p));
  }
}

void story::draw_strangers() {
  const std::size_t count = random_.below(5);
  for (std::size_t i = 0; i < count; ++i) draw_stranger(static_cast<std::int64_t>(1000 + i));
}

void story::draw_stranger(std::int64_t number) {
  const manner how = draw_manner();
  rude one{.number = number};
  stranger::plan p{.start = up_to(random_, 50ms)};
  output said;
  write_greeting(said, codecs_, how);
  switch (random_.below(4)) {
    case 0:  // says nothing, or not all of its greeting
      p.bytes = bytes_of(said);
      p.bytes.resize(random_.below(p.bytes.size()));
      one.must_be_shown_out = true;
      break;
    case 1: {  // talks nonsense
      const std::size_t length = 1 + random_.below(300);
      for (std::size_t i = 0; i < length; ++i) p.bytes.push_back(static_cast<char>(random_.draw()));
      one.must_be_shown_out = true;
      break;
    }
    case 2: {  // vanishes in the middle of a request
      const std::int64_t count = static_cast<std::int64_t>(random_.below(20));
      for (std::int64_t i = 1; i <= count; ++i) write_request(said, codecs_, how, draw_request(how, number, i));
      p.bytes = bytes_of(said);
      p.bytes.resize(p.bytes.size() - random_.below(p.bytes.size()) / 2);
      p.stays = up_to(random_, 100ms);
      p.reads_from = sometimes(0.5) ? 0s : -1s;
      break;
    }
    default: {  // asks for much and reads none of it
      const std::size_t size = 100'000 + random_.below(200'000);
      for (std::int64_t i = 1; i <= 20; ++i)
        write_request(said, codecs_, how, {.what = request::method::produce, .object = draw_object(), .caller = number, .number = i, .size = size});
      p.bytes = bytes_of(said);
      p.stays = up_to(random_, 3s);
      p.reads_from = -1s;
      if (!world_->host().settings.compression) one.unread_answer = size;  // else nobody knows how much that is
    }
  }
  one.peer = &strangers_.emplace_back(*world_, draw_machine(), std::move(p));
  rude_.push_back(one);
}

}  // namespace engine::simulation
