// See settings.hpp. One table says which variable sets which field.
#include <engine/object/settings.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>

#include <engine/object/error.hpp>

namespace engine {

namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

[[noreturn]] void refuse(const char* name, const std::string& text, const char* wanted) {
  throw error(std::string(name) + "=" + text + " is not " + wanted);
}

template <class Number> void parse_number(const char* name, const std::string& text, Number& out) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc{} || end != text.data() + text.size()) refuse(name, text, "a number in range");
}

void parse(const char*, const std::string& text, std::string& out) { out = text; }
// All of them are times.
void parse(const char* name, const std::string& text, double& out) {
  double seconds = 0;
  parse_number(name, text, seconds);
  if (!(seconds >= 0 && seconds < 1e9)) refuse(name, text, "a number in range");
  out = seconds;
}
void parse(const char* name, const std::string& text, int& out) { parse_number(name, text, out); }
void parse(const char* name, const std::string& text, std::size_t& out) { parse_number(name, text, out); }
template <class Rep, class Period> void parse(const char* name, const std::string& text, std::chrono::duration<Rep, Period>& out) {
  Rep count = 0;
  parse_number(name, text, count);
  if (count < 0) refuse(name, text, "a number in range");
  out = std::chrono::duration<Rep, Period>(count);
}
void parse(const char* name, const std::string& text, bool& out) {
  const std::string said = lower(text);
  const auto is = [&](std::initializer_list<const char*> words) { return std::ranges::any_of(words, [&](const char* w) { return said == w; }); };
  if (is({"0", "off", "no", "false"})) out = false;
  else if (is({"1", "on", "yes", "true"})) out = true;
  else refuse(name, text, "a boolean: 0 off no false, 1 on yes true");
}
void parse(const char*, const std::string& text, std::set<std::string>& out) {
  out.clear();
  for (std::size_t start = 0; start <= text.size();) {
    const auto comma = std::min(text.find(',', start), text.size());
    std::string word = text.substr(start, comma - start);
    std::erase(word, ' ');
    if (!word.empty()) out.insert(std::move(word));
    start = comma + 1;
  }
}

std::string print(const std::string& v) { return v; }
std::string print(bool v) { return v ? "True" : "False"; }
std::string print(int v) { return std::to_string(v); }
std::string print(std::size_t v) { return std::to_string(v); }
std::string print(double v) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, v).ptr);
}
template <class Rep, class Period> std::string print(std::chrono::duration<Rep, Period> v) { return std::to_string(v.count()); }
std::string print(const std::set<std::string>& v) {
  std::string text;
  for (const std::string& word : v) text += (text.empty() ? "" : ",") + word;
  return text;
}

/// Calls f(variable, field) for every setting.
template <class Settings, class F> void each(Settings& s, F&& f) {
  f("PYRO_HOST", s.host);
  f("PYRO_COMMTIMEOUT", s.comm_timeout);
  f("PYRO_COMPRESSION", s.compression);
  f("PYRO_MAX_MESSAGE_SIZE", s.max_message_size);
  f("PYRO_MAX_RETRIES", s.max_retries);
  f("PYRO_METADATA", s.metadata);
  f("PYRO_PREFER_IP_VERSION", s.prefer_ip_version);
  f("PYRO_SERIALIZER", s.serializer);
  f("PYRO_SERIALIZERS_ACCEPTED", s.serializers_accepted);
  f("PYRO_SOCK_REUSE", s.sock_reuse);
  f("PYRO_NS_HOST", s.ns_host);
  f("PYRO_NS_PORT", s.ns_port);
  f("PYRO_NS_AUTOCLEAN", s.ns_autoclean);
  f("PYRO_NS_BCHOST", s.ns_bchost);
  f("PYRO_NS_BCPORT", s.ns_bcport);
  f("PYRO_BROADCAST_ADDRS", s.broadcast_addrs);
  f("PYRO_NS_LOOKUP_DELAY", s.ns_lookup_delay);
  f("PYRO_ITER_STREAMING", s.iter_streaming);
  f("PYRO_ITER_STREAM_LIFETIME", s.iter_stream_lifetime);
  f("PYRO_ITER_STREAM_LINGER", s.iter_stream_linger);
  f("PYRO_ONEWAY_THREADED", s.oneway_threaded);
  f("PYRO_POLLTIMEOUT", s.poll_timeout);
  f("PYRO_SERVERTYPE", s.server_type);
  f("PYRO_THREADPOOL_SIZE", s.threadpool_size);
  f("PYRO_THREADPOOL_SIZE_MIN", s.threadpool_size_min);
  f("PYRO_AUTOPROXY", s.autoproxy);
  f("PYRO_NATHOST", s.nat_host);
  f("PYRO_NATPORT", s.nat_port);
  f("PYRO_LOGWIRE", s.log_wire);
  f("PYRO_SERPENT_BYTES_REPR", s.serpent_bytes_repr);
  f("PYRO_DETAILED_TRACEBACK", s.detailed_traceback);
  f("ENGINE_HANDSHAKE_TIMEOUT", s.handshake_timeout);
  f("ENGINE_SPIN_US", s.spin);
  f("ENGINE_SHARED_MEMORY", s.shared_memory);
  f("ENGINE_PIN", s.pin);
  f("ENGINE_STALL_MS", s.stall);
  f("ENGINE_MAX_DEPTH", s.decoding.depth);
  f("ENGINE_MAX_DIGITS", s.decoding.digits);
  f("ENGINE_MAX_ELEMENTS", s.decoding.elements);
  f("ENGINE_MAX_REPEATED", s.decoding.repeated);
  f("ENGINE_MAX_REPEATED_BYTES", s.decoding.repeated_bytes);
  f("ENGINE_MAX_INFLATED", s.decoding.inflated);
}

}  // namespace

settings settings::from_environment() {
  settings s;
  each(s, [](const char* name, auto& field) {
    if (const char* said = std::getenv(name)) parse(name, said, field);
  });
  return s;
}

std::vector<std::pair<std::string, std::string>> settings::as_list() const {
  std::vector<std::pair<std::string, std::string>> all;
  each(*this, [&](std::string name, const auto& field) {
    if (name.starts_with("PYRO_")) name = name.substr(5);
    all.emplace_back(std::move(name), print(field));
  });
  return all;
}

std::string settings::dump() const {
  std::string text;
  for (const auto& [name, said] : as_list()) text += name + " = " + said + "\n";
  return text;
}

}  // namespace engine
