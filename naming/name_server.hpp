// Pyro's name server (WIRE §9) as an ordinary exposed class: names, the URIs they stand for, and tags to find them by. Any Pyro program
// registers and looks up in it. Callers in C++ use proxy<name_server> (naming/locate.hpp).
// Every method may be called on every core at once: expose it with .shared = true.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <codec/codec_of.hpp>
#include <engine/core/task.hpp>
#include <engine/object/expose.hpp>
#include <engine/object/uri.hpp>
#include <naming/journal.hpp>
#include <naming/lease_book.hpp>
#include <naming/name_table.hpp>
#include <naming/primary.hpp>
#include <naming/watchers.hpp>

namespace engine {

inline constexpr const char* name_server_id = "Pyro.NameServer";

namespace detail {

/// An argument that is to be a text. What came instead is told by the method, in Pyro's order of complaints.
struct given_text {
  std::optional<std::string> text{};
};
/// What counts as true in Python: any value may be given for a switch.
struct given_truth {
  given_truth(bool b = false) : on(b) {}
  bool on;
};
/// A URI, as an object or as text.
struct given_uri {
  std::optional<std::string> text{};
  bool was_uri = false;
};
/// Tags: any iterable of texts, as the keys of a dict are, None as well.
struct given_tags {
  bool given = false, was_text = false;
  std::vector<std::string> tags{};
};
/// lookup's result: a URI, or with its tags.
struct looked_up {
  uri where{};
  std::optional<std::vector<std::string>> tags{};
};
/// list's result: name → URI as text, or with its tags.
struct listed_names {
  std::vector<name_table::listed> names{};
  bool with_tags = false;
};

}  // namespace detail

template <> struct codec_of<detail::given_text> {
  static bool decode(reader&, detail::given_text&);
};
template <> struct codec_of<detail::given_truth> {
  static bool decode(reader&, detail::given_truth&);
};
template <> struct codec_of<detail::given_uri> {
  static bool decode(reader&, detail::given_uri&);
};
template <> struct codec_of<detail::given_tags> {
  static bool decode(reader&, detail::given_tags&);
};
template <> struct codec_of<detail::looked_up> {
  static void encode(writer&, const detail::looked_up&);
};
template <> struct codec_of<detail::listed_names> {
  static void encode(writer&, const detail::listed_names&);
};

class NameServer {  // its name in the texts of errors is Pyro's
 public:
  /// `kept_in`: what it knows at the start and writes through to; nullptr: nothing outlives it. `wake`: see journal; empty: a thread writes.
  /// Throws naming_error.
  explicit NameServer(std::unique_ptr<storage> kept_in = nullptr, std::function<void()> wake = {}, watch_limits limits = {});

  // ---- Pyro's methods. Those that change something answer when it is durable.
  std::int64_t count() const { return static_cast<std::int64_t>(names_.size()); }
  /// Throws naming_error "unknown name: x".
  detail::looked_up lookup(std::string_view name, std::optional<detail::given_truth> return_metadata) const;
  /// `safe`: throws naming_error "name already registered: x" instead of replacing. TypeError for what is no text, URI or collection, ValueError for
  /// text with lone surrogates, which neither a database nor most clients of list() could take.
  task<> enroll(detail::given_text name, detail::given_uri uri, std::optional<detail::given_truth> safe, detail::given_tags metadata);
  task<> set_metadata(detail::given_text name, detail::given_tags metadata);
  /// How many were removed: that name, all with that prefix, or all that match. The name server's own entry stays.
  task<std::int64_t> remove(std::optional<detail::given_text> name, std::optional<std::string> prefix, std::optional<std::string> regex);
  /// Those with that prefix, that match (anchored at their beginning), or that have all or any of those tags; all without a filter. Throws
  /// ValueError for more than one filter, naming_error "invalid regex: …".
  detail::listed_names list(std::optional<std::string> prefix, std::optional<std::string> regex, detail::given_tags metadata_all,
                            detail::given_tags metadata_any, detail::given_truth return_metadata) const;
  void ping() const {}

  // ---- what live_names.hpp offers beside them
  /// As enroll(), for so many seconds from now and from each renew(). Throws ValueError unless it is 0.1 to 31,536,000 (a year), naming_error for the
  /// name server's own entry.
  task<> enroll_leased(detail::given_text name, detail::given_uri uri, double seconds, std::optional<detail::given_truth> safe,
                       detail::given_tags metadata);
  /// Gives what is registered a lease, and takes it away (0). Throws as above, and naming_error "unknown name: x".
  task<> lease(detail::given_text name, double seconds);
  /// The leases of names, if they still stand for these URIs, begin anew. The others, and what they stand for; nullopt: nothing.
  task<std::map<std::string, std::optional<std::string>>> renew(std::map<std::string, std::string> uris);

