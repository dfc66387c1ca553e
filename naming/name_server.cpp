// See name_server.hpp.
#include <naming/name_server.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <re2/re2.h>

#include <codec/convert.hpp>
#include <codec/utf8.hpp>
#include <engine/core/core.hpp>
#include <engine/link/uuid.hpp>
#include <engine/object/error.hpp>

namespace engine {

namespace {

[[noreturn]] void type_error(const std::string& text) { throw raised("TypeError", {text}); }

void check_text(const std::string& text, const char* name) {
  if (!valid_utf8(text)) throw raised("ValueError", {std::string(name) + " has lone surrogates in it"});
}

/// Pyro keeps sets: in order, each once.
std::vector<std::string> tags_of(detail::given_tags&& given, const char* name) {
  if (given.was_text) type_error(std::string(name) + " should not be a str, but another iterable (set, list, etc)");
  std::ranges::sort(given.tags);
  const auto twice = std::ranges::unique(given.tags);
  given.tags.erase(twice.begin(), twice.end());
  for (const std::string& tag : given.tags) check_text(tag, name);
  return std::move(given.tags);
}

std::string text_of(detail::given_text&& given) {
  if (!given.text) type_error("name must be a str");
  check_text(*given.text, "name");
  return *std::move(given.text);
}

constexpr double least_lease = 0.1, most_lease = 31'536'000;

void check_lease(double seconds) {
  if (!(seconds >= least_lease && seconds <= most_lease)) throw raised("ValueError", {"a lease must be 0.1 to 31536000 seconds"});
}

void check_leased(const std::string& name) {
  if (name == name_server_id) throw naming_error("the name server's own entry has no lease");
}

/// Python's re.match, by RE2: linear in the text whatever the expression; lookaround and references back are refused (docs/deviations.md).
class expression {
 public:
  explicit expression(const std::string& text) : compiled_(text, RE2::Quiet) {
    if (!compiled_.ok()) throw naming_error("invalid regex: " + compiled_.error());
  }
  bool matches(const std::string& name) const { return compiled_.Match(name, 0, name.size(), RE2::ANCHOR_START, nullptr, 0); }

