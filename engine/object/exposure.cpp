// See exposure.hpp.
#include <engine/object/exposure.hpp>

#include <algorithm>
#include <array>
#include <string>

#include <engine/object/error.hpp>

namespace engine {

namespace {

// Dunder names that stay private nevertheless (WIRE §8), sorted.
constexpr std::array<std::string_view, 47> private_dunders = {
    "__bool__", "__call__", "__class__", "__cmp__", "__coerce__", "__copy__", "__deepcopy__", "__del__", "__delattr__", "__dir__",
    "__enter__", "__eq__", "__exit__", "__format__", "__ge__", "__getattr__", "__getattribute__", "__getinitargs__",
    "__getnewargs__", "__getstate__", "__getstate_for_dict__", "__gt__", "__hasattr__", "__hash__", "__init__",
    "__init_subclass__", "__instancecheck__", "__le__", "__lt__", "__module__", "__ne__", "__new__", "__nonzero__", "__reduce__",
    "__reduce_ex__", "__repr__", "__setattr__", "__setstate__", "__setstate_from_dict__", "__sizeof__", "__str__",
    "__subclasscheck__", "__subclasshook__", "__unicode__", "__weakref__"};

[[noreturn]] void refuse(std::string_view before, std::string_view name, std::string_view after = "'") {
  std::string text(before);
  text.append(name).append(after);
  throw raised("AttributeError", {value(std::move(text))});
}

}  // namespace

bool is_private_name(std::string_view name) {
  if (!name.starts_with('_')) return false;
  const bool dunder = name.size() > 4 && name.starts_with("__") && name.ends_with("__");
  return !dunder || std::ranges::find(private_dunders, name) != private_dunders.end();
}

const method_entry& exposed_method(const interface_table& table, std::string_view name) {
  const method_entry* found = table.find_method(name);
  if (name.starts_with('_') && is_private_name(name)) refuse("attempt to access private attribute '", name);
  if (found) return *found;
  if (table.find_attribute(name)) refuse("attempt to access unexposed attribute '", name);
  refuse("'" + std::string(table.class_name()) + "' object has no attribute '", name);
}

const attribute_entry& exposed_attribute(const interface_table& table, std::string_view name, bool writing) {
  const attribute_entry* found = table.find_attribute(name);
  if (found && (!writing || found->set)) return *found;
  // What every Python object has is there, but not for callers.
  if (found || table.find_method(name) || std::ranges::find(private_dunders, name) != private_dunders.end())
    refuse("attempt to access unexposed or unknown remote attribute '", name);
  refuse("type object '" + std::string(table.class_name()) + "' has no attribute '", name);
}

value::dict metadata_of(const interface_table& table, bool as_lists) {
  value::list methods, oneway, attributes;
  for (const method_entry& m : table.methods()) {
    if (is_private_name(m.name)) continue;
    methods.push_back(std::string(m.name));
    if (m.traits.oneway) oneway.push_back(std::string(m.name));
  }
  for (const attribute_entry& a : table.attributes()) attributes.push_back(std::string(a.name));
  const auto shaped = [as_lists](value::list& names) -> value {
    if (as_lists) return std::move(names);
    value::set set;
    for (value& name : names) set.insert(std::move(name));
    return set;
  };
  value::dict meta;
  meta.set("methods", shaped(methods));
  meta.set("oneway", shaped(oneway));
  meta.set("attrs", shaped(attributes));
  return meta;
}

}  // namespace engine
