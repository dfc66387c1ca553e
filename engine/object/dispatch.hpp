// One request frame in, one answer frame out (WIRE §4, §5). Plain functions over memory already in cache: no io, no waiting, but for
// methods that are coroutines. The daemon brings the frame and takes the bytes; what is answered and whether the connection goes on
// is decided here.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <codec/frame.hpp>
#include <codec/output.hpp>
#include <codec/serializer.hpp>
#include <engine/core/side_pool.hpp>
#include <engine/core/stall_watch.hpp>
#include <engine/object/call_context.hpp>
#include <engine/object/error.hpp>
#include <engine/object/exposure.hpp>
#include <engine/object/item_stream.hpp>
#include <engine/object/method.hpp>
#include <engine/object/registry.hpp>
#include <engine/object/secret_key.hpp>
#include <engine/object/session.hpp>
#include <engine/object/settings.hpp>

namespace engine {

class daemon;

/// What becomes of the connection after a request (WIRE §5.4): it goes on, or ends. Otherwise nothing has been decoded or answered
/// yet, because the call must be served in another way: on another core (session::object->home), on a side thread, or by
/// answer_later(), since it may suspend.
enum class verdict : std::uint8_t { keep, close, elsewhere, aside, later };

/// What a daemon's cores share to answer calls. Thread-safe; outlives every dispatcher. What is set here by hand is set before anything is
/// served.
struct hosting {
  engine::registry objects{};
  engine::settings settings{};
  std::set<std::string, std::less<>> accepted{};  ///< names of the serializers requests may use
  secret_key hmac_key{};  ///< may change meanwhile
  /// The location in URIs, for texts.
  std::string location{};
  std::vector<std::string> locations{};  ///< all that mean this daemon in URIs
  bool is_here(std::string_view where) const { return std::ranges::find(locations, where) != locations.end(); }
  bool accepts(const serializer& s) const { return accepted.contains(s.name); }
  bool own_peer_may_use(const serializer& s, bool own_peer) const { return own_peer && upgrade && &s == &msgpack(); }
  /// Our own clients may use msgpack although Pyro's default list leaves it out: it is plain data, and the fastest.
  bool upgrade = false;
  /// Every method may block: a daemon of server type thread.
  bool all_blocking = false;

  daemon* owner = nullptr;  ///< the daemon that serves, if one does
  mutable stream_table streams{};
  /// Where blocking methods run; nullptr: nowhere, and they run where they are called.
  side_pool* aside = nullptr;

  // The program's own hooks (daemon_options); each may be empty.
  std::function<std::vector<std::pair<std::string, std::vector<std::byte>>>()> annotations{};
  std::function<void(const call_context&, std::string_view method, const std::exception_ptr&)> method_error{};
};

/// The protocol's annotations of an answer, with the program's own behind them. Costs nothing where there is no hook. What the hook throws, or
/// must not say, is logged, and the frame then fails to finish.
class hosts_annotations {
 public:
  hosts_annotations(const hosting& host, std::span<const annotation> protocols) : all_(protocols) {
    if (host.annotations) join(host, protocols);
  }
  std::span<const annotation> all() const { return all_; }

 private:
  void join(const hosting&, std::span<const annotation> protocols);
  std::vector<std::pair<std::string, std::vector<std::byte>>> own_{};
  std::vector<annotation> joined_{};
  std::span<const annotation> all_;
};

/// One per core: keeps its codecs, so a steady call allocates nothing.
class dispatcher {
 public:
  /// `core_index`: the core it works on. `stalls`: told what runs there, nullptr: nobody.
  dispatcher(const hosting& h, std::size_t core_index, stall_watch* stalls = nullptr)
      : hosting_(h), core_index_(core_index), stalls_(stalls), codecs_(h.settings.bytes_in_serpent(), h.settings.decoding) {}
  /// One for a side thread: it runs whatever it is given.
  static dispatcher for_side_thread(const hosting& h) { return dispatcher(h, side_index); }

  /// Answers an INVOKE or PING frame into `out`.
  verdict answer(const frame& request, session&, output& out);
  /// The same for what answer() left for later: keep or close. All three must outlive the task, unchanged.
  task<verdict> answer_later(const frame& request, session&, output& out);

  // The handshake's frames (WIRE §3) use the same codecs.
  engine::codecs& codecs() { return codecs_; }

 private:
  static constexpr std::size_t side_index = ~std::size_t{0};
  struct call;
  struct plain_batch;
  struct names;
  /// A serializer and its codecs here, found once for many requests.
  struct known_format {
    std::uint16_t id = 0;
    bool msgpack = false;
    bool accepted = false;  // from everybody
    const serializer* format = nullptr;
    reader* in = nullptr;
    writer* out = nullptr;
  };
  bool know_format(std::uint16_t id) { return (known_.format && known_.id == id) || learn_format(id); }
  bool learn_format(std::uint16_t id);
  bool is_early(const frame& request, const session&);
  call begin(const frame& request, session&, output& out, call_context&, reader&, writer&);
  verdict invoke(const frame& request, session&, output& out);
  const method_entry* method_of(session&, std::string_view name);
  verdict place_of(const exposed_object&, const method_entry*, bool is_batch) const;
  verdict complete(call&);
  bool begins_as_before(call&);
  void remember_opening(call&);
  bool read_names(call&, names&);
  bool run_plainly(call&, const exposed_object&, const method_entry&);
  bool run(call&, const exposed_object&, std::string_view method, const method_entry*);
  bool run_batch(call&, const exposed_object&);
  const method_entry& entry_method(call&, const interface_table&, std::string_view name);
  bool run_entry(call&, void* object);
  bool run_entries(call&, const interface_table&, void* object, std::size_t& done);
  bool run_plain_entries(call&, const interface_table&, void* object, const plain_batch&, std::size_t& done);
  task<verdict> run_suspending(call&, const exposed_object&, const method_entry&);
  task<bool> run_batch_suspending(call&, const exposed_object&);
  task<bool> run_entry_suspending(call&, void* object);
  void tell_error(call&, const std::exception_ptr&, const wire_exception&);
  bool end_batch_with(call&, std::exception_ptr, std::size_t written_before);
  bool get_attribute(call&, const exposed_object&);
  bool set_attribute(call&, const exposed_object&);
  const exposed_object* find(session&, std::string_view id);
  void* target(call&, const exposed_object&);
  verdict answer_with_stream(call&, std::unique_ptr<open_stream>);
  verdict fail(call&, std::exception_ptr);
  verdict fail(call&, const decode_error&);
  verdict refuse(call&);
  static std::optional<decode_error> fault_of_message(call&);
  verdict send_exception(call&, const wire_exception&);
  bool write_exception(call&, const frame_options&, std::span<const annotation>, const wire_exception&);

  const hosting& hosting_;
  std::size_t core_index_;
  stall_watch* stalls_;
  engine::codecs codecs_;
  known_format known_{};
};

/// The annotation by which our own programs know each other (docs/wire.md). Python peers never see it in an answer.
inline constexpr std::string_view own_annotation = "ENGN";
/// What a server says there: 2 and later ones keep results for calls upon them (promises.hpp), 3 take requests that come along with CONNECT.
inline constexpr std::string_view own_version = "3", own_version_without_msgpack = "3-";

}  // namespace engine
