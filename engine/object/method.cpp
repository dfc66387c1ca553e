// See method.hpp.
#include <engine/object/method.hpp>

#include <algorithm>

namespace engine {

namespace {

template <class Entry> const Entry* find_by_name(const std::vector<Entry>& sorted, std::string_view name) {
  const auto at = std::ranges::lower_bound(sorted, name, {}, &Entry::name);
  return at != sorted.end() && at->name == name ? &*at : nullptr;
}

}  // namespace

interface_table::interface_table(std::string_view class_name, std::vector<method_entry> methods, std::vector<attribute_entry> attributes)
    : class_name_(class_name), methods_(std::move(methods)), attributes_(std::move(attributes)) {
  std::ranges::sort(methods_, {}, &method_entry::name);
  std::ranges::sort(attributes_, {}, &attribute_entry::name);
  any_suspends_ = std::ranges::any_of(methods_, &method_entry::suspends);
  any_blocks_ = std::ranges::any_of(methods_, [](const method_entry& m) { return m.traits.blocking; });
}

const method_entry* interface_table::find_method(std::string_view name) const { return find_by_name(methods_, name); }

const attribute_entry* interface_table::find_attribute(std::string_view name) const { return find_by_name(attributes_, name); }

}  // namespace engine
