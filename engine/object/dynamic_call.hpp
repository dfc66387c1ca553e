// Calls of members nothing is known about in advance, in any style: what a dynamic proxy's operator[] gives.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <codec/convert.hpp>
#include <codec/value.hpp>
#include <engine/object/call_styles.hpp>

namespace engine {

/// A keyword argument of a dynamic call: anything["f"](1, kw("name", "Ann")).
template <class T> struct keyword {
  std::string_view name;
  const T& value;
};
template <class T> keyword<T> kw(std::string_view name, const T& value) { return {name, value}; }

namespace detail {

template <class A> inline constexpr bool is_keyword = false;
template <class T> inline constexpr bool is_keyword<keyword<T>> = true;
template <class... A> inline constexpr std::size_t keywords_among = (std::size_t{0} + ... + (is_keyword<A> ? 1 : 0));

/// `stays`: as of encode_argument().
template <class A> void write_positional(writer& out, bool stays, const A& a) {
  if constexpr (is_keyword<A>) return;
  else if (stays) encode_borrowed(out, a);
  else encode(out, a);
}
template <class A> void write_keyword(writer& out, bool stays, const A& a) {
  if constexpr (is_keyword<A>) {
    out.string(a.name);
    write_positional(out, stays, a.value);
  }
}

// With everything in values, and attributes.
written write_call_of_values(const line&, std::string_view name, const value::list& arguments, const value::dict& keywords);
written write_attribute_read(const line&, std::string_view name);
written write_attribute_assignment(const line&, std::string_view name, const value&);

template <class Style> class dynamic_member {
 public:
  dynamic_member(std::shared_ptr<remote> to, std::string name, Style style) : to_(std::move(to)), name_(std::move(name)), style_(style) {}

  /// Calls it: any arguments convert.hpp knows, and kw(name, value) after them.
  template <class... A> auto operator()(const A&... a) const { return call_for<value>(a...); }
  /// The same for a method that answers with a stream.
  template <class... A> auto stream(const A&... a) const { return call_for<engine::stream<value>>(a...); }
  /// The same, and the answer is passed on undecoded (serialized_result.hpp).
  template <class... A> auto raw(const A&... a) const { return call_for<serialized_result>(a...); }
  /// The same with everything in values. R: value_or_stream where it may answer with either.
  template <class R = value> auto call(const value::list& arguments, const value::dict& keywords) const {
    return style_.template call<R>(to_, [&](const line& on) { return write_call_of_values(on, name_, arguments, keywords); });
  }
  /// Reads it as an attribute. R: as for call().
  template <class R = value> auto get() const {
    return style_.template call<R>(to_, [&](const line& on) { return write_attribute_read(on, name_); });
  }
  /// Reads an attribute that is a stream.
  auto get_stream() const {
    return style_.template call<engine::stream<value>>(to_, [&](const line& on) { return write_attribute_read(on, name_); });
  }
  /// Assigns it as an attribute.
  auto set(const value& v) const {
    return style_.template call<void>(to_, [&](const line& on) { return write_attribute_assignment(on, name_, v); });
  }

 private:
  template <class R, class... A> auto call_for(const A&... a) const {
    return style_.template call<R>(to_, [&](const line& on) {
      if constexpr ((... || is_blob<A>)) return write_only_blob(on, a...);
      else return write_ordinary(on, a...);
    });
  }
  template <class... A> written write_only_blob(const line& on, const A&... a) const {
    static_assert(sizeof...(A) == 1, "if serialized_blob is used, it must be the only argument");
    return write_blob_call(on, name_, a...);
  }
  template <class... A> written write_ordinary(const line& on, const A&... a) const {
    constexpr std::size_t keywords = keywords_among<A...>;
    if constexpr ((written_once<A> || ...)) on.talk.wait_for_welcome();
    request made(on, name_, sizeof...(A) - keywords);
    (write_positional(made.arguments(), on.stays, a), ...);
    made.keywords(keywords);
    (write_keyword(made.arguments(), on.stays, a), ...);
    return made.finish();
  }

  std::shared_ptr<remote> to_;
  std::string name_;
  Style style_;
};

}  // namespace detail
}  // namespace engine
