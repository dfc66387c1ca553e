// See registry.hpp.
#include <engine/object/registry.hpp>

#include <algorithm>

#include <engine/object/error.hpp>

namespace engine {

std::shared_ptr<void> instance_store::at(std::size_t place, const std::function<std::shared_ptr<void>()>& create) {
  const std::scoped_lock lock(mutex_);
  auto& made = made_[place];
  if (!made) made = create();
  return made;
}

void registry::add(exposed_object entry, bool force) {
  const std::scoped_lock lock(mutex_);
  if (any_weak_) forget_dead();
  any_weak_ = any_weak_ || entry.weak;
  if (!force) {
    if (objects_.contains(entry.id)) throw daemon_error("an object or class is already registered with that id");
    if (ids_.contains(entry.key())) throw daemon_error("object or class already has a Pyro id");
  }
  if (const auto old = objects_.find(entry.id); old != objects_.end()) {
    forget_id(*old->second);
  } else {
    order_.push_back(entry.id);
  }
  ids_.insert_or_assign(entry.key(), entry.id);
  auto kept = std::make_shared<const exposed_object>(std::move(entry));
  objects_.insert_or_assign(kept->id, kept);
  version_.fetch_add(1, std::memory_order_release);
}

// An object that was forced to a second id is known by that one.
void registry::forget_id(const exposed_object& entry) {
  if (const auto known = ids_.find(entry.key()); known != ids_.end() && known->second == entry.id) ids_.erase(known);
}

void registry::remove(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  forget(id);
}

void registry::forget(std::string_view id) {
  const auto at = objects_.find(id);
  if (at == objects_.end()) return;
  forget_id(*at->second);
  std::erase(order_, at->first);
  objects_.erase(at);
  version_.fetch_add(1, std::memory_order_release);
}

void registry::remove_object(const void* object) {
  if (const auto id = id_of(object)) remove(std::string_view(*id));
}

std::shared_ptr<const exposed_object> registry::find(std::string_view id) const {
  const std::scoped_lock lock(mutex_);
  const auto at = objects_.find(id);
  if (at == objects_.end() || (at->second->weak && at->second->weak_owner.expired())) return nullptr;
  return at->second;
}

std::optional<std::string> registry::id_of(const void* object) const {
  const std::scoped_lock lock(mutex_);
  const auto at = ids_.find(object);
  return at == ids_.end() ? std::nullopt : std::optional(at->second);
}

// Objects that were registered weakly and have gone: their ids, and their addresses, may come again.
void registry::forget_dead() {
  std::vector<std::string> dead;
  for (const auto& [id, o] : objects_)
    if (o->weak && o->weak_owner.expired()) dead.push_back(id);
  for (const std::string& id : dead) forget(id);
}

std::vector<std::string> registry::ids() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> all;
  for (const std::string& id : order_) {
    const auto& o = *objects_.find(id)->second;
    if (!o.weak || !o.weak_owner.expired()) all.push_back(id);
  }
  return all;
}

std::size_t registry::size() const {
  const std::scoped_lock lock(mutex_);
  return order_.size();
}

}  // namespace engine