  // ---- for the program it is part of. Any thread.
  /// Registers, replacing what is there, and takes out, like enroll() and remove() but without a call. They wait until it is durable: not from inside
  /// a call of a core. Throw naming_error; keep() also ValueError for text with lone surrogates and error "invalid uri". Nothing has changed then.
  void keep(std::string name, registration);
  void drop(std::string_view name);
  /// The same unless it stands for something else than `uri` by now.
  void drop_if(std::string_view name, std::string_view uri);
  std::vector<name_table::listed> everything() const;
  /// What stands, and what is changed from now on, of all names that begin with `prefix` (name_change.hpp): each change once it is durable, in order.
  /// An item "quiet" comes when nothing has for that long. On a core, where the stream is then read. Throws naming_error when there are too many
  /// watchers; the stream does when one does not take its items in time.
  stream<name_change> watch(std::string prefix, std::chrono::nanoseconds quiet);
  /// How many changes have been told.
  std::int64_t revision() const { return watchers_.revision(); }
  std::size_t watched_by() const { return watchers_.size(); }
  /// Removes what has not been renewed in time.
  void expire_leases(time_point now);
  /// `next` is called when expire_leases() is due at another moment than it said last (time_point::max(): never); not from inside of it. Once, before
  /// anybody calls.
  void tell_ends(std::function<void(time_point)> next);

  // ---- for a replica (replica.hpp), which keeps no storage
  /// Changes are made by `other` from now on, which must live as long as anybody calls; only the name server's own entry is made here. Once, before that.
  void follow(primary& other) { primary_ = &other; }
  /// Its own for as long as it lives; and, after it, those of the name servers that it follows, one through the other.
  const std::string& identity() const { return identity_; }
  std::vector<std::string> lineage() const;
  /// These are the names, but for the own entry: what is another one or not among them is changed, and watchers are told.
  void copy_all(std::vector<named_registration>);
  void copy_one(const name_change&);

  /// For who gave `wake`: writes what waits to be written. One thread at a time.
  void write_waiting();

 private:
  /// Made in memory and on its way to the storage.
  struct change {
    std::size_t names = 0;
    future<void> durable{};  ///< what could not be kept has been taken back when it fails
  };
  /// Of a name with changes that are not settled yet.
  struct unsettled {
    std::optional<registration> kept{};  ///< what the storage has
    std::size_t waiting = 0;             ///< changes
    bool failed = false;                 ///< any of them
  };
  // With changing_ held:
  change make(std::vector<registration_change>);
  change put(std::string name, registration, bool safe);
  change change_part(registration_change);
  void tell_next_end();
  std::map<std::string, std::optional<std::string>> renew_here(const std::map<std::string, std::string>& uris);
  change take(const std::vector<std::string>& names);
  task<> enroll_anywhere(std::string name, registration, bool safe);
  static task<> settle(change);
  static void wait_for(change);
  void settled(std::span<const registration_change>, bool kept);
  std::vector<named_registration> durable() const;
  std::vector<name_table::listed> find(const std::optional<std::string>& prefix, const std::optional<std::string>& regex) const;

  std::unique_ptr<storage> storage_;
  name_table names_{};
  std::mutex changing_{};  // the journal gets changes in the order in which the table got them
  std::unordered_map<std::string, unsettled> unsettled_{};
  lease_book leases_{};
  std::function<void(time_point)> next_end_{};
  time_point told_end_ = time_point::max();
  watchers watchers_;
  const std::string identity_;
  primary* primary_ = nullptr;
  std::unique_ptr<journal> journal_{};  // uses what is above to its end
};
ENGINE_EXPOSE(NameServer, count, lookup, enroll, set_metadata, remove, list, ping)
ENGINE_MARK(NameServer, lookup, .parameters = "name, return_metadata")  // no default: it would be read for each lookup
ENGINE_MARK(NameServer, enroll, .wire_name = "register", .parameters = "name, uri, safe=False, metadata=None")
ENGINE_MARK(NameServer, set_metadata, .parameters = "name, metadata")
ENGINE_MARK(NameServer, remove, .parameters = "name, prefix, regex")
ENGINE_MARK(NameServer, list, .parameters = "prefix, regex, metadata_all=None, metadata_any=None, return_metadata=False")

}  // namespace engine
