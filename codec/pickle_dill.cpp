// What dill writes of plain data in its own way: types of Python's own are called by name (_load_type("complex") where pickle has
// the global builtins.complex), and a range is its repr. Neither is more than that here: no name outside the fixed list is found,
// and no other repr is read.
#include <charconv>

#include <codec/pickle_machine.hpp>

namespace engine::detail::pickle {

bool machine::load_type(const arguments& a, cell& out) {
  if (a.size != 1 || !a[0].is(what::string)) return refuse_call("_load_type", "needs a name");
  return name_class("builtins", a[0].view(), out);
}

/// range(0, 3) or range(9, 0, -1), as Python writes it and not otherwise.
bool machine::eval_repr(const arguments& a, const cell& callee, cell& out) {
  constexpr std::string_view open = "range(", comma = ", ", close = ")";
  if (a.size != 1 || !a[0].is(what::string)) return refuse_call("_eval_repr", "needs a text");
  std::string_view rest = a[0].view();
  arguments bounds;
  for (std::string_view before = open; bounds.size < 3 && rest.starts_with(before); before = comma) {
    std::int64_t n = 0;
    const auto [end, fault] = std::from_chars(rest.data() + before.size(), rest.data() + rest.size(), n);
    if (fault != std::errc()) break;
    bounds.at[bounds.size++] = number(n);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  return bounds.size >= 2 && rest == close ? make_range(bounds, out) : not_allowed(callee.view());
}

}  // namespace engine::detail::pickle
