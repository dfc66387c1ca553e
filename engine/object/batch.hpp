// Many calls in one message (WIRE §4.4): they are written as they are made, leave together by send(), are executed in order, and each
// has a place for its result. An error ends the batch where it happens and belongs to its own result; what follows is not executed.
//
//   engine::batch batch{greeter};
//   auto first = batch.get_fortune("Ann");             // engine::later<std::string>
//   auto second = batch.get_fortune("Bob");
//   batch.send();                                      // one message out, one back
//   std::cout << *first << *second;
//
// A batch is used by one thread at a time; after send() it is empty and may be filled again. It shares the proxy's connection, which
// its first call opens, because the serializer must be known.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <engine/object/proxy.hpp>

namespace engine {

namespace detail {

/// The place of one result.
class later_result {
 public:
  virtual ~later_result() = default;
  virtual bool read(reader& in) = 0;
  /// The same of msgpack in a short form. False: it is not so, and nothing but reading has happened.
  virtual bool read_plainly(plain_msgpack&) { return false; }
  virtual void take(const value& v) = 0;  ///< throws if it does not fit
  void settle(std::exception_ptr error) {
    error_ = std::move(error);
    settled_ = true;
  }
  /// There is a result.
  void settle() { settled_ = true; }
  /// Throws unless there is a result: why there is none.
  void check() const {
    if (!settled_ || error_) [[unlikely]] refuse();
  }

 private:
  [[noreturn]] void refuse() const;
  bool settled_ = false;
  std::exception_ptr error_{};
};
template <class R> class later_result_of final : public later_result {
 public:
  bool read(reader& in) override { return decode(in, result); }
  bool read_plainly(plain_msgpack& in) override {
    if constexpr (plain_value<R>) return in.take(result);
    else return false;
  }
  void take(const engine::value& v) override { result = v.as<R>(); }
  R result{};
};
template <> class later_result_of<void> final : public later_result {
 public:
  bool read(reader& in) override { return in.skip(); }
  void take(const engine::value&) override {}
};

template <class R> std::shared_ptr<later_result_of<R>> make_place() {
  return std::allocate_shared<later_result_of<R>>(recycling<later_result_of<R>>());
}

/// What was called so far: the entries, encoded one behind the other, and the places of their results.
class batch_entries {
 public:
  explicit batch_entries(std::shared_ptr<remote> to) : to_(std::move(to)) {}
  /// Where the next entry is written; connects if the serializer is not known yet.
  writer& begin();
  /// The same behind another entry of msgpack; nullptr: it is not so, use begin().
  msgpack_writer* begin_another() {
    if (places_.empty() || !writer_->ok()) [[unlikely]] return nullptr;
    before_ = written_.here();
    return writer_->as_msgpack();
  }
  /// The entry is complete. Throws what cannot be sent; the entry is then taken back.
  void end(std::shared_ptr<later_result> place) {
    if (!writer_->ok()) [[unlikely]] refuse();
    places_.push_back(std::move(place));
  }
  std::size_t size() const { return places_.size(); }

  void send(time_limit);
  void send_oneway(time_limit);
  future<void> send_async(time_limit);

 private:
  friend class batch_reply;
  friend class batch_future;
  friend class core_batch_future;
  void choose_writer();
  [[noreturn]] void refuse();
  const serializer& format_there() const;
  written write(const line&) const;
  void settle_all(const std::exception_ptr&);
  /// The end of a future whose batch this is.
  void conclude(future_result<void>&, std::exception_ptr);
  void clear();
  bool read_results(reader& in, std::span<const std::byte> payload);
  /// The same of msgpack, if every result is in a short form. False: read_results() reads them, from the beginning.
  bool read_plainly(std::span<const std::byte> payload) const;
  bool read_as_values(reader& in, std::size_t from, bool& ended);
  bool end_results(reader& in, std::size_t done, bool ended);

