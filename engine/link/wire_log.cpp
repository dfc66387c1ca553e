// See wire_log.hpp.
#include <engine/link/wire_log.hpp>

#include <algorithm>
#include <vector>

#include <codec/frame_reader.hpp>
#include <engine/io/log.hpp>
#include <engine/link/uuid.hpp>

namespace engine {

namespace {

// repr() of Python's bytes, cut.
std::string as_python_bytes(std::span<const std::byte> bytes) {
  std::string text = "b'";
  for (const std::byte b : bytes.first(std::min(bytes.size(), wire_log_most))) {
    const auto c = std::to_integer<unsigned char>(b);
    if (c == '\'' || c == '\\') text += '\\';
    if (c == '\n') text += "\\n";
    else if (c == '\r') text += "\\r";
    else if (c == '\t') text += "\\t";
    else if (c >= 32 && c < 127) text += static_cast<char>(c);
    else (text += "\\x") += hex_text({&b, 1});
  }
  text += "'";
  if (bytes.size() > wire_log_most) text += " and " + std::to_string(bytes.size() - wire_log_most) + " bytes more";
  return text;
}

std::string as_python_dict(const annotation_view& annotations) {
  std::string text = "{";
  for (const annotation a : annotations) {
    if (text.size() > 1) text += ", ";
    text += "'" + std::string(a.key) + "': " + as_python_bytes(a.value);
  }
  return text + "}";
}

}  // namespace

void log_wire(std::string_view text, const frame& f) {
  const auto id = f.annotations.find("CORR");
  log_debug("{}: msgtype={} flags={:#x} ser={} seq={} corr={}\nannotations={}\ndata={}", text, static_cast<unsigned>(f.type), f.flags,
            f.serializer, f.sequence, id ? uuid_text(*id) : "?", as_python_dict(f.annotations), as_python_bytes(f.payload));
}

void log_wire(std::string_view text, const output& out, const output::mark& since, const std::string& key) {
  std::vector<std::byte> bytes;
  out.each_since(since, [&](std::span<const std::byte> run) { bytes.insert(bytes.end(), run.begin(), run.end()); });
  if (bytes.empty()) return;
  frame_reader frames;
  if (!key.empty()) frames.set_hmac_key(key);
  frames.feed(bytes);
  for (;;) {
    const auto next = frames.next();
    if (!next || !*next) return;
    log_wire(text, **next);
  }
}

}  // namespace engine
