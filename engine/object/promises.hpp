// Calls upon results that are not there yet, at the server (docs/wire.md: ENGK and ENGP). A request may ask that its result be kept under its
// number, and a later one of the same connection may name that number instead of an object. What is kept is read off the answer itself, so
// it does not matter where and how the call was served; a connection that never asks has none of this.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <codec/frame.hpp>
#include <codec/output.hpp>

namespace engine {

struct hosting;

/// What a request says about results that are kept.
struct promise_words {
  bool keep = false;
  std::optional<std::uint16_t> upon{};
  static promise_words in(const frame& request);
};

/// What became of a call whose result was to be kept. Belongs to the connection's core until it is settled, and does not change afterwards.
struct kept_result {
  std::uint16_t sequence = 0;
  bool settled = false;
  std::string object{};  ///< the id of an object of this daemon, …
  std::string why_not{}; ///< … or why there is none, …
  bool failed = false;   ///< … or the answer that was its error:
  std::uint16_t error_serializer = 0;
  std::vector<std::byte> error{};
  std::vector<std::coroutine_handle<>> waiting{};

  /// co_await: until it is settled.
  auto when_settled() {
    struct awaiter {
      kept_result& of;
      bool await_ready() const { return of.settled; }
      void await_suspend(std::coroutine_handle<> h) { of.waiting.push_back(h); }
      void await_resume() const {}
    };
    return awaiter{*this};
  }
  /// Its id. Throws daemon_error that says why there is none.
  const std::string& id() const;
  /// Writes the same error as the answer of another request.
  void answer_with_error(const frame& request, const hosting&, output&) const;
};

/// The results that one connection keeps: the last ones that it has asked for. Used on the connection's core only.
class kept_results {
 public:
  /// Beyond so many the oldest that is settled is forgotten, and while none is, nothing more is kept.
  static constexpr std::size_t most = 64;
  /// Longer answers are no proxies, and longer errors are not repeated; nor are the older errors, beyond so many bytes of them all.
  static constexpr std::size_t longest_answer = 64 * 1024;

  /// That request has come, and asks for its result to be kept.
  void begin(std::uint16_t sequence);
  /// It has been answered with what `answer` holds since `since`. Resumes who waits for that.
  void settle(std::uint16_t sequence, const output& answer, const output::mark& since, const hosting&);

  /// What is kept under a number; a settled one that says why not, if there is nothing.
  std::shared_ptr<kept_result> find(std::uint16_t sequence) const;

 private:
  void drop_old_errors();

  std::deque<std::shared_ptr<kept_result>> kept_{};  // in the order they came
};

}  // namespace engine
