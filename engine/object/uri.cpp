// See uri.hpp. The grammar is WIRE §7's, oddities included.
#include <engine/object/uri.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <ostream>

#include <codec/convert.hpp>
#include <engine/object/error.hpp>

namespace engine {

namespace {

constexpr int name_server_port = 9090;
constexpr std::string_view blanks = " \t\n\r\f\v";

std::string upper(std::string_view text) {
  std::string up(text);
  std::ranges::transform(up, up.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return up;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view protocol_name(uri_protocol p) {
  switch (p) {
    case uri_protocol::pyro: return "PYRO";
    case uri_protocol::pyroname: return "PYRONAME";
    case uri_protocol::pyrometa: return "PYROMETA";
  }
  return "";
}

std::set<std::string> split_tags(std::string_view text) {
  std::set<std::string> tags;
  for (std::size_t start = 0; start <= text.size();) {
    const auto comma = std::min(text.find(',', start), text.size());
    tags.emplace(text.substr(start, comma - start));
    start = comma + 1;
  }
  return tags;
}

std::string joined(const std::set<std::string>& tags) {
  std::string text;
  for (const std::string& tag : tags) text += (&tag == &*tags.begin() ? "" : ",") + tag;
  return text;
}

// Python's int(): blanks around, a sign, single underscores between digits.
bool python_int(std::string_view text, int& out) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return false;
  text = text.substr(first, text.find_last_not_of(blanks) - first + 1);
  const auto plain = std::from_chars(text.data(), text.data() + text.size(), out);
  if (plain.ec == std::errc{} && plain.ptr == text.data() + text.size()) return true;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool between = i > 0 && i + 1 < text.size() && text[i - 1] >= '0' && text[i - 1] <= '9' && text[i + 1] != '_';
    if (text[i] == '_' && between) continue;
    if (text[i] == '+' && i == 0 && text.size() > 1 && text[1] != '-') continue;
    digits += text[i];
  }
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return failed == std::errc{} && end == digits.data() + digits.size();
}

}  // namespace

uri::uri(std::string_view text) {
  const auto colon = text.find(':');
  const std::string protocol = upper(text.substr(0, colon));
  if (colon == std::string_view::npos || !protocol.starts_with("PYRO") || !std::ranges::all_of(protocol, is_letter)) throw error("invalid uri");
  std::string_view rest = text.substr(colon + 1);
  // The object is everything up to the first @ (but at least one character); what follows is the location.
  const auto at = rest.size() > 1 ? rest.find('@', 1) : std::string_view::npos;
  std::string_view object = rest.substr(0, at), location;
  if (at != std::string_view::npos) location = rest.substr(at + 1);
  const bool has_location = at != std::string_view::npos;
  if (object.empty() || object.find_first_of(blanks) != std::string_view::npos || (has_location && location.empty())) throw error("invalid uri");
  object_ = object;
  if (protocol == "PYRO") {
    if (!has_location) throw error("invalid uri");
    parse_location(location, 0);
  } else if (protocol == "PYRONAME" || protocol == "PYROMETA") {
    protocol_ = protocol == "PYRONAME" ? uri_protocol::pyroname : uri_protocol::pyrometa;
    if (protocol_ == uri_protocol::pyrometa) {
      tags_ = split_tags(object_);
      object_ = joined(tags_);  // in the order of the set, so that equal ones look equal
    }
    if (has_location) parse_location(location, name_server_port);
  } else {
    throw error("invalid uri (protocol)");
  }
}

void uri::parse_location(std::string_view text, int default_port) {
  if (text.starts_with("./u:")) {
    sockname_ = text.substr(4);
    if (sockname_.empty() || sockname_.find(':') != std::string::npos) throw error("invalid uri (location)");
    return;
  }
  if (text.starts_with('[')) return parse_bracketed(text, default_port);
  const auto colon = text.find(':');
  host_ = text.substr(0, colon);
  const auto port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (!port.empty()) return parse_port(port);
  if (default_port == 0) throw error("invalid port in uri, port=None");
  port_ = default_port;
}

void uri::parse_bracketed(std::string_view text, int default_port) {
  if (text.starts_with("[[")) throw error("invalid ipv6 address: enclosed in too many brackets");
  const auto close = text.find(']');
  const std::string_view inside = close == std::string_view::npos ? std::string_view{} : text.substr(1, close - 1);
  const auto percent = inside.find('%');
  const std::string_view digits = inside.substr(0, percent);
  const std::string_view scope = percent == std::string_view::npos ? std::string_view{} : inside.substr(percent + 1);
  const auto all_in = [](std::string_view s, std::string_view of) { return s.find_first_not_of(of) == std::string_view::npos; };
  if (digits.empty() || !all_in(digits, "0123456789abcdefABCDEF:.") || !all_in(scope, "0123456789"))
    throw error("invalid ipv6 address: the part between brackets must be a numeric ipv6 address");
  host_ = inside;
  port_ = default_port;
  const std::string_view after = text.substr(close + 1);
  if (after.starts_with(':')) {
    // Text after the digits is ignored, as in Pyro.
    const std::string_view number = after.substr(1, after.find_first_not_of("0123456789", 1) - 1);
    if (!number.empty()) return parse_port(number);
  }
  if (port_ == 0) throw error("invalid port in uri, port=None");
}

void uri::parse_port(std::string_view text) {
  if (text.empty() || !python_int(text, port_)) throw error("invalid port in uri, port=" + std::string(text));
}

std::string uri::location() const {
  if (!sockname_.empty()) return "./u:" + sockname_;
  if (host_.empty()) return {};
  const bool bracketed = host_.find(':') != std::string::npos;
  return (bracketed ? "[" + host_ + "]" : host_) + ":" + std::to_string(port_);
}

std::string uri::to_string() const {
  const std::string where = location();
  return std::string(protocol_name(protocol_)) + ":" + object_ + (where.empty() ? "" : "@" + where);
}

std::ostream& operator<<(std::ostream& out, const uri& u) { return out << u.to_string(); }

void codec_of<uri>::encode(writer& out, const uri& u) {
  out.begin(kind::dict, 2);
  out.string("__class__");
  out.string("Pyro4.core.URI");
  out.string("state");
  out.begin(kind::tuple, 5);
  out.string(protocol_name(u.protocol()));
  if (u.protocol() == uri_protocol::pyrometa) engine::encode(out, u.tags());
  else out.string(u.object());
  const auto optional = [&](const std::string& text) { text.empty() ? out.none() : out.string(text); };
  optional(u.sockname());
  optional(u.host());
  if (u.host().empty()) out.none();
  else out.signed_integer(u.port());
  out.end();
  out.end();
}

namespace {

/// (protocol, object or tags, socket, host, port), straight from the bytes: lookups in a name server answer with nothing else.
struct uri_state {
  std::string protocol{}, object{};
  std::optional<std::string_view> sockname{}, host{};
  std::optional<std::int64_t> port{};

