// The exception classes that programs have made known (error_class.hpp), by dynamic type when something was thrown here and by name
// when it was thrown elsewhere.
#pragma once

#include <exception>
#include <optional>

#include <engine/object/error.hpp>

namespace engine::detail {

/// What `thrown` is on the wire if its class, or else one that it derives from, is known.
std::optional<wire_exception> describe_known(const std::exception_ptr& thrown);
/// The exception of the known class of that name; nullptr if there is none, or its attributes do not fit.
std::exception_ptr make_known(const wire_exception&);

}  // namespace engine::detail
