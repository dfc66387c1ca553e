// The parts of reading a described struct that do not depend on the struct or the format.
#include <codec/shape.hpp>

namespace engine::detail {

namespace {

bool check_class(reader& in, std::string_view class_name) {
  std::string_view name;
  if (!in.read_string(name)) return false;
  if (name == class_name) return true;
  return in.fail(wire_class::type_error, "expected class " + std::string(class_name) + ", not " + std::string(name));
}

}  // namespace

std::size_t find_member(const member_table& table, std::string_view key) {
  for (std::size_t i = 0; i < table.members.size(); ++i) {
    if (same_text(table.members[i].name, key)) return i;
  }
  return table.members.size();
}

bool pass_member(reader& in, const member_table& table, std::string_view key) {
  if (!table.class_name.empty() && key == "__class__") return check_class(in, table.class_name);
  return in.skip();
}

}  // namespace engine::detail
