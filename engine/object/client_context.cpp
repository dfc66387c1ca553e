// See client_context.hpp.
#include <engine/object/client_context.hpp>

#include <algorithm>
#include <cstring>

#include <engine/object/error.hpp>

namespace engine {

namespace {

constexpr std::string_view correlation = "CORR";
constexpr std::array<std::string_view, 10> own_keys = {correlation,         "HMAC",          "ENGN",          "ENGR",          memory_annotation, cancel_annotation,
                                                        deadline_annotation, keep_annotation, upon_annotation, early_annotation};

std::string_view as_text(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace

void detail::check_annotation_key(std::string_view key) {
  if (key.size() != 4) throw protocol_error("annotation key must be of length 4");
  if (std::ranges::any_of(key, [](char c) { return static_cast<unsigned char>(c) > 127; })) throw protocol_error("annotation key must be ASCII");
  if (std::ranges::find(own_keys, key) != own_keys.end()) throw protocol_error("annotation key " + std::string(key) + " is reserved");
}

void client_context::annotate(std::string_view key, std::span<const std::byte> value) {
  detail::check_annotation_key(key);
  const auto same = [&](const pair& p) { return std::string_view(p.key.data(), p.key.size()) == key; };
  auto at = std::ranges::find_if(said_, same);
  if (at == said_.end()) {
    if (said_.size() == most) throw protocol_error("more than " + std::to_string(most) + " annotations");
    pair& made = said_.emplace_back();
    std::memcpy(made.key.data(), key.data(), made.key.size());  // all four, as was checked
    at = said_.end() - 1;
  }
  at->value = as_text(value);
}

void client_context::remove(std::string_view key) {
  std::erase_if(said_, [&](const pair& p) { return std::string_view(p.key.data(), p.key.size()) == key; });
}

void client_context::clear() {
  said_.clear();
  id_.reset();
}

std::size_t client_context::write_to(std::span<annotation> room) const {
  std::size_t used = 0;
  if (id_) room[used++] = {correlation, *id_};
  for (const pair& p : said_) room[used++] = {{p.key.data(), p.key.size()}, std::as_bytes(std::span(p.value))};
  return used;
}

std::optional<std::string_view> incoming_context::text(std::string_view key) const {
  const auto found = annotation(key);
  return found ? std::optional(as_text(*found)) : std::nullopt;
}

std::optional<correlation_uuid> incoming_context::correlation_id() const {
  const auto found = annotation(correlation);
  correlation_uuid id;
  if (!found || found->size() != id.size()) return std::nullopt;
  std::ranges::copy(*found, id.begin());
  return id;
}

void incoming_context::hear(const annotation_view& said) {
  if (said.empty() && chunks_.empty()) return;
  chunks_ = as_text(said.bytes());
}

namespace {
// Where they are is asked at every call, and a thread_local that has to be made is found by a call of its own in a shared library.
[[gnu::tls_model("initial-exec")]] constinit thread_local client_context* outgoing = nullptr;
[[gnu::tls_model("initial-exec")]] constinit thread_local incoming_context* heard = nullptr;

/// A thread's own, known by a pointer while it lives: what else ends with the thread may still call.
template <class Context> struct known_by {
  explicit known_by(Context*& pointer) : known(pointer) { known = &mine; }
  ~known_by() { known = nullptr; }
  known_by(const known_by&) = delete;
  known_by& operator=(const known_by&) = delete;
  Context*& known;
  Context mine{};
};

[[gnu::cold]] client_context& make_outgoing() {
  thread_local known_by<client_context> made(outgoing);
  return made.mine;
}
[[gnu::cold]] incoming_context& make_heard() {
  thread_local known_by<incoming_context> made(heard);
  return made.mine;
}
}  // namespace

client_context& outgoing_context() { return outgoing ? *outgoing : make_outgoing(); }
incoming_context& answer_context() { return heard ? *heard : make_heard(); }

bool detail::nothing_said_along() { return !outgoing || outgoing->empty(); }

}  // namespace engine
