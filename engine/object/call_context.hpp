// Who is calling: engine::this_call() inside a method (Pyro's current_context on the server). It knows the peer, what the request
// said beside its arguments, takes annotations for the answer, and ties resources to the caller's connection.
//
//   std::string Shop::order(std::string_view item) {
//     auto& call = engine::this_call();
//     log(call.peer(), call.correlation_id());
//
// In a coroutine ask before the first co_await and keep the reference: it stays good until the method has ended.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <codec/frame.hpp>
#include <engine/io/backend.hpp>
#include <engine/object/call_arguments.hpp>

namespace engine {

class daemon;
class dispatcher;
struct hosting;
struct session;

/// One call being served. Belongs to the thread that serves it.
class call_context {
 public:
  call_context(const frame& request, session& from, const hosting& host) : request_(request), from_(from), host_(host) {}
  call_context(const call_context&) = delete;
  call_context& operator=(const call_context&) = delete;

  /// The caller's address: "127.0.0.1:41234", or that of its Unix socket.
  const std::string& peer() const;
  /// The socket of the caller's connection, until the method has ended: for asking the system about it (SO_PEERCRED: which user calls over a
  /// Unix socket; TCP_INFO) and for options such as SO_MARK. Nothing must be read from it, written to it or closed; the engine's own options,
  /// blocking or not among them, must stay.
  int descriptor() const;
  /// The id of the object that is called, and its id when it was registered anew meanwhile.
  std::string_view object_id() const;
  std::uint16_t sequence() const { return request_.sequence; }
  std::uint16_t flags() const { return request_.flags; }
  /// The bytes of the request behind its annotations, valid during the call.
  std::span<const std::byte> payload() const { return request_.payload; }
  /// What the method was called with, read once more, as far as it can be; nothing in a batch. In hooks and logs: a method has its parameters.
  call_arguments arguments() const { return arguments_in(request_); }
  bool oneway() const { return request_.has(flag::oneway); }
  /// "serpent", "msgpack" …
  std::string_view serializer() const;
  /// What the caller attached, its own chunks and the protocol's. The bytes are valid during the call.
  const annotation_view& annotations() const { return request_.annotations; }
  /// One number for a chain of calls, as 8-4-4-4-12 hex digits: the caller's, or one made up for this call.
  std::string correlation_id() const;
  std::span<const std::byte> correlation_bytes() const;
  /// By when the caller wants its answer, if it said so (our own callers do): work that comes too late may be left undone.
  std::optional<time_point> deadline() const;
  /// Whether nobody waits for this call any more: its caller has cancelled the future, its deadline is over, or the connection has ended. Known
  /// in methods that suspend or block; others have ended before anything can be heard.
  bool cancelled() const;
  /// Stopped when the caller cancels or the connection ends, for those who wait: std::condition_variable_any and the like. Never stopped
  /// where cancelled() is never true. A callback of it runs on the connection's core.
  std::stop_token stop_token() const;
  /// The number of the caller's connection in this daemon: the same in all calls of a connection.
  std::uint64_t connection() const;

  /// Attaches bytes to the answer under a key of four ASCII characters; a key said twice takes the last value. Throws
  /// protocol_error "annotation key must be of length 4", for a key that is the engine's own (CORR, HMAC, ENG…), and when more than
  /// 65,000 bytes are attached.
  void annotate(std::string_view key, std::span<const std::byte> bytes);
  void annotate(std::string_view key, std::string_view text) { annotate(key, std::as_bytes(std::span(text))); }

  /// resource->close() runs when the caller's connection ends, if the resource still lives then: it is held weakly. What close()
  /// throws is logged. Runs on the connection's core.
  template <class Resource> void track_resource(const std::shared_ptr<Resource>& resource) {
    track(resource, [](void* r) { static_cast<Resource*>(r)->close(); });
  }
  template <class Resource> void untrack_resource(const std::shared_ptr<Resource>& resource) { untrack(resource.get()); }

  /// For the engine: what the daemon shares with its calls.
  const hosting& host() const { return host_; }
  /// The annotations of the answer. `room`: place for the usual ones.
  std::span<const annotation> answer_annotations(std::array<annotation, 1>& room) {
    if (plain()) return {};
    return all_annotations(room);
  }

 private:
  friend class dispatcher;
  void track(std::weak_ptr<void> resource, void (*close)(void*));
  void untrack(const void* resource);

  const frame& request_;
  session& from_;
  const hosting& host_;
  mutable std::optional<std::array<std::byte, 16>> made_id_{};
  /// What most answers do without.
  struct extras {
    std::vector<std::pair<std::string, std::vector<std::byte>>> attached{};
    std::vector<annotation> all{};
  };
  std::span<const annotation> all_annotations(std::array<annotation, 1>& room);
  bool plain() const;  // the answer gets no annotations
  std::unique_ptr<extras> extras_{};
};

/// The call this thread is serving. Throws engine::error "not in a remote call" elsewhere.
call_context& this_call();
/// The same, nullptr elsewhere.
call_context* current_call();

namespace detail {
/// Says for its lifetime which call the thread serves.
class serving {
 public:
  explicit serving(call_context&);
  ~serving();
  serving(const serving&) = delete;
  serving& operator=(const serving&) = delete;

 private:
  call_context* outer_;
};
}  // namespace detail

}  // namespace engine
