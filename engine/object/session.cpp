// See session.hpp.
#include <engine/object/session.hpp>

#include <algorithm>

#include <engine/io/log.hpp>

namespace engine {

session_belongings::~session_belongings() = default;

std::shared_ptr<void> session_belongings::instance(const std::shared_ptr<const exposed_object>& of) {
  const std::scoped_lock lock(mutex_);
  for (const auto& [object, made] : instances_)
    if (object == of) return made;
  return instances_.emplace_back(of, of->create()).second;
}

void session_belongings::track(std::weak_ptr<void> resource, std::function<void(void*)> close) {
  const auto held = resource.lock();
  untrack(held.get());
  const std::scoped_lock lock(mutex_);
  // What is gone already need not be remembered: a connection that lives long must not collect the dead.
  std::erase_if(resources_, [](const tracked& t) { return t.resource.expired(); });
  resources_.push_back({std::move(resource), std::move(close)});
}

void session_belongings::untrack(const void* resource) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(resources_, [resource](const tracked& t) { return t.resource.lock().get() == resource; });
}

void session_belongings::close_resources(const std::string& peer) {
  std::vector<tracked> all;
  {
    const std::scoped_lock lock(mutex_);
    all.swap(resources_);
  }
  for (const tracked& t : all) {
    const auto still = t.resource.lock();
    if (!still) continue;
    try {
      t.close(still.get());
    } catch (const std::exception& e) {
      log_error("{}: closing a tracked resource failed: {}", peer, e.what());
    }
  }
}

}  // namespace engine
