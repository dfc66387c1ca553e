// The parts of reading a described struct that do not depend on the struct.
#include <codec/shape.hpp>

namespace engine::detail {

std::size_t find_name(std::span<const std::string_view> names, std::string_view key) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (same_text(names[i], key)) return i;
  }
  return names.size();
}

bool check_class(reader& in, std::string_view class_name) {
  std::string_view name;
  if (!in.read_string(name)) return false;
  if (name == class_name) return true;
  return in.fail(wire_class::type_error, "expected class " + std::string(class_name) + ", not " + std::string(name));
}

}  // namespace engine::detail
