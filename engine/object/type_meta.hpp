// What an object is, as tags for the name server, so that others find one of its class: PYROMETA:class:shop.Warehouse.
//   daemon.expose(warehouse, engine::enrolled_as{.name = "shop.east", .tags = engine::type_meta<shop::Warehouse, shop::Store>()});
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <vector>

namespace engine {

namespace detail {
/// "shop.Warehouse" of shop::Warehouse.
std::string dotted_name(const std::type_info&);
}  // namespace detail

/// One tag for T, and for each of the bases it shall also be found as (C++ cannot list them): `prefix` and the name with its namespaces, dots
/// between them. Pyro's type_meta gives the same for a Python class of that name in a module of that name.
template <class T, class... Bases> std::vector<std::string> type_meta(std::string_view prefix = "class:") {
  static_assert((std::is_base_of_v<Bases, T> && ...), "type_meta<T, Bases…>: each must be a base of T");
  return {std::string(prefix) + detail::dotted_name(typeid(T)), (std::string(prefix) + detail::dotted_name(typeid(Bases)))...};
}

}  // namespace engine
