// See errands.hpp. One draw per statement: compilers evaluate arguments in different orders.
#include "errands.hpp"

#include <utility>

namespace engine::simulation {

namespace {

// ITER_STREAM_LINGER is 5 seconds here, and looked after each second.
constexpr std::chrono::nanoseconds surely_kept = 4500ms, surely_forgotten = 7s;

proxy_options client_options(int retries) {
  proxy_options o;
  o.settings = settings::defaults();
  o.settings->max_retries = retries;
  o.timeout = 60s;
  return o;
}

}  // namespace

errands::errands(world& w, core& home, Bell& bell, diary& d, std::uint64_t seed, std::int64_t first, int wanted, bool connections_break)
    : world_(w), home_(home), bell_(bell), diary_(d), random_(seed), next_number_(first), wanted_(wanted), connections_break_(connections_break),
      retries_(static_cast<int>(random_.below(4))) {
  there_ = to<Desk>("desk", retries_);
  there_once_ = to<Desk>("desk", 0);
  visit_ = to<Visit>("visit", retries_);
  home_.post([this] { spawn(live()); });
}

template <class T> proxy<T> errands::to(const std::string& object, int retries) const {
  return proxy<T>(uri("PYRO:" + object + "@" + world_.where().to_string()), client_options(retries));
}

task<> errands::live() {
  for (int i = 0; i < wanted_; ++i) {
    task<> doing = one(static_cast<way>(random_.below(ways)));
    co_await doing;
    if (!random_.chance(0.3)) continue;
    task<> resting = pause(std::chrono::milliseconds(random_.below(20)));
    co_await resting;
  }
  there_ = there_once_ = {};  // here, where their connections are
  visit_ = {};
  over_ = true;
}

task<> errands::one(way how) {
  switch (how) {
    case way::repeated: return ask_several();
    case way::posted: return post_many();
    case way::called_back: return be_called_back();
    case way::stream_given: return give_stream();
    case way::session: return visit();
    case way::pipelined: return call_upon_result();
    case way::chained: return follow_result();
    case way::lingering: break;
  }
  return read_in_parts();
}

task<> errands::pause(std::chrono::nanoseconds how_long) {
  sleeping a_while(home_, home_.io().now() + how_long);
  co_await a_while;
}

// ---- the records

std::size_t errands::begin(way how, std::int64_t count, int tries) {
  records_.push_back({.how = how, .number = next_number_, .count = count, .tries = tries});
  next_number_ += count;
  return records_.size() - 1;
}

void errands::complain(const std::string& what) { complaints_.push_back(what); }

void errands::end(std::size_t record, bool right, const std::string& otherwise) {
  errand& r = records_[record];
  ++r.ended;
  r.answered = true;
  if (!right) complain(std::to_string(r.number) + ": " + otherwise);
}

void errands::fail(std::size_t record) {
  ++records_[record].ended;
  try {
    throw;
  } catch (const unreachable&) {
  } catch (const std::exception& e) {
    complain(std::to_string(records_[record].number) + ": " + e.what());
  }
}

// ---- the ways

/// Several at once, each asked again when its connection is lost.
task<> errands::ask_several() {
  const std::size_t count = 1 + random_.below(6);
  std::vector<std::pair<std::size_t, future<std::int64_t>>> all;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t record = begin(way::repeated, 1, 1 + retries_);
    all.emplace_back(record, async(there_).answer(records_[record].number));
  }
  for (auto& [record, answer] : all) {
    try {
      const std::int64_t got = co_await answer;
      end(record, got == answer_to(records_[record].number), "answered by " + std::to_string(got));
    } catch (...) {
      fail(record);
    }
  }
}

/// A batch that nobody answers: what becomes of it is seen in the diary.
task<> errands::post_many() {
  const auto count = static_cast<std::int64_t>(1 + random_.below(30));
  const std::size_t record = begin(way::posted, count);
  try {
    batch<Desk> many{there_};
    for (std::int64_t i = 0; i < count; ++i) many.post(records_[record].number + i);
    many.send_oneway();
    ++records_[record].ended;
  } catch (...) {
    fail(record);
  }
  co_return;
}

