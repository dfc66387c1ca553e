// Exception classes of the user, known on both sides under one name:
//   struct out_of_stock : std::runtime_error {
//     using std::runtime_error::runtime_error;
//     int left = 0;
//   };
//   ENGINE_EXPOSE_ERROR(out_of_stock, "warehouse.OutOfStock", left)
// A method that throws one is answered with that class name (a Python caller registers it with register_dict_to_class), and whoever
// gets that name, from C++ or Python, has an out_of_stock thrown. What is thrown is found by its dynamic type, so this, unlike
// ENGINE_EXPOSE, does register something: a constant at namespace scope, for as long as its program or library is loaded.
#pragma once

#include <concepts>
#include <exception>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <codec/each.hpp>
#include <engine/object/error.hpp>

namespace engine {
namespace detail {

/// A C++ exception class that travels under a name.
class error_class {
 public:
  virtual std::string_view name() const = 0;
  /// Whether it is this class to the last detail; whether it is at least derived from it.
  virtual bool is_exactly(const std::type_info&) const = 0;
  virtual bool holds(const std::exception&) const = 0;
  virtual wire_exception describe(const std::exception&) const = 0;
  /// Throws bad_value where an attribute does not fit its member.
  virtual std::exception_ptr make(const wire_exception&) const = 0;

 protected:
  error_class() = default;
  ~error_class() = default;
};

/// Any thread. A class is known until forget_error_class().
void know_error_class(const error_class&);
void forget_error_class(const error_class&);

/// Anything that can be encoded, as a value.
value value_by(void (*encode)(writer&, const void*), const void* object);
template <class T> value value_of(const T& x) {
  return value_by([](writer& out, const void* from) { engine::encode(out, *static_cast<const T*>(from)); }, &x);
}

/// What is thrown for an exception class that is none of ours: that class, and nested in it (std::rethrow_if_nested) the `raised` with
/// the traceback of the other side.
template <class Error> struct thrown_remotely final : Error, std::nested_exception {
  explicit thrown_remotely(Error e) : Error(std::move(e)) {}
};

template <auto Member> struct error_member {
  static constexpr auto pointer = Member;
  std::string_view name;
};

template <class Error, class... Members> class known_error_class final : public error_class {
  static_assert(std::derived_from<Error, std::exception>, "an exception that travels is derived from std::exception");
  static_assert(std::constructible_from<Error, const wire_exception&> || std::constructible_from<Error, std::string> ||
                    std::default_initializable<Error>,
                "an exception that travels is made from its text: it needs a constructor that takes a std::string (or nothing)");
  static constexpr bool ours = std::derived_from<Error, error>;

 public:
  known_error_class(std::type_identity<Error>, std::string_view name, Members... members) : name_(name), members_(members...) {
    know_error_class(*this);
  }
  ~known_error_class() { forget_error_class(*this); }
  known_error_class(const known_error_class&) = delete;
  known_error_class& operator=(const known_error_class&) = delete;

  std::string_view name() const override { return name_; }
  bool is_exactly(const std::type_info& type) const override {
    if constexpr (!ours && !std::is_final_v<Error>) {
      if (type == typeid(thrown_remotely<Error>)) return true;
    }
    return type == typeid(Error);
  }
  bool holds(const std::exception& e) const override { return dynamic_cast<const Error*>(&e) != nullptr; }

  wire_exception describe(const std::exception& e) const override {
    const Error& mine = dynamic_cast<const Error&>(e);
    wire_exception described;
    if constexpr (ours) described = mine.described();
    else if (const char* text = mine.what(); text && *text) described.args.push_back(value(text));
    described.type = name_;
    std::apply([&](const auto&... m) { (described.attributes.set(m.name, value_of(mine.*std::decay_t<decltype(m)>::pointer)), ...); }, members_);
    return described;
  }

  std::exception_ptr make(const wire_exception& e) const override {
    Error made = begin(e);
    std::apply([&](const auto&... m) { (read(e, m.name, made.*std::decay_t<decltype(m)>::pointer), ...); }, members_);
    if constexpr (ours || std::is_final_v<Error>) {
      return std::make_exception_ptr(std::move(made));
    } else {
      try {
        throw raised(e);
      } catch (...) {
        return std::make_exception_ptr(thrown_remotely<Error>(std::move(made)));  // keeps what is being handled
      }
    }
  }

 private:
  static Error begin(const wire_exception& e) {
    if constexpr (std::constructible_from<Error, const wire_exception&>) return Error(e);
    else if constexpr (std::constructible_from<Error, std::string>) return Error(e.text());
    else return Error();
  }
  template <class T> static void read(const wire_exception& e, std::string_view name, T& member) {
    if (const value* held = e.attributes.find(name)) member = held->as<T>();
  }

  std::string_view name_;
  std::tuple<Members...> members_;
};

}  // namespace detail
}  // namespace engine

#define ENGINE_ERROR_MEMBER_(Class, name) ::engine::detail::error_member<&Class::name>{#name}

/// `Class`: derived from std::exception, its name without a namespace; made from the exception's text by a constructor that takes a
/// std::string (or, to keep arguments and traceback, derived from engine::raised with its constructors). `wire_name`: a string literal,
/// "module.Class". Further: public members that travel as attributes of the exception; what does not come keeps its default.
/// One line after the class, in its namespace. An exception whose attributes do not fit arrives as engine::raised.
#define ENGINE_EXPOSE_ERROR(Class, wire_name, ...)                          \
  inline const ::engine::detail::known_error_class engine_error_class_##Class{ \
      ::std::type_identity<Class>{}, wire_name __VA_OPT__(, ENGINE_EACH_COMMA(ENGINE_ERROR_MEMBER_, Class, __VA_ARGS__))};
