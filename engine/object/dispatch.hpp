// One request frame in, one answer frame out (WIRE §4, §5). Plain functions over memory already in cache: no io, no waiting. The
// daemon brings the frame and takes the bytes; what is answered and whether the connection goes on is decided here.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <codec/frame.hpp>
#include <codec/output.hpp>
#include <codec/serializer.hpp>
#include <engine/core/stall_watch.hpp>
#include <engine/object/error.hpp>
#include <engine/object/method.hpp>
#include <engine/object/registry.hpp>
#include <engine/object/settings.hpp>

namespace engine {

/// What becomes of the connection after a request (WIRE §5.4). `elsewhere`: nothing has been answered, the object lives on
/// another core (session::object->home) and the request must be brought there.
enum class verdict : std::uint8_t { keep, close, elsewhere };

/// What a daemon's cores share to answer calls. Thread-safe; outlives every dispatcher.
struct hosting {
  engine::registry objects{};
  engine::settings settings{};
  std::set<std::string, std::less<>> accepted{};  ///< names of the serializers requests may use
  std::string hmac_key{};
  /// The location in URIs, for texts.
  std::string location{};
  bool accepts(const serializer& s, bool own_peer) const { return own_peer_may_use(s, own_peer) || accepted.contains(s.name); }
  bool own_peer_may_use(const serializer& s, bool own_peer) const { return own_peer && upgrade && &s == &msgpack(); }
  /// Our own clients may use msgpack although Pyro's default list leaves it out: it is plain data, and the fastest.
  bool upgrade = false;
};

/// One connection as calls see it. Belongs to the connection's core.
struct session {
  bool own_peer = false;       ///< another of our programs: announced itself in CONNECT
  std::string object_id{};     ///< named in CONNECT
  std::shared_ptr<const exposed_object> object{};  ///< that of the last call
  std::uint64_t registry_version = 0;              ///< when it was looked up
  std::string peer{};
};

/// One per core: keeps its codecs, so a steady call allocates nothing.
class dispatcher {
 public:
  /// `core_index`: the core it works on. `stalls`: told what runs there, nullptr: nobody.
  dispatcher(const hosting& h, std::size_t core_index, stall_watch* stalls = nullptr) : hosting_(h), core_index_(core_index), stalls_(stalls) {}

  /// Answers an INVOKE or PING frame into `out`.
  verdict answer(const frame& request, session&, output& out);

  // The handshake's frames (WIRE §3) use the same codecs.
  engine::codecs& codecs() { return codecs_; }

 private:
  struct call;
  verdict invoke(const frame& request, session&, output& out);
  bool run(call&, const exposed_object&, std::string_view method);
  bool run_batch(call&, const exposed_object&);
  bool run_entry(call&, const exposed_object&, std::string_view method);
  bool get_attribute(call&, const exposed_object&);
  bool set_attribute(call&, const exposed_object&);
  const exposed_object* find(session&, std::string_view id);
  verdict fail(call&, std::exception_ptr);
  verdict fail(call&, const decode_error&);
  verdict send_exception(call&, const wire_exception&);

  const hosting& hosting_;
  std::size_t core_index_;
  stall_watch* stalls_;
  engine::codecs codecs_;
};

/// Pyro's rule for names that are never remote (WIRE §8).
bool is_private_name(std::string_view name);

/// {"methods": …, "oneway": …, "attrs": …} of an exposed class (WIRE §3.2), as lists or as sets.
value::dict metadata_of(const interface_table&, bool as_lists);

/// 16 random bytes shaped as a version 4 UUID.
std::array<std::byte, 16> random_uuid();

/// The annotation by which our own programs know each other (docs/wire.md). Python peers never see it in an answer.
inline constexpr std::string_view own_annotation = "ENGN";

}  // namespace engine