task<> errands::be_called_back() {
  const std::size_t record = begin(way::called_back);
  const std::int64_t number = records_[record].number;
  const int times = static_cast<int>(random_.below(5));
  try {
    auto calling = async(there_once_).call_back(number, bell_, times);
    const std::int64_t got = co_await calling;
    const int rang = diary_.rang[number];
    const std::int64_t heard = got < 0 ? -got - 1 : got;
    end(record, got < 0 ? heard < times && rang >= heard && rang <= heard + 1 : got == times && rang == times,
        "called back " + std::to_string(rang) + " times, and told " + std::to_string(got) + " of " + std::to_string(times));
  } catch (...) {
    fail(record);
  }
}

task<> errands::give_stream() {
  const std::size_t record = begin(way::stream_given);
  const auto from = static_cast<std::int64_t>(random_.below(1000));
  const auto count = static_cast<std::int64_t>(random_.below(300));
  const bool in_part = random_.chance(0.2), breaks = random_.chance(0.2);
  const std::int64_t number = records_[record].number, most = in_part ? count / 2 : count + 1, taken = std::min(count, most);
  std::int64_t got = -1;
  try {
    auto calling = async(there_once_).add_up(number, numbers(keepsake(diary_, number), diary_, from, count, breaks), most);
    got = co_await calling;
    const std::int64_t expected = breaks && !in_part ? -2 : taken * from + taken * (taken - 1) / 2;
    end(record, got == -1 || got == expected, "a sum of " + std::to_string(got));
  } catch (...) {
    fail(record);
  }
  if (got == -1 || (in_part && connections_break_)) co_return;  // what says that it is closed may be lost
  task<> looking = look_for_stream(number, in_part ? "was closed" : breaks ? "broke" : "was read to its end");
  co_await looking;
}

/// An instance counts the calls of its connection; another connection has another one.
task<> errands::visit() {
  if (random_.chance(0.2)) visit_ = to<Visit>("visit", retries_);
  const std::size_t record = begin(way::session, 1, 1 + retries_);
  try {
    auto calling = async(visit_).count(records_[record].number);
    const std::vector<std::int64_t> got = co_await calling;
    const bool same = got.at(0) == instance_;
    end(record, same ? got.at(1) == counted_ + 1 : got.at(1) == 1 && got.at(0) > instance_,
        "call " + std::to_string(got.at(1)) + " of instance " + std::to_string(got.at(0)));
    instance_ = got.at(0);
    counted_ = got.at(1);
  } catch (...) {
    fail(record);
  }
}

/// What is opened is called before it is known, and afterwards too.
task<> errands::call_upon_result() {
  const bool slowly = random_.chance(0.5), put_slowly = random_.chance(0.5);
  const std::size_t which = random_.below(10);
  const std::size_t opened = begin(way::pipelined), put = begin(way::pipelined), later = begin(way::pipelined);
  const std::int64_t number = records_[put].number;
  auto opening = slowly ? async(there_once_).open_slowly(records_[opened].number, which) : async(there_once_).open(records_[opened].number, which);
  auto putting = put_slowly ? pipelined(opening).put_slowly(number) : pipelined(opening).put(number);
  try {
    const std::int64_t got = co_await putting;
    end(put, got == answer_to(number), "answered by " + std::to_string(got));
  } catch (...) {
    fail(put);
  }
  proxy<Drawer> drawer;
  bool known = false;
  try {
    drawer = co_await opening;
    known = true;
    end(opened, uri_of(drawer).object().starts_with("drawer"), "opened " + uri_of(drawer).to_string());
  } catch (...) {
    fail(opened);
  }
  if (!known) {
    ++records_[later].ended;
    co_return;
  }
  try {
    auto again = async(drawer).put(records_[later].number);
    const std::int64_t got = co_await again;
    end(later, got == answer_to(records_[later].number), "answered by " + std::to_string(got));
  } catch (...) {
    fail(later);
  }
}

task<> errands::follow_result() {
  const std::size_t record = begin(way::chained, 1, 1 + retries_);
  const std::int64_t number = records_[record].number;
  try {
    auto following = async(there_).answer(number).then([](std::int64_t answer) { return answer * 2; });
    const std::int64_t got = co_await following;
    end(record, got == answer_to(number) * 2, "followed by " + std::to_string(got));
  } catch (...) {
    fail(record);
  }
}

// ---- a stream that is left and read on

