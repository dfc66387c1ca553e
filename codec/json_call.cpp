// The envelope of a call is a dict, so its parts may come in any order and among others. In the order Pyro writes them they are
// read as they come; else the whole text is walked once, the parts are remembered, and reading jumps to them.
#include <codec/json_reader.hpp>

#include <algorithm>

namespace engine::detail {

namespace {

enum part : std::size_t { params, kwargs, object_name, method_name };
constexpr std::array<std::string_view, 4> names{"params", "kwargs", "object", "method"};  // as Pyro asks for them

std::size_t part_of(std::string_view key) { return static_cast<std::size_t>(std::ranges::find(names, key) - names.begin()); }

}  // namespace

bool json_reader::next_key(std::string_view& key) { return more() && read_string(key); }

/// Whether the next entry is a text by that name; consumes it.
bool json_reader::next_is(std::string_view name, std::string_view& out) {
  std::string_view key;
  return next_key(key) && key == name && peek() == kind::string && read_string(out);
}

bool json_reader::begin_call(std::string_view& object, std::string_view& method) {
  const mark start = here();
  std::size_t hint = 0;
  const kind k = peek();
  if (!ok()) return false;
  if (k != kind::dict) return refuse_call(k);
  std::string_view key;
  const bool ordered = enter_dict(hint) && next_is(names[object_name], object) && next_is(names[method_name], method) &&
                       next_key(key) && key == names[params];
  if (ordered || !ok()) return ordered;
  rewind(start);
  return locate() && read_string(object) && (rewind(parts_[method_name]), read_string(method)) && (rewind(parts_[params]), true);
}

/// Walks the whole call, and stops at the object's name.
bool json_reader::locate() {
  std::size_t hint = 0;
  std::array<bool, 4> found{};
  if (!enter_dict(hint)) return false;
  for (std::string_view key; next_key(key);) {
    if (const std::size_t which = part_of(key); which < names.size()) {
      parts_[which] = here();
      found[which] = true;
    }
    if (!skip()) return false;
  }
  if (!finish()) return false;
  const auto missing = std::ranges::find(found, false);
  if (missing != found.end()) return fail(wire_class::key_error, std::string(names[static_cast<std::size_t>(missing - found.begin())]));
  located_ = true;
  behind_ = here();
  closers_.push_back('}');
  rewind(parts_[object_name]);
  return true;
}

/// In the words of data["params"], once the text is known to be whole.
bool json_reader::refuse_call(kind k) {
  if (!skip() || !finish()) return false;
  if (k == kind::list) return fail(wire_class::type_error, "list indices must be integers or slices, not str");
  if (k == kind::string) return fail(wire_class::type_error, "string indices must be integers, not 'str'");
  return fail(wire_class::type_error, "'" + std::string(python_name(k)) + "' object is not subscriptable");
}

/// Passes an entry that means nothing. One that means something would have to replace what has been used already.
bool json_reader::pass_key(std::string_view key) {
  if (part_of(key) < names.size()) return fail(wire_class::value_error, "'" + std::string(key) + "' is given twice in one call");
  return skip();
}

bool json_reader::begin_keywords() {
  if (!ok()) return false;
  if (located_) return rewind(parts_[kwargs]), true;
  for (std::string_view key; next_key(key);) {
    if (key == names[kwargs]) return true;
    if (!pass_key(key)) return false;
  }
  return finish() && fail(wire_class::key_error, std::string(names[kwargs]));
}

bool json_reader::end_call() {
  if (!ok()) return false;
  if (located_) return rewind(behind_), true;
  for (std::string_view key; next_key(key);) {
    if (!pass_key(key)) return false;
  }
  return finish();
}

}  // namespace engine::detail