  std::shared_ptr<remote> to_;
  const serializer* format_ = nullptr;
  std::unique_ptr<writer> writer_{};
  output written_{};
  output::mark before_{};
  std::vector<std::shared_ptr<later_result>> places_{};
};

/// How an entry of msgpack begins, up to its arguments.
template <class Class, auto Member, std::size_t Arguments> inline constexpr auto entry_opening = [] {
  constexpr std::string_view name = wire_name<Class, Member>;
  std::array<char, name.size() + 3> bytes{};
  bytes[0] = '\x93';
  bytes[1] = static_cast<char>(0xa0 + name.size());
  std::ranges::copy(name, bytes.begin() + 2);
  bytes.back() = static_cast<char>(0x90 + Arguments);
  return bytes;
}();
template <class Class, auto Member, std::size_t Arguments> inline constexpr bool short_opening =
    wire_name<Class, Member>.size() < 32 && Arguments < 16;

/// Writes (method, arguments, {}) in the writer's own type.
template <class Class, auto Member, class Writer, class... A> void write_entry(Writer& out, A&... a) {
  using parameters = typename call_shape<Class, Member>::pointer::parameters;
  if constexpr (std::same_as<Writer, msgpack_writer> && short_opening<Class, Member, sizeof...(A)>) {
    constexpr const auto& opening = entry_opening<Class, Member, sizeof...(A)>;
    out.begin_with({opening.data(), opening.size()});
    encode_arguments(out, false, type<parameters>{}, a...);
    return out.end_plainly();
  }
  out.begin(kind::tuple, 3);
  out.string(wire_name<Class, Member>);
  out.begin(kind::tuple, sizeof...(A));
  encode_arguments(out, false, type<parameters>{}, a...);
  out.end();
  out.begin(kind::dict, 0);
  out.end();
  out.end();
}

}  // namespace detail

/// The result of one call of a batch. A copy refers to the same.
template <class R> class later {
 public:
  explicit later(std::shared_ptr<detail::later_result_of<R>> place) : place_(std::move(place)) {}
  /// The result. Throws what the call threw; engine::error if the batch has not been sent, was sent oneway, or ended before this call;
  /// what kept the batch from being answered. The reference is valid as long as a copy of this lives.
  decltype(auto) get() const {
    place_->check();
    if constexpr (!std::is_void_v<R>) return (place_->result);
  }
  decltype(auto) operator*() const { return get(); }
  auto* operator->() const requires(!std::is_void_v<R>) { return &get(); }

 private:
  std::shared_ptr<detail::later_result_of<R>> place_;
};

/// What batch<T> and batch<> have in common.
class batch_words {
 public:
  /// Sends what was called, and waits for the results. Throws what keeps the whole from being answered: unreachable …, and the
  /// AttributeError of a name the object does not expose. With settings.max_retries it may be executed more than once. An empty batch does nothing.
  void send() { entries_.send({}); }
  /// The same within a time in all.
  template <class Rep, class Period> void send_within(std::chrono::duration<Rep, Period> limit) {
    entries_.send(std::chrono::ceil<std::chrono::milliseconds>(limit));
  }
  /// Sends it and does not wait: there are no results, and nobody hears of errors.
  void send_oneway() { entries_.send_oneway({}); }
  /// Sends it; the results are there when the future is ready, which throws as send() does. On a core this is the way: co_await the future there.
  [[nodiscard]] future<void> send_async() { return entries_.send_async({}); }

 protected:
  friend std::size_t calls_in(const batch_words&);
  explicit batch_words(std::shared_ptr<detail::remote> to) : entries_(std::move(to)) {}
  detail::batch_entries entries_;
};

/// Calls that are waiting to be sent.
inline std::size_t calls_in(const batch_words& b) { return b.entries_.size(); }

/// The calls of T's methods, each returning later<R>. Attributes cannot be part of a batch. The four words for sending hide remote methods
/// of the same name; those are called in a batch<>.
template <class T = void> class batch : public detail::stub_of<T, batch<T>>, public batch_words {
 public:
  explicit batch(const proxy<T>& p) : batch_words(detail::proxy_access::of(p)) {}
  using batch_words::send, batch_words::send_within, batch_words::send_oneway, batch_words::send_async;

  template <auto Member, class... A> auto engine_call_(A&&... a) {
    using shape = detail::call_shape<T, Member>;
    static_assert(!shape::attribute, "attributes cannot be read or assigned in a batch");
    using R = typename shape::result;
    auto place = detail::make_place<R>();
    if (msgpack_writer* const another = entries_.begin_another()) {
      detail::write_entry<T, Member>(*another, a...);
    } else {
      writer& out = entries_.begin();
      if (msgpack_writer* const direct = out.as_msgpack()) detail::write_entry<T, Member>(*direct, a...);
      else detail::write_entry<T, Member>(out, a...);
    }
    entries_.end(place);
    return later<R>(std::move(place));
  }
};

/// Nothing known in advance: batch["method"](arguments…) gives later<value>.
template <> class batch<void> : public batch_words {
 public:
  explicit batch(const proxy<>& p) : batch_words(detail::proxy_access::of(p)) {}

  class member {
   public:
    template <class... A> later<value> operator()(const A&... a) const {
      constexpr std::size_t keywords = detail::keywords_among<A...>;
      auto place = detail::make_place<value>();
      writer& out = to_.begin();
      out.begin(kind::tuple, 3);
      out.string(name_);
      out.begin(kind::tuple, sizeof...(A) - keywords);
      (detail::write_positional(out, false, a), ...);
      out.end();
      out.begin(kind::dict, keywords);
      (detail::write_keyword(out, false, a), ...);
      out.end();
      out.end();
      to_.end(place);
      return later<value>(std::move(place));
    }

   private:
    friend class batch<void>;
    member(detail::batch_entries& to, std::string name) : to_(to), name_(std::move(name)) {}
    detail::batch_entries& to_;
    std::string name_;
  };
  member operator[](std::string name) { return {entries_, std::move(name)}; }
};
template <class T> batch(const proxy<T>&) -> batch<T>;

}  // namespace engine
