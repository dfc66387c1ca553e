// What the simulated clients of ways_to_call_test.cpp call, in every way there is, and what they are called back on. A diary keeps what ran,
// by the number of the call, and what is alive.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <engine/object/core_calls.hpp>
#include <engine/object/proxy.hpp>

#include "awaitable.hpp"
#include "world.hpp"

namespace engine::simulation {

struct diary {
  std::map<std::int64_t, int> ran{};   ///< how often the method of each call began
  std::map<std::int64_t, int> rang{};  ///< how often each call was called back
  std::vector<std::int64_t> posted{};  ///< oneway, in the order they ran
  int alive = 0;                       ///< methods, streams and instances that have begun and not ended
  std::int64_t visits = 0;             ///< instances there have been
  std::multiset<std::int64_t> kept{};  ///< the calls whose streams somebody keeps, even if they have ended
};

struct in_diary {
  explicit in_diary(diary& d) : of(d) { ++of.alive; }
  ~in_diary() { --of.alive; }
  in_diary(const in_diary&) = delete;
  in_diary& operator=(const in_diary&) = delete;
  diary& of;
};

/// An argument of a coroutine, which goes with all that is kept of it. It is in the diary meanwhile.
class keepsake {
 public:
  keepsake(diary& d, std::int64_t number) : of_(&d), number_(number) { of_->kept.insert(number_); }
  keepsake(keepsake&& other) noexcept : of_(std::exchange(other.of_, nullptr)), number_(other.number_) {}
  ~keepsake() {
    if (of_) of_->kept.erase(of_->kept.find(number_));
  }
  keepsake& operator=(keepsake&&) = delete;

 private:
  diary* of_;
  std::int64_t number_;
};

/// How a stream ends that is read to its end.
inline constexpr const char* broke_off = "no more of it";
/// The stream that a desk lists, or that a client gives. `kept` is not looked at: it tells that there is a stream still.
inline stream<std::int64_t> numbers(keepsake /*kept*/, diary& d, std::int64_t from, std::int64_t count, bool breaks) {
  const in_diary here(d);
  for (std::int64_t i = from; i < from + count; ++i) co_yield i;
  if (breaks) throw std::runtime_error(broke_off);
}

inline std::int64_t answer_to(std::int64_t number) { return number * 3 + 1; }

/// What a client is called back on.
class Bell {
 public:
  explicit Bell(diary& d) : diary_(d) {}
  std::int64_t ring(std::int64_t number) {
    ++diary_.rang[number];
    return answer_to(number);
  }

 private:
  diary& diary_;
};
ENGINE_EXPOSE(Bell, ring)

/// What a client opens and calls before it knows where it is.
class Drawer {
 public:
  explicit Drawer(diary& d) : diary_(d) {}
  std::int64_t put(std::int64_t number) {
    ++diary_.ran[number];
    return answer_to(number);
  }
  task<std::int64_t> put_slowly(std::int64_t number) {
    const in_diary here(diary_);
    ++diary_.ran[number];
    sleeping a_while(*core::current(), core::current()->io().now() + 2ms);
    co_await a_while;
    co_return answer_to(number);
  }

 private:
  diary& diary_;
};
ENGINE_EXPOSE(Drawer, put, put_slowly)

/// One for each connection: (which instance, its how many'th call).
class Visit {
 public:
  explicit Visit(diary& d) : here_(d), instance_(++d.visits) {}
  std::vector<std::int64_t> count(std::int64_t number) {
    ++here_.of.ran[number];
    return {instance_, ++calls_};
  }

 private:
  in_diary here_;
  std::int64_t instance_, calls_ = 0;
};
ENGINE_EXPOSE(Visit, count)

class Desk {
 public:
  Desk(diary& d, std::vector<Drawer*> drawers) : diary_(d), drawers_(std::move(drawers)) {}

  std::int64_t answer(std::int64_t number) {
    ++diary_.ran[number];
    return answer_to(number);
  }
  void post(std::int64_t number) {
    ++diary_.ran[number];
    diary_.posted.push_back(number);
  }
  /// How often the bell was heard to ring right; when it cannot be reached any more, that number plus one, below 0.
  task<std::int64_t> call_back(std::int64_t number, proxy<Bell> bell, int times) {
    const in_diary here(diary_);
    ++diary_.ran[number];
    std::int64_t rung = 0;
    for (; rung < times; ++rung) {
      bool right = false;
      try {
        auto ringing = async(bell).ring(number);
        const std::int64_t heard = co_await ringing;
        right = heard == answer_to(number);
      } catch (const unreachable&) {
      }
      if (!right) co_return -(rung + 1);
    }
    co_return rung;
  }
  /// The sum of the first items of what the caller gives, of all if they are fewer; -1 when no more can be had, -2 when it breaks.
  task<std::int64_t> add_up(std::int64_t number, stream<std::int64_t> items, std::int64_t most) {
    const in_diary here(diary_);
    ++diary_.ran[number];
    std::int64_t sum = 0, lost = 0;
    try {
      for (std::int64_t i = 0; i < most; ++i) {
        const auto item = co_await items.next();
        if (!item) break;
        sum += *item;
      }
    } catch (const unreachable&) {
      lost = -1;
    } catch (const error& e) {  // or it was forgotten there meanwhile
      lost = std::string_view(e.what()) == broke_off ? -2 : -1;
    }
    co_return lost == 0 ? sum : lost;
  }
  stream<std::int64_t> list(std::int64_t number, std::int64_t from, std::int64_t count, bool breaks) {
    ++diary_.ran[number];
    return numbers(keepsake(diary_, number), diary_, from, count, breaks);
  }
  Drawer* open(std::int64_t number, std::size_t which) {
    ++diary_.ran[number];
    return drawers_[which % drawers_.size()];
  }
  task<Drawer*> open_slowly(std::int64_t number, std::size_t which) {
    const in_diary here(diary_);
    sleeping a_while(*core::current(), core::current()->io().now() + 3ms);
    co_await a_while;
    co_return open(number, which);
  }

 private:
  diary& diary_;
  std::vector<Drawer*> drawers_;
};
ENGINE_EXPOSE(Desk, answer, post, call_back, add_up, list, open, open_slowly)

}  // namespace engine::simulation
