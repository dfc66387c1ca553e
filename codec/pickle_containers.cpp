// The opcodes that gather what is on the stack: tuples, lists, sets, dicts, and the check that keys are hashable.
#include <codec/pickle_machine.hpp>

namespace engine::detail::pickle {

origin machine::unhashable_part(const cell& c) const {
  const auto noted = static_cast<origin>(c.note);
  switch (c.type) {
    case what::list: return noted == origin::plain ? origin::list : noted;
    case what::dict: return origin::dict;
    case what::set: return origin::set;
    case what::bytes: return noted;
    case what::tuple: return tree_.containers[c.index].unhashable;
    default: return origin::plain;
  }
}

origin machine::first_unhashable(std::span<const cell> members) const {
  for (const cell& member : members)
    if (const origin part = unhashable_part(member); part != origin::plain) return part;
  return origin::plain;
}

/// Every `each`-th member is to be a key.
bool machine::check_keys(std::span<const cell> members, std::size_t each) {
  for (std::size_t i = 0; i < members.size(); i += each) {
    if (members[i].is(what::string)) continue;
    std::string_view name;
    switch (unhashable_part(members[i])) {
      case origin::list: name = "list"; break;
      case origin::dict: name = "dict"; break;
      case origin::set: name = "set"; break;
      case origin::bytearray: name = "bytearray"; break;
      case origin::deque: name = "collections.deque"; break;
      case origin::array: name = "array.array"; break;
      default: continue;
    }
    return fail(wire_class::type_error, "unhashable type: '" + std::string(name) + "'");
  }
  return true;
}

/// Its members come next, most often, behind a mark.
bool machine::load_empty(what type) {
  if (!room_for(0) || !push(indexed(type, tree_.make(type)))) return false;
  if (at_ != end_ && *at_ == op::mark) ++at_, load_mark();
  return true;
}

/// The members are on the stack from there on, and are replaced by the tuple.
bool machine::load_tuple(std::size_t from) {
  const auto members = above(from);
  if (!room_for(members.size())) return false;
  const auto made = tree_.make(what::tuple, members);
  tree_.containers[made].unhashable = first_unhashable(members);
  stack_.shrink(from);
  return push(indexed(what::tuple, made));
}

bool machine::load_short_tuple(std::size_t size) {
  if (stack_.size() < fence_ + size) return underflow();
  return load_tuple(stack_.size() - size);
}

bool machine::load_list() {
  std::size_t from = 0;
  if (!take_mark(from) || !room_for(stack_.size() - from)) return false;
  const auto made = tree_.make(what::list, above(from));
  stack_.shrink(from);
  return push(indexed(what::list, made));
}

bool machine::load_dict() {
  std::size_t from = 0;
  if (!take_mark(from)) return false;
  const auto members = above(from);
  if (members.size() % 2 != 0) return fail(wire_class::unpickling_error, "odd number of items for DICT");
  if (!room_for(members.size()) || !check_keys(members, 2)) return false;
  const auto made = tree_.make(what::dict, members);
  stack_.shrink(from);
  return push(indexed(what::dict, made));
}

bool machine::load_frozenset() {
  std::size_t from = 0;
  if (!take_mark(from) || !room_for(stack_.size() - from) || !check_keys(above(from), 1)) return false;
  const auto made = tree_.make(what::frozenset, above(from));
  stack_.shrink(from);
  return push(indexed(what::frozenset, made));
}

/// What is on the stack from there on goes into the list below.
bool machine::append_from(std::size_t from) {
  if (from > stack_.size() || from <= fence_) return underflow();
  if (from == stack_.size()) return true;
  const cell& list = stack_[from - 1];
  if (!list.is(what::list))
    return fail(wire_class::attribute_error, "'" + std::string(type_name(list)) + "' object has no attribute 'append'");
  if (static_cast<origin>(list.note) == origin::array && !check_numbers(above(from))) return false;
  container& members = tree_.containers[list.index];
  if (!room_for(stack_.size() - from, members.size)) return false;
  tree_.extend(members, above(from));
  stack_.shrink(from);
  return true;
}

/// Python would let an item of a list be set, but no pickler does. A deque and an array have words of their own.
bool machine::refuse_index(const cell& list, const cell& index) {
  if (index.is(what::big_integer)) return fail("builtins.IndexError", "cannot fit 'int' into an index-sized integer");
  const auto of = static_cast<origin>(list.note);
  if (!is_whole(index)) {
    if (of == origin::array) return fail(wire_class::type_error, "array indices must be integers");
    const std::string given(type_name(index));
    return fail(wire_class::type_error, of == origin::deque ? "sequence index must be integer, not '" + given + "'"
                                                            : "list indices must be integers or slices, not " + given);
  }
  const auto size = static_cast<std::int64_t>(tree_.containers[list.index].size);
  const bool inside = index.integer < 0 ? index.integer >= -size : index.integer < size;
  if (inside) return fail(wire_class::type_error, "pickle: an item of a list is set");
  const char* const named = of == origin::deque ? "deque" : of == origin::array ? "array assignment" : "list assignment";
  return fail("builtins.IndexError", std::string(named) + " index out of range");
}

bool machine::set_items_from(std::size_t from) {
  if (from > stack_.size() || from <= fence_) return underflow();
  const auto members = above(from);
  if (members.empty()) return true;
  if (members.size() % 2 != 0) return fail(wire_class::unpickling_error, "odd number of items for SETITEMS");
  const cell& dict = stack_[from - 1];
  if (dict.is(what::list)) return refuse_index(dict, members[0]);
  if (!dict.is(what::dict))
    return fail(wire_class::type_error, "'" + std::string(type_name(dict)) + "' object does not support item assignment");
  container& entries = tree_.containers[dict.index];
  if (!check_keys(members, 2) || !room_for(members.size(), entries.size)) return false;
  tree_.extend(entries, members);
  stack_.shrink(from);
  return true;
}

bool machine::add_items() {
  std::size_t from = 0;
  if (!take_mark(from)) return false;
  if (from > stack_.size() || from <= fence_) return underflow();
  if (from == stack_.size()) return true;
  const cell& set = stack_[from - 1];
  if (!set.is(what::set)) return fail(wire_class::attribute_error, "'" + std::string(type_name(set)) + "' object has no attribute 'add'");
  container& members = tree_.containers[set.index];
  if (!check_keys(above(from), 1) || !room_for(stack_.size() - from, members.size)) return false;
  tree_.extend(members, above(from));
  stack_.shrink(from);
  return true;
}

}  // namespace engine::detail::pickle
