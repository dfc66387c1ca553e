// The C++ half of codec_differential.py: decodes what Python encoded and encodes it again. A request on stdin is a length
// (4 bytes, big-endian, of what follows), `v` for a value or `c` for a call, the length of the serializer's name in one byte,
// the name, the payload. The answer on stdout is a length, then `=` and the new payload or `!` and class and text of the error.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <codec/convert.hpp>
#include <codec/serializer.hpp>
#include <codec/value.hpp>

namespace {

using namespace engine;

bool read_exactly(std::string& to, std::size_t size) {
  to.resize(size);
  return std::fread(to.data(), 1, size, stdin) == size;
}

bool read_request(std::string& to) {
  std::string head;
  if (!read_exactly(head, 4)) return false;
  std::size_t size = 0;
  for (const char c : head) size = size << 8 | static_cast<unsigned char>(c);
  return read_exactly(to, size);
}

void answer(char status, std::string_view text) {
  const std::size_t size = text.size() + 1;
  char head[5];
  for (int i = 0; i < 4; ++i) head[i] = static_cast<char>(size >> (24 - 8 * i));
  head[4] = status;
  std::fwrite(head, 1, sizeof head, stdout);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

bool again_value(reader& in, writer& out) {
  value v;
  if (!decode(in, v) || !in.finish()) return false;
  encode(out, v);
  return out.ok();
}

bool again_call(reader& in, writer& out) {
  std::string_view object, method;
  std::vector<value> arguments;
  value keywords;
  if (!in.begin_call(object, method) || !decode(in, arguments) || !in.begin_keywords() || !decode(in, keywords) || !in.end_call())
    return false;
  if (!keywords.is_none() && keywords.kind() != kind::dict) return in.fail(wire_class::type_error, "keywords must be a dict");
  out.begin_call(object, method, arguments.size());
  for (const value& argument : arguments) encode(out, argument);
  if (keywords.is_none()) {
    out.no_keywords();
  } else {
    out.begin_keywords(keywords.entries().size());
    for (const auto& [key, item] : keywords.entries()) {
      encode(out, key);
      encode(out, item);
    }
  }
  out.end_call();
  return out.ok();
}

void serve(codecs& kept, std::string_view request) {
  const std::size_t name_size = static_cast<unsigned char>(request[1]);
  const serializer* const format = find_serializer(request.substr(2, name_size));
  if (format == nullptr) return answer('!', "no such serializer");
  reader& in = kept.reader_of(*format);
  writer& out = kept.writer_of(*format);
  output bytes;
  in.start(std::as_bytes(std::span(request.substr(2 + name_size))));
  out.start(bytes);
  if (request[0] == 'c' ? again_call(in, out) : again_value(in, out)) {
    std::string all;
    bytes.each_since({}, [&](std::span<const std::byte> run) { all.append(reinterpret_cast<const char*>(run.data()), run.size()); });
    return answer('=', all);
  }
  const decode_error& error = in.ok() ? out.error() : in.error();
  answer('!', std::string(error.type) + "\n" + error.text);
}

}  // namespace

int main() {
  engine::codecs kept;
  for (std::string request; read_request(request);) serve(kept, request);
}