 private:
  RE2 compiled_;
};

/// What is to be registered, or a complaint.
std::pair<std::string, registration> checked(detail::given_text&& name, detail::given_uri&& where, detail::given_tags&& metadata) {
  if (!where.text) type_error("only URIs or strings can be registered");
  if (!where.was_uri) static_cast<void>(uri(*where.text));  // throws what is wrong with it
  std::string known_as = text_of(std::move(name));
  check_text(*where.text, "uri");
  registration r{.uri = *std::move(where.text), .tags = tags_of(std::move(metadata), "metadata")};
  return {std::move(known_as), std::move(r)};
}

bool nothing(const std::optional<std::string>& filter) { return !filter || filter->empty(); }

}  // namespace

// ---- how arguments come and results go

bool codec_of<detail::given_text>::decode(reader& in, detail::given_text& out) {
  if (in.peek() != kind::string) return in.skip();
  std::string_view text;
  if (!in.read_string(text)) return false;
  out.text.emplace(text);
  return true;
}

bool codec_of<detail::given_uri>::decode(reader& in, detail::given_uri& out) {
  if (in.peek() == kind::string) {
    std::string_view text;
    if (!in.read_string(text)) return false;
    out.text.emplace(text);
    return true;
  }
  if (in.peek() != kind::dict) return in.skip();
  value any;
  if (!engine::decode(in, any)) return false;
  try {
    out.text = any.as<uri>().to_string();
    out.was_uri = true;
  } catch (const bad_value&) {  // of another class, such as a proxy: the method says so
  }
  return true;
}

bool codec_of<detail::given_truth>::decode(reader& in, detail::given_truth& out) {
  if (in.peek() == kind::boolean) return in.read_boolean(out.on);
  value any;
  if (!engine::decode(in, any)) return false;
  switch (any.kind()) {
    case kind::none: out.on = false; break;
    case kind::string:
    case kind::bytes:
    case kind::list:
    case kind::tuple:
    case kind::set:
    case kind::frozenset:
    case kind::dict: out.on = any.size() != 0; break;
    default: out.on = any != 0;
  }
  return true;
}

bool codec_of<detail::given_tags>::decode(reader& in, detail::given_tags& out) {
  const kind k = in.peek();
  if (k == kind::none) return in.read_none();
  out.given = true;
  if (k == kind::string) {
    out.was_text = true;
    return in.skip();
  }
  if (k == kind::dict) {
    std::map<std::string, value> any;
    if (!engine::decode(in, any)) return false;
    for (auto& each : any) out.tags.push_back(each.first);
    return true;
  }
  return engine::decode(in, out.tags);
}

void codec_of<detail::looked_up>::encode(writer& out, const detail::looked_up& found) {
  if (!found.tags) return engine::encode(out, found.where);
  out.begin(kind::tuple, 2);
  engine::encode(out, found.where);
  engine::encode(out, *found.tags);
  out.end();
}

void codec_of<detail::listed_names>::encode(writer& out, const detail::listed_names& all) {
  out.begin(kind::dict, all.names.size());
  for (const auto& [name, at] : all.names) {
    out.string(name);
    if (!all.with_tags) {
      out.string(at.uri);
      continue;
    }
    out.begin(kind::tuple, 2);
    out.string(at.uri);
    engine::encode(out, at.tags);
    out.end();
  }
  out.end();
}

// ---- reading

NameServer::NameServer(std::unique_ptr<storage> kept_in, std::function<void()> wake, watch_limits limits)
    : storage_(std::move(kept_in)), watchers_(limits), identity_(uuid_text(random_uuid())) {
  if (!storage_) return;
  auto kept = storage_->load();
  for (const auto& [name, at] : kept)
    if (at.lease > 0) leases_.set(name, at.lease, now_here());
  names_.fill(std::move(kept));
  const auto told = [this](std::span<const registration_change> changes, bool kept) { settled(changes, kept); };
  journal_ = std::make_unique<journal>(*storage_, told, std::move(wake));
}

detail::looked_up NameServer::lookup(std::string_view name, std::optional<detail::given_truth> return_metadata) const {
  detail::looked_up answer;
  const bool found = names_.look_at(name, [&](const registration& at) {
    answer.where = uri(at.uri);
    if (return_metadata && return_metadata->on) answer.tags = at.tags;
  });
  if (!found && primary_) primary_->check_copy();
  if (!found) throw naming_error("unknown name: " + std::string(name));
  return answer;
}

std::vector<name_table::listed> NameServer::find(const std::optional<std::string>& prefix, const std::optional<std::string>& regex) const {
  if (!nothing(prefix)) return names_.list([&](const std::string& name, const registration&) { return name.starts_with(*prefix); });
  const expression wanted(*regex);
  return names_.list([&](const std::string& name, const registration&) { return wanted.matches(name); });
}

detail::listed_names NameServer::list(std::optional<std::string> prefix, std::optional<std::string> regex, detail::given_tags metadata_all,
                                      detail::given_tags metadata_any, detail::given_truth return_metadata) const {
  if (prefix.has_value() + regex.has_value() + metadata_all.given + metadata_any.given > 1)
    throw raised("ValueError", {"you can only filter on one thing at a time"});
  if (primary_) primary_->check_copy();
  if (!nothing(prefix) || !nothing(regex)) return {find(prefix, regex), return_metadata.on};
  const auto all = tags_of(std::move(metadata_all), "metadata_all"), any = tags_of(std::move(metadata_any), "metadata_any");
  return {names_.list([&](const std::string&, const registration& at) {
            const auto has = [&](const std::string& tag) { return std::ranges::binary_search(at.tags, tag); };
            return std::ranges::all_of(all, has) && (any.empty() || std::ranges::any_of(any, has));
          }),
          return_metadata.on};
}

std::vector<name_table::listed> NameServer::everything() const {
  return names_.list([](const std::string&, const registration&) { return true; });
}

std::vector<std::string> NameServer::lineage() const {
  std::vector<std::string> all{identity_};
  if (primary_) std::ranges::move(primary_->lineage(), std::back_inserter(all));
  return all;
}

// ---- watching

stream<name_change> NameServer::watch(std::string prefix, std::chrono::nanoseconds quiet) {
  if (primary_) primary_->check_copy();
  const std::scoped_lock lock(changing_);
  return watchers_.begin(std::move(prefix), quiet, [this] { return durable(); });
}

/// What the storage has.
std::vector<named_registration> NameServer::durable() const {
  auto all = names_.list([this](const std::string& name, const registration&) { return !unsettled_.contains(name); });
  for (const auto& [name, each] : unsettled_)
    if (each.kept) all.push_back({name, *each.kept});
  return all;
}

// ---- changing

NameServer::change NameServer::make(std::vector<registration_change> changes) {
  change made{.names = changes.size()};
  for (const registration_change& each : changes) {
    if (journal_) {
      const auto [at, is_new] = unsettled_.try_emplace(each.name);
      if (is_new) at->second.kept = names_.find(each.name);
      ++at->second.waiting;
    }
    if (each.now) names_.put(each.name, *each.now);
    else names_.take(each.name);
    if (!each.tags_only) leases_.set(each.name, each.now ? each.now->lease : 0, now_here());
    if (!journal_ && !each.lease_only) watchers_.tell(each.name, each.now ? &*each.now : nullptr, each.tags_only);
  }
  tell_next_end();
  if (journal_) made.durable = journal_->write(std::move(changes));
  return made;
}

NameServer::change NameServer::put(std::string name, registration r, bool safe) {
  const std::scoped_lock lock(changing_);
  if (safe && names_.contains(name)) throw naming_error("name already registered: " + name);
  return make({{std::move(name), std::move(r)}});
}

NameServer::change NameServer::take(const std::vector<std::string>& names) {
  const std::scoped_lock lock(changing_);
  std::vector<registration_change> gone;
  for (const std::string& name : names)
    if (name != name_server_id && names_.contains(name)) gone.push_back({name, std::nullopt});
  return make(std::move(gone));
}

task<> NameServer::settle(change c) {
  if (c.durable.valid()) co_await c.durable;
}

/// Once no change of a name is left, and one has failed, it stands for what the storage has.
void NameServer::settled(std::span<const registration_change> changes, bool kept) {
  const std::scoped_lock lock(changing_);
  std::string unknown;  // new tags for what could not be kept itself
  for (const registration_change& each : changes) {
    const auto at = unsettled_.find(each.name);
    unsettled& u = at->second;
    u.failed |= !kept;
    const bool part = each.tags_only || each.lease_only;
    if (kept && !part) u.kept = each.now;
    else if (kept && u.kept && each.tags_only) u.kept->tags = each.now->tags;
    else if (kept && u.kept) u.kept->lease = each.now->lease;
    else if (kept) unknown = each.name;
    if (kept && !each.lease_only && (u.kept || !part)) watchers_.tell(each.name, u.kept ? &*u.kept : nullptr, each.tags_only);
    if (--u.waiting > 0) continue;
    if (u.failed && u.kept) names_.put(each.name, *u.kept);
    else if (u.failed) names_.take(each.name);
    if (u.failed) leases_.set(each.name, u.kept ? u.kept->lease : 0, now_here());
    unsettled_.erase(at);
  }
  tell_next_end();
  if (!unknown.empty()) throw naming_error("unknown name: " + unknown);
}

task<> NameServer::enroll_anywhere(std::string name, registration r, bool safe) {
  if (primary_) {
    task<> enrolling = primary_->enroll(std::move(name), std::move(r), safe);
    co_return co_await enrolling;
  }
  change made = put(std::move(name), std::move(r), safe);
  task<> settled = settle(std::move(made));
  co_await settled;
}

task<> NameServer::enroll(detail::given_text name, detail::given_uri where, std::optional<detail::given_truth> safe, detail::given_tags metadata) {
  auto [known_as, r] = checked(std::move(name), std::move(where), std::move(metadata));
  return enroll_anywhere(std::move(known_as), std::move(r), safe && safe->on);
}

task<> NameServer::set_metadata(detail::given_text name, detail::given_tags metadata) {
  const std::string known_as = text_of(std::move(name));
  auto tags = tags_of(std::move(metadata), "metadata");
  if (primary_) {
    task<> setting = primary_->set_metadata(known_as, std::move(tags));
    co_return co_await setting;
  }
  change made = change_part({.name = known_as, .now = registration{.tags = std::move(tags)}, .tags_only = true});
  task<> settled = settle(std::move(made));
  co_await settled;
}

/// With the rest of what is registered, or throws.
NameServer::change NameServer::change_part(registration_change part) {
  const std::scoped_lock lock(changing_);
  auto now = names_.find(part.name);
  if (!now) throw naming_error("unknown name: " + part.name);
  if (part.tags_only) now->tags = std::move(part.now->tags);
  else now->lease = part.now->lease;
  part.now = std::move(now);
  return make({std::move(part)});
}

task<std::int64_t> NameServer::remove(std::optional<detail::given_text> name, std::optional<std::string> prefix, std::optional<std::string> regex) {
  if (primary_) {
    std::optional<std::string> text = name ? std::move(name->text) : std::nullopt;
    task<std::int64_t> removing = primary_->remove(std::move(text), std::move(prefix), std::move(regex));
    co_return co_await removing;
  }
  std::vector<std::string> wanted;
  const std::string one = name && name->text ? *std::move(name->text) : std::string();
  if (!one.empty() && one != name_server_id && names_.contains(one)) {
    wanted.push_back(one);
  } else if (!nothing(prefix) || !nothing(regex)) {
    for (auto& each : find(prefix, regex)) wanted.push_back(std::move(each.name));
  }
  change made = take(wanted);
  const auto count = static_cast<std::int64_t>(made.names);
  task<> settled = settle(std::move(made));
  co_await settled;
  co_return count;
}

// ---- leases

task<> NameServer::enroll_leased(detail::given_text name, detail::given_uri where, double seconds, std::optional<detail::given_truth> safe,
                                 detail::given_tags metadata) {
  check_lease(seconds);
  auto [known_as, r] = checked(std::move(name), std::move(where), std::move(metadata));
  check_leased(known_as);
  r.lease = seconds;
  return enroll_anywhere(std::move(known_as), std::move(r), safe && safe->on);
}

task<> NameServer::lease(detail::given_text name, double seconds) {
  const std::string known_as = text_of(std::move(name));
  if (seconds != 0) check_lease(seconds);
  check_leased(known_as);
  if (primary_) {
    task<> leasing = primary_->lease(known_as, seconds);
    co_return co_await leasing;
  }
  change made = change_part({.name = known_as, .now = registration{.lease = seconds}, .lease_only = true});
  task<> settled = settle(std::move(made));
  co_await settled;
}

task<std::map<std::string, std::optional<std::string>>> NameServer::renew(std::map<std::string, std::string> uris) {
  if (!primary_) co_return renew_here(uris);
  task<std::map<std::string, std::optional<std::string>>> renewing = primary_->renew(std::move(uris));
  co_return co_await renewing;
}

std::map<std::string, std::optional<std::string>> NameServer::renew_here(const std::map<std::string, std::string>& uris) {
  std::map<std::string, std::optional<std::string>> others;
  const std::scoped_lock lock(changing_);
  for (const auto& [name, uri] : uris) {
    const auto now = names_.find(name);
    const bool renewed = now && now->uri == uri && leases_.renew(name, now_here());
    if (!renewed) others.emplace(name, now ? std::optional(now->uri) : std::nullopt);
  }
  tell_next_end();
  return others;
}

// What the storage cannot forget comes back, and its lease begins anew.
void NameServer::expire_leases(time_point now) {
  const std::scoped_lock lock(changing_);
  std::vector<registration_change> gone;
  for (std::string& name : leases_.ended(now)) gone.push_back({std::move(name), std::nullopt});
  if (!gone.empty()) make(std::move(gone));
  told_end_ = time_point::max();  // who asks has no moment to wait for
  tell_next_end();
}

void NameServer::tell_ends(std::function<void(time_point)> next) {
  const std::scoped_lock lock(changing_);
  next_end_ = std::move(next);
  tell_next_end();
}

void NameServer::tell_next_end() {
  if (!next_end_ || leases_.next() == told_end_) return;
  told_end_ = leases_.next();
  next_end_(told_end_);
}

// ---- a copy

void NameServer::copy_all(std::vector<named_registration> all) {
  std::ranges::sort(all, {}, &named_registration::name);
  const std::scoped_lock lock(changing_);
  std::vector<registration_change> changes;
  for (auto& [name, at] : everything())
    if (name != name_server_id && !std::ranges::binary_search(all, name, {}, &named_registration::name)) changes.push_back({std::move(name), std::nullopt});
  for (auto& [name, at] : all) {
    const auto now = names_.find(name);
    if (name == name_server_id || now == at) continue;
    const bool tags_only = now && now->uri == at.uri;
    changes.push_back({.name = std::move(name), .now = std::move(at), .tags_only = tags_only});
  }
  make(std::move(changes));
}

void NameServer::copy_one(const name_change& c) {
  if (c.name == name_server_id) return;
  const std::scoped_lock lock(changing_);
  registration_change change{.name = c.name, .tags_only = c.what == "tagged"};
  if (c.what != "removed") change.now = registration{.uri = c.uri, .tags = c.metadata};
  make({std::move(change)});
}

// ---- for the program it is part of

void NameServer::keep(std::string name, registration r) {
  static_cast<void>(uri(r.uri));  // throws what is wrong with it
  check_text(name, "name");
  check_text(r.uri, "uri");
  for (const std::string& tag : r.tags) check_text(tag, "metadata");
  std::ranges::sort(r.tags);
  r.tags.erase(std::ranges::unique(r.tags).begin(), r.tags.end());
  if (primary_ && name != name_server_id) return primary_->keep(name, r);
  wait_for(put(std::move(name), std::move(r), false));
}

void NameServer::drop(std::string_view name) {
  if (primary_ && name != name_server_id) return primary_->drop(std::string(name));
  wait_for(take({std::string(name)}));
}

void NameServer::drop_if(std::string_view name, std::string_view uri) {
  change made;
  {
    const std::scoped_lock lock(changing_);
    const auto now = names_.find(name);
    if (!now || now->uri != uri || name == name_server_id) return;
    made = make({{std::string(name), std::nullopt}});
  }
  wait_for(std::move(made));
}

void NameServer::write_waiting() {
  if (journal_) journal_->write_waiting();
}

void NameServer::wait_for(change c) {
  if (c.durable.valid()) c.durable.get();
}

}  // namespace engine
