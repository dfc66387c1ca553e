// See proxy_codec.hpp and autoproxy.hpp.
#include <engine/object/proxy_codec.hpp>

#include <mutex>
#include <ranges>
#include <set>
#include <shared_mutex>
#include <vector>

#include <codec/base64.hpp>
#include <engine/object/error.hpp>
#include <engine/object/exposure.hpp>
#include <engine/object/stream_argument.hpp>

namespace engine::detail {

namespace {

struct all_exposers {
  std::shared_mutex mutex;
  std::vector<const exposer*> all;  // in the order they came
};
all_exposers& exposers() {
  static all_exposers one;
  return one;
}

std::optional<std::string> find_exposed(const void* object, const interface_table& table) {
  const std::shared_lock lock(exposers().mutex);
  for (const exposer* each : exposers().all | std::views::reverse)
    if (auto found = each->uri_of(object, table)) return found;
  return std::nullopt;
}

/// The nine parts of a proxy's state.
struct proxy_parts {
  std::string uri{};
  std::set<std::string> oneway{}, methods{}, attributes{};
  double timeout = 0;
  std::string hmac_key{};
  value handshake = "hello";
  int max_retries = 0;
  std::string serializer{};
};

constexpr std::string_view base64_mark = "b64:";

std::string base64_of(std::string_view key) {
  std::string text(base64_encoded_size(key.size()), '\0');
  base64_encode(std::as_bytes(std::span(key)), text.data());
  return text;
}

std::string from_base64(std::string_view text) {
  std::string key(base64_decoded_room(text.size()), '\0');
  const auto size = base64_decode(text, std::as_writable_bytes(std::span(key)).data());
  if (!size) throw error("the key of the proxy is not base64: " + size.error());
  key.resize(*size);
  return key;
}

void write_names(writer& out, const std::set<std::string>& names) {
  out.begin(kind::tuple, names.size());
  for (const std::string& name : names) out.string(name);
  out.end();
}

void write_parts(writer& out, const proxy_parts& p) {
  out.begin(kind::dict, 2);
  out.string("__class__");
  out.string("Pyro4.core.Proxy");
  out.string("state");
  out.begin(kind::tuple, 9);
  out.string(p.uri);
  write_names(out, p.oneway);
  write_names(out, p.methods);
  write_names(out, p.attributes);
  out.real(p.timeout);
  if (p.hmac_key.empty()) out.none();
  else out.string(std::string(base64_mark) + base64_of(p.hmac_key));
  encode(out, p.handshake);
  out.signed_integer(p.max_retries);
  if (p.serializer.empty()) out.none();
  else out.string(p.serializer);
  out.end();
  out.end();
}

std::size_t length_of(const value& sequence) {
  if (const auto* t = sequence.get_if<value::tuple>()) return t->size();
  if (const auto* l = sequence.get_if<value::list>()) return l->size();
  throw error("the state of the proxy is not a sequence");
}

// Throws what is wrong with it.
proxy_parts parts_of(const value& v) {
  const std::string type = v["__class__"].as<std::string>();
  if (type != "Pyro4.core.Proxy" && type != "Pyro5.client.Proxy") return {.uri = v.as<uri>().to_string()};
  const value& state = v["state"];
  const std::size_t count = length_of(state);
  if (count < 8 || count > 9) throw error("the state of the proxy has " + std::to_string(count) + " parts");
  proxy_parts p{.uri = state[0].as<uri>().to_string()};
  p.oneway = state[1].as<std::set<std::string>>();
  p.methods = state[2].as<std::set<std::string>>();
  p.attributes = state[3].as<std::set<std::string>>();
  p.timeout = state[4].is_none() ? 0 : state[4].as<double>();
  if (const auto* key = state[5].get_if<std::string>())
    p.hmac_key = key->starts_with(base64_mark) ? from_base64(std::string_view(*key).substr(base64_mark.size())) : *key;
  p.handshake = state[6];
  p.max_retries = state[7].as<int>();
  if (count == 9 && !state[8].is_none()) p.serializer = state[8].as<std::string>();
  return p;
}

std::shared_ptr<remote> remote_of(const proxy_parts& p) {
  proxy_options options{.serializer = p.serializer, .handshake = p.handshake, .hmac_key = p.hmac_key};
  options.settings = settings::from_environment();
  options.settings->max_retries = p.max_retries;
  if (p.timeout > 0 && p.timeout < 1e9) options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(p.timeout * 1000));
  auto made = std::make_shared<remote>(uri(p.uri), std::move(options));
  remote_members members;
  for (const std::string& name : p.methods) members[name].method = true;
  for (const std::string& name : p.oneway) members[name].oneway = members[name].method = true;
  for (const std::string& name : p.attributes) members[name].attribute = true;
  if (!members.empty()) made->know(std::move(members));
  return made;
}

}  // namespace

// ---- proxies

bool decode_proxy(reader& in, std::shared_ptr<remote>& out) {
  value v;
  if (!decode(in, v)) return false;
  if (v.is_none()) return out = nullptr, true;
  try {
    if (const auto* text = v.get_if<std::string>()) out = remote_of({.uri = *text});
    else out = remote_of(parts_of(v));
    return true;
  } catch (const std::exception& e) {
    return in.fail(wire_class::type_error, std::string("not a proxy: ") + e.what());
  }
}

std::optional<uri> uri_in(const value& v) {
  if (v.is_none()) return std::nullopt;
  try {
    const auto* text = v.get_if<std::string>();
    return uri(text ? *text : parts_of(v).uri);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void encode_proxy(writer& out, const std::shared_ptr<remote>& r) {
  if (!r) return out.none();
  const proxy_options o = r->options();
  proxy_parts p{.uri = r->where().to_string()};
  for (const auto& [name, what] : r->known()) {
    if (what.method) p.methods.insert(name);
    if (what.oneway) p.oneway.insert(name);
    if (what.attribute) p.attributes.insert(name);
  }
  p.timeout = static_cast<double>(o.timeout.value_or(std::chrono::milliseconds(0)).count()) / 1000;
  p.hmac_key = o.hmac_key;
  p.handshake = o.handshake;
  p.max_retries = o.settings->max_retries;
  p.serializer = o.serializer;
  write_parts(out, p);
}

// ---- exposed objects

void add_exposer(const exposer& one) {
  const std::unique_lock lock(exposers().mutex);
  exposers().all.push_back(&one);
}

void remove_exposer(const exposer& one) {
  const std::unique_lock lock(exposers().mutex);
  std::erase(exposers().all, &one);
}

std::optional<given_stream> give_stream(std::unique_ptr<open_stream> items) {
  const std::shared_lock lock(exposers().mutex);
  const core* const here = core::current();  // which must not end before the stream
  for (const exposer* each : exposers().all | std::views::reverse)
    if (!here || each->works_on(*here)) return each->give(std::move(items));
  return std::nullopt;
}

void encode_exposed(writer& out, const void* object, const interface_table& table) {
  auto where = find_exposed(object, table);
  if (!where) {
    out.fail(wire_class::type_error, "don't know how to serialize class <class '" + std::string(table.class_name()) + "'>: no daemon has exposed this object");
    return;
  }
  proxy_parts p{.uri = std::move(*where)};
  for (const method_entry& m : table.methods()) {
    if (is_private_name(m.name)) continue;
    p.methods.insert(std::string(m.name));
    if (m.traits.oneway) p.oneway.insert(std::string(m.name));
  }
  for (const attribute_entry& a : table.attributes()) p.attributes.insert(std::string(a.name));
  write_parts(out, p);
}

}  // namespace engine::detail
