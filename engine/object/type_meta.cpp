// See type_meta.hpp.
#include <engine/object/type_meta.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <utility>

namespace engine::detail {

std::string dotted_name(const std::type_info& of) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> readable(abi::__cxa_demangle(of.name(), nullptr, nullptr, &status), std::free);
  std::string name = status == 0 ? readable.get() : of.name();
  // A namespace without a name has none on the network either.
  for (const auto& [what, instead] : {std::pair<std::string_view, std::string_view>{"(anonymous namespace)::", ""}, {"::", "."}})
    for (std::size_t at = 0; (at = name.find(what, at)) != std::string::npos; at += instead.size()) name.replace(at, what.size(), instead);
  return name;
}

}  // namespace engine::detail