/// By one connection after the other; which has been left for too long is forgotten.
task<> errands::read_in_parts() {
  const std::size_t record = begin(way::lingering);
  const auto from = static_cast<std::int64_t>(random_.below(1000));
  const auto count = static_cast<std::int64_t>(random_.below(60));
  const bool breaks = random_.chance(0.3);
  named_stream items;
  try {
    const proxy<DeskByName> opener = to<DeskByName>("desk", 0);
    auto opening = async(opener).list(records_[record].number, from, count, breaks);
    items = co_await opening;
  } catch (...) {
    fail(record);
    co_return;
  }
  reading_ = {.next = from, .end = from + count, .answered = home_.io().now(), .asked = home_.io().now(), .breaks = breaks};
  for (int part = 0; part < 5; ++part) {
    const bool for_long = random_.chance(0.1);
    const std::uint64_t a_while = random_.below(2000);
    task<> leaving = pause(for_long ? 15s : std::chrono::milliseconds(50 + a_while));
    co_await leaving;
    reading_.left_alone = home_.io().now() - reading_.asked;
    reading_.resumed = part > 0;
    task<bool> reading = read_part(record, items.id, 1 + static_cast<std::int64_t>(random_.below(30)));
    const bool more = co_await reading;
    if (!more) break;
    if (!random_.chance(0.1)) continue;
    task<> closing = close(record, items.id);
    co_await closing;
    break;
  }
  ++records_[record].ended;
  if (reading_.over.empty()) co_return;
  task<> looking = look_for_stream(records_[record].number, reading_.over);
  co_await looking;
}

task<> errands::close(std::size_t record, const std::string& id) {
  const proxy<> reader = to<void>("Pyro.Daemon", 0);
  try {
    auto closing = async(reader)["close_stream"](id);
    co_await closing;
    records_[record].answered = true;
    reading_.over = "was closed";
    ++closed_;
  } catch (const unreachable&) {
  } catch (const error& e) {
    complain(std::to_string(records_[record].number) + ": closed, and told " + e.what());
  }
}

/// Whoever had it has said that it is over, so nobody may have it: not even for as long as streams linger.
task<> errands::look_for_stream(std::int64_t number, std::string after) {
  task<> waiting = pause(1s);  // a core is told to destroy it, or a daemon that it is closed
  co_await waiting;
  if (diary_.kept.contains(number)) complain(std::to_string(number) + ": the stream was kept after it " + after);
}

/// False: it is over.
task<bool> errands::read_part(std::size_t record, const std::string& id, std::int64_t most) {
  const std::string who = std::to_string(records_[record].number) + ": ";
  const proxy<> reader = to<void>("Pyro.Daemon", 0);
  for (std::int64_t i = 0; i < most; ++i) {
    try {
      auto asking = async(reader)["get_next_stream_item"](id);
      const value got = co_await asking;
      const auto item = got.as<std::int64_t>();
      if (std::exchange(reading_.left_alone, 0s) > surely_forgotten) complain(who + "an item came of a stream left for long");
      if (item < reading_.next || item > reading_.next + reading_.lost || item >= reading_.end)
        complain(who + "item " + std::to_string(item) + " instead of " + std::to_string(reading_.next));
      read_on_ += std::exchange(reading_.resumed, false) ? 1 : 0;
      reading_.next = item + 1;
      reading_.lost = 0;
      reading_.answered = reading_.asked = home_.io().now();
    } catch (const unreachable&) {
      ++reading_.lost;
      reading_.asked = home_.io().now();
      co_return true;
    } catch (const error& e) {
      const std::int64_t left = reading_.end - reading_.next;
      const bool at_its_end = e.is("StopIteration"), broke = std::string_view(e.what()) == broke_off;
      if (at_its_end || broke) {
        records_[record].answered = true;
        reading_.over = broke ? "broke" : "was read to its end";
        ++(broke ? broken_ : read_out_);
        if (reading_.lost < left) complain(who + "ended before " + std::to_string(reading_.next));
        if (broke != reading_.breaks) complain(who + reading_.over);
      } else if (std::string_view(e.what()) != "item stream terminated") {
        complain(who + e.what());
      } else if (home_.io().now() - reading_.answered > surely_kept) {
        ++forgotten_;
      } else if (reading_.lost <= left) {
        complain(who + "forgotten before " + std::to_string(reading_.next));
      }
      co_return false;
    }
  }
  co_return true;
}

}  // namespace engine::simulation
