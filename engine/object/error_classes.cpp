// See error_classes.hpp.
#include <engine/object/error_classes.hpp>

#include <algorithm>
#include <mutex>
#include <ranges>
#include <shared_mutex>
#include <vector>

#include <codec/serializer.hpp>
#include <engine/object/error_class.hpp>

namespace engine::detail {

namespace {

struct known_classes {
  std::shared_mutex mutex;
  std::vector<const error_class*> all;  // in the order they came
};
known_classes& known() {
  static known_classes one;
  return one;
}

const error_class* class_of(const std::exception& e) {
  const auto& all = known().all;
  const auto exactly = std::ranges::find_if(all, [&](const error_class* c) { return c->is_exactly(typeid(e)); });
  if (exactly != all.end()) return *exactly;
  // A derived class that is not known: a base is declared before what is made of it, so the last one says most.
  for (const error_class* c : all | std::views::reverse)
    if (c->holds(e)) return c;
  return nullptr;
}

// It came from a third program and goes on: with what happened there.
std::vector<std::string> traceback_within(const std::exception& e) {
  try {
    std::rethrow_if_nested(e);
  } catch (const error& cause) {
    return cause.described().traceback;
  } catch (...) {
  }
  return {};
}

}  // namespace

void know_error_class(const error_class& c) {
  const std::unique_lock lock(known().mutex);
  known().all.push_back(&c);
}

void forget_error_class(const error_class& c) {
  const std::unique_lock lock(known().mutex);
  std::erase(known().all, &c);
}

std::optional<wire_exception> describe_known(const std::exception_ptr& thrown) {
  const std::shared_lock lock(known().mutex);
  if (known().all.empty()) return std::nullopt;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    const error_class* const c = class_of(e);
    if (!c) return std::nullopt;
    wire_exception described = c->describe(e);
    if (described.traceback.empty()) described.traceback = traceback_within(e);
    return described;
  } catch (...) {
    return std::nullopt;
  }
}

std::exception_ptr make_known(const wire_exception& e) {
  const std::shared_lock lock(known().mutex);
  for (const error_class* c : known().all | std::views::reverse) {
    if (c->name() != e.type) continue;
    try {
      return c->make(e);
    } catch (const bad_value&) {
      return nullptr;
    }
  }
  return nullptr;
}

value value_by(void (*encode)(writer&, const void*), const void* object) {
  output bytes;
  const auto out = pickle().make_writer();  // the format that keeps every kind apart
  out->start(bytes);
  encode(*out, object);
  if (!out->ok()) throw bad_value(out->error().type, out->error().text);
  const auto in = pickle().make_reader();
  value made;
  std::vector<std::byte> whole;
  bytes.each_since({}, [&](std::span<const std::byte> run) { whole.insert(whole.end(), run.begin(), run.end()); });
  in->start(whole);
  if (!decode(*in, made)) throw bad_value(in->error().type, in->error().text);
  return made;
}

}  // namespace engine::detail