  bool read(reader& in) {
    std::size_t size = 0;
    if (!in.enter_sequence(size)) return false;
    for (std::size_t at = 0; in.more(); ++at)
      if (!read_part(in, at)) return false;
    return in.ok();
  }
  bool read_part(reader& in, std::size_t at) {
    switch (at) {
      case 0: return engine::decode(in, protocol);
      case 1: return in.peek() == kind::string ? engine::decode(in, object) : read_tags(in);
      case 2: return engine::decode(in, sockname);
      case 3: return engine::decode(in, host);
      case 4: return engine::decode(in, port);
      default: return in.skip();
    }
  }
  bool read_tags(reader& in) {
    std::set<std::string> tags;
    if (!engine::decode(in, tags)) return false;
    object = joined(tags);
    return true;
  }
  std::string text() const {
    std::string all = protocol + ':' + object;
    if (sockname) all.append("@./u:").append(*sockname);
    if (!host) return all;
    const bool bracketed = host->find(':') != std::string_view::npos;
    all.append(bracketed ? "@[" : "@").append(*host).append(bracketed ? "]" : "");
    return port ? all.append(":").append(std::to_string(*port)) : all;
  }
};

/// Nothing in it means anything to the grammar.
bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'; });
}

/// What comes as a class dictionary.
bool read_uri_state(reader& in, uri_state& state) {
  const auto fail = [&](std::string_view type) { return in.fail(wire_class::value_error, "not a URI: a " + std::string(type)); };
  if (in.peek() != kind::dict) return fail("value of another type");
  std::size_t size = 0;
  std::string_view name, type;
  if (!in.enter_dict(size)) return false;
  while (in.next_member(name)) {
    if (name == "__class__" && in.peek() == kind::string ? !in.read_string(type) : name == "state" ? !state.read(in) : !in.skip()) return false;
  }
  if (!in.ok()) return false;
  return type == "Pyro4.core.URI" || type == "Pyro5.core.URI" || fail(type);
}

}  // namespace

bool codec_of<uri>::decode(reader& in, uri& out) {
  uri_state state;
  std::string text;
  const bool is_text = in.peek() == kind::string;
  if (is_text ? !engine::decode(in, text) : !read_uri_state(in, state)) return false;
  // Most are of this kind: what they would be if they were printed and parsed.
  const bool at_a_port = !state.sockname && state.host && state.port && *state.port >= 0 && *state.port <= 65535;
  if (at_a_port && state.protocol == "PYRO" && is_plain(state.object) && is_plain(*state.host)) {
    out = uri();
    out.object_ = std::move(state.object);
    out.host_ = *state.host;
    out.port_ = static_cast<int>(*state.port);
    return true;
  }
  try {
    out = uri(is_text ? text : state.text());
    return true;
  } catch (const error& e) {
    return in.fail(wire_class::value_error, std::string("not a URI: ") + e.what());
  }
}

}  // namespace engine
