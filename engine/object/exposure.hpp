// What callers may reach (WIRE §8): which names are private, what a class tells about itself, and the words in which Pyro's server
// refuses the rest.
#pragma once

#include <string_view>

#include <codec/value.hpp>
#include <engine/object/method.hpp>

namespace engine {

/// Pyro's rule for names that are never remote.
bool is_private_name(std::string_view name);

/// {"methods": …, "oneway": …, "attrs": …} of an exposed class (WIRE §3.2), as lists or as sets.
value::dict metadata_of(const interface_table&, bool as_lists);

/// The method callers mean. Throws raised AttributeError for private and unknown names.
const method_entry& exposed_method(const interface_table&, std::string_view name);
/// The attribute callers mean, for reading or, then it may be assigned, for writing. Throws likewise.
const attribute_entry& exposed_attribute(const interface_table&, std::string_view name, bool writing);

}  // namespace engine
