// See daemon_object.hpp.
#include <engine/object/daemon_object.hpp>

#include <engine/object/dispatch.hpp>
#include <engine/object/error.hpp>

namespace engine {

value daemon_object::get_metadata(std::string_view object_id, std::optional<bool> as_lists) const {
  const auto object = objects_.find(object_id);
  if (!object) throw daemon_error("unknown object");
  return metadata_of(*object->table, as_lists.value_or(false));
}

}  // namespace engine
