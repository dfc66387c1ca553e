// See call_context.hpp.
#include <engine/object/call_context.hpp>

#include <algorithm>
#include <chrono>
#include <functional>

#include <codec/endian.hpp>
#include <codec/serializer.hpp>
#include <engine/link/uuid.hpp>
#include <engine/object/client_context.hpp>
#include <engine/object/dispatch.hpp>
#include <engine/object/error.hpp>
#include <engine/object/session.hpp>

namespace engine {

namespace {
// Always at hand: a few bytes of the thread itself, not looked up by the dynamic linker at every call.
[[gnu::tls_model("initial-exec")]] thread_local call_context* served = nullptr;
constexpr std::size_t attached_max = 65'000;  // a frame's annotations end at 65,535
}  // namespace

call_context* current_call() { return served; }

call_context& this_call() {
  if (!served) throw error("not in a remote call");
  return *served;
}

detail::serving::serving(call_context& c) : outer_(std::exchange(served, &c)) {}
detail::serving::~serving() { served = outer_; }

const std::string& call_context::peer() const { return from_.peer; }
int call_context::descriptor() const { return from_.socket; }
std::uint64_t call_context::connection() const { return from_.id; }

std::string_view call_context::object_id() const { return from_.object ? std::string_view(from_.object->id) : std::string_view(); }

std::string_view call_context::serializer() const {
  const engine::serializer* format = find_serializer_48(request_.serializer);
  return format ? std::string_view(format->name) : std::string_view();
}

std::span<const std::byte> call_context::correlation_bytes() const {
  if (const auto id = request_.annotations.find("CORR")) return *id;
  if (!made_id_) made_id_ = random_uuid();
  return *made_id_;
}

bool call_context::cancelled() const {
  if (from_.cancelled && from_.cancelled->requested()) return true;
  const auto by = deadline();
  return by && now_here() >= *by;
}

std::stop_token call_context::stop_token() const { return from_.cancelled ? from_.cancelled->token() : std::stop_token(); }

std::string call_context::correlation_id() const { return uuid_text(correlation_bytes()); }

std::optional<time_point> call_context::deadline() const {
  if (!from_.own_peer) return std::nullopt;
  const auto left = request_.annotations.find(deadline_annotation);
  if (!left || left->size() != 8) return std::nullopt;
  std::uint64_t microseconds = 0;
  for (const std::byte b : *left) microseconds = microseconds << 8 | std::to_integer<std::uint64_t>(b);
  constexpr std::uint64_t year = 31'536'000'000'000;
  return from_.heard + std::chrono::microseconds(std::min(microseconds, year));
}

void call_context::annotate(std::string_view key, std::span<const std::byte> bytes) {
  detail::check_annotation_key(key);
  std::size_t sum = bytes.size();
  if (!extras_) extras_ = std::make_unique<extras>();
  auto& attached = extras_->attached;
  for (const auto& [other, value] : attached) sum += other == key ? 0 : value.size() + 6;
  if (sum > attached_max) throw protocol_error("annotations of an answer are at most " + std::to_string(attached_max) + " bytes");
  std::erase_if(attached, [key](const auto& a) { return a.first == key; });
  attached.emplace_back(std::string(key), std::vector<std::byte>(bytes.begin(), bytes.end()));
}

bool call_context::plain() const { return from_.own_peer && request_.annotations.empty() && !extras_ && !host_.annotations; }

std::span<const annotation> call_context::all_annotations(std::array<annotation, 1>& room) {
  // A normal answer carries the caller's correlation id, or one made up for it. Our own peers do without the latter.
  const bool with_id = !from_.own_peer || request_.annotations.find("CORR").has_value();
  if (with_id) room[0] = {"CORR", correlation_bytes()};
  if (host_.annotations) {
    for (auto& [key, bytes] : host_.annotations()) annotate(key, bytes);
  }
  if (!extras_) return std::span(room).first(with_id ? 1 : 0);
  auto& all = extras_->all;
  all.clear();
  if (with_id) all.push_back(room[0]);
  for (const auto& [key, bytes] : extras_->attached) all.push_back({key, bytes});
  return all;
}

void call_context::track(std::weak_ptr<void> resource, void (*close)(void*)) { from_.keep().track(std::move(resource), close); }
void call_context::untrack(const void* resource) { from_.keep().untrack(resource); }

}  // namespace engine
