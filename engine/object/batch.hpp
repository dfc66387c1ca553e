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

#include <engine/object/later.hpp>
#include <engine/object/proxy.hpp>

namespace engine {

namespace detail {

/// What was called so far: the entries, encoded one behind the other, and the places of their results.
class batch_entries {
 public:
  explicit batch_entries(std::shared_ptr<remote> to) : to_(std::move(to)) {}
  /// Where the next entry is written; connects if the serializer is not known yet.
  writer& begin();
  /// The same behind another entry of msgpack; nullptr: it is not so, use begin().
  msgpack_writer* begin_another() {
    if (places_.empty() || !writer_->ok() || written_.here().own != whole_.own) [[unlikely]] return nullptr;
    return writer_->as_msgpack();
  }
  /// The entry is complete; gives the place of its result. Throws what cannot be sent; the entry is then taken back.
  template <class R> later<R> end() {
    if (!writer_->ok()) [[unlikely]] refuse();
    auto place = places_.add<R>();
    whole_ = written_.here();
    return place;
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
  written write(const line&);
  /// The end of a future whose batch this is.
  void conclude(future_result<void>&, std::exception_ptr);
  void clear();
  void give_up(const std::exception_ptr& why);
  bool read_results(reader& in, std::span<const std::byte> payload);
  /// The same of msgpack, if every result is in a short form. False: read_results() reads them, from the beginning.
  bool read_plainly(std::span<const std::byte> payload);
  bool read_as_values(reader& in, later_cursor from);
  bool end_results(reader& in, later_cursor behind, bool ended);

  std::shared_ptr<remote> to_;
  const serializer* format_ = nullptr;
  std::unique_ptr<writer> writer_{};
  output written_{};
  output::mark whole_{};  // what is behind it belongs to an entry whose argument threw
  later_places places_{};
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
    if (msgpack_writer* const another = entries_.begin_another()) {
      detail::write_entry<T, Member>(*another, a...);
    } else {
      writer& out = entries_.begin();
      if (msgpack_writer* const direct = out.as_msgpack()) detail::write_entry<T, Member>(*direct, a...);
      else detail::write_entry<T, Member>(out, a...);
    }
    return entries_.end<typename shape::result>();
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
      return to_.end<value>();
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
