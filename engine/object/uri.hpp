// Where an object is: PYRO:object@host:port, PYRO:object@./u:socket, PYRONAME:name[@location], PYROMETA:tag,tag[@location]
// (WIRE §7). A value; parsed once, printed as Pyro prints it.
#pragma once

#include <functional>
#include <iosfwd>
#include <set>
#include <string>
#include <string_view>

#include <codec/codec_of.hpp>

namespace engine {

enum class uri_protocol { pyro, pyroname, pyrometa };

class uri {
 public:
  /// Names nothing: for what is decoded into, as a method's uri parameter.
  uri() = default;
  /// Throws engine::error with Pyro's texts: "invalid uri", "invalid uri (protocol)", "invalid uri (location)", "invalid port in uri,
  /// port=X", "invalid ipv6 address: …".
  uri(std::string_view text);
  uri(const std::string& text) : uri(std::string_view(text)) {}
  uri(const char* text) : uri(std::string_view(text)) {}

  uri_protocol protocol() const { return protocol_; }
  /// The object's id or name; the tags joined by commas for PYROMETA.
  const std::string& object() const { return object_; }
  const std::set<std::string>& tags() const { return tags_; }     ///< of PYROMETA
  const std::string& host() const { return host_; }               ///< IPv6 without brackets; empty if there is none
  int port() const { return port_; }                              ///< 0 if there is none
  const std::string& sockname() const { return sockname_; }       ///< Unix socket; empty if there is none
  /// "host:port", "[::1]:port", "./u:socket", or empty.
  std::string location() const;
  std::string to_string() const;

  bool operator==(const uri&) const = default;

 private:
  friend struct codec_of<uri>;
  void parse_location(std::string_view text, int default_port);
  void parse_bracketed(std::string_view text, int default_port);
  void parse_port(std::string_view text);

  uri_protocol protocol_ = uri_protocol::pyro;
  std::string object_{}, host_{}, sockname_{};
  std::set<std::string> tags_{};
  int port_ = 0;
};

std::ostream& operator<<(std::ostream&, const uri&);

/// Travels as Pyro's URI class dictionary (WIRE §6.1); plain text is taken too.
template <> struct codec_of<uri> {
  static bool decode(reader&, uri&);
  static void encode(writer&, const uri&);
};

}  // namespace engine

template <> struct std::hash<engine::uri> {
  std::size_t operator()(const engine::uri& u) const noexcept { return std::hash<std::string>{}(u.to_string()); }
};
