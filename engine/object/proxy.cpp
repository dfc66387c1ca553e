// See proxy.hpp.
#include <engine/object/proxy.hpp>

#include <algorithm>

namespace engine {

value dynamic_member::finish(detail::remote::lock& held, std::uint16_t sequence, bool oneway) const {
  if (oneway) {
    to_->dispatch(held, to_->deadline());
    return {};
  }
  detail::waiting_reply<value> answer(*to_);
  to_->exchange(held, answer, sequence, to_->deadline());
  return answer.take();
}

value dynamic_member::call(const value::list& arguments, const value::dict& keywords) const {
  auto held = to_->acquire();
  detail::remote::request request(*to_, name_, arguments.size(), 0);
  for (const value& v : arguments) encode(request.arguments(), v);
  request.keywords(keywords.size());
  for (const auto& [key, item] : keywords) {
    encode(request.arguments(), key);
    encode(request.arguments(), item);
  }
  const bool oneway = request.oneway();
  return finish(held, request.finish(), oneway);
}

value dynamic_member::get() const {
  auto held = to_->acquire();
  to_->check(name_, true);
  detail::remote::request request(*to_, "__getattr__", 1, 0);
  request.arguments().string(name_);
  request.no_keywords();
  return finish(held, request.finish(), false);
}

void dynamic_member::set(const value& v) const {
  auto held = to_->acquire();
  to_->check(name_, true);
  detail::remote::request request(*to_, "__setattr__", 2, 0);
  request.arguments().string(name_);
  encode(request.arguments(), v);
  request.no_keywords();
  finish(held, request.finish(), false);
}

offered_members members_of(detail::remote& r) {
  offered_members all;
  for (const auto& [name, what] : r.offered()) {
    if (what.method) all.methods.push_back(name);
    if (what.oneway) all.oneway.push_back(name);
    if (what.attribute) all.attributes.push_back(name);
  }
  for (auto* names : {&all.methods, &all.oneway, &all.attributes}) std::ranges::sort(*names);
  return all;
}

}  // namespace engine
