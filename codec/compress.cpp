// See compress.hpp.
#include <codec/compress.hpp>

#include <zlib.h>

#include <algorithm>
#include <string>
#include <utility>

namespace engine {

namespace {

struct inflater {
  z_stream stream{};
  int started = inflateInit(&stream);
  ~inflater() {
    if (started == Z_OK) inflateEnd(&stream);
  }
};

// In the words of Python's zlib module, which has none where zlib has none.
decode_error zlib_error(const z_stream& stream, int code) {
  std::string text = "Error " + std::to_string(code) + " while decompressing data";
  if (stream.msg) text += std::string(": ") + stream.msg;
  else if (code == Z_BUF_ERROR) text += ": incomplete or truncated stream";
  return {wire_class::value_error, std::move(text), stream.total_in};
}

}  // namespace

std::vector<std::byte> compress(std::span<const std::byte> data, int level) {
  uLongf size = compressBound(static_cast<uLong>(data.size()));
  std::vector<std::byte> out(size);
  compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(data.data()), static_cast<uLong>(data.size()), level);
  out.resize(size);
  return out;
}

std::expected<void, decode_error> decompress(std::span<const std::byte> data, std::size_t limit, std::vector<std::byte>& out) {
  inflater z;
  if (z.started != Z_OK) return std::unexpected(zlib_error(z.stream, z.started));
  z.stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
  z.stream.avail_in = static_cast<uInt>(data.size());
  // Grows with what really comes out: an announced size is never believed. Never empty: zlib refuses to write to nowhere.
  constexpr std::size_t least = 64;
  out.resize(std::min(limit, std::max({out.capacity(), 4 * data.size(), least})));
  std::size_t filled = 0;
  for (;;) {
    z.stream.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
    z.stream.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size() - filled, 1u << 30));
    const uInt offered = z.stream.avail_out;
    const int code = inflate(&z.stream, Z_NO_FLUSH);
    filled += offered - z.stream.avail_out;
    if (code == Z_STREAM_END) break;
    if (code != Z_OK && code != Z_BUF_ERROR) return std::unexpected(zlib_error(z.stream, code));
    if (z.stream.avail_out != 0) return std::unexpected(zlib_error(z.stream, Z_BUF_ERROR));
    if (filled == limit) {
      return std::unexpected(decode_error{wire_class::message_too_large,
                                          "max message size exceeded (more than " + std::to_string(limit) + " after decompression)",
                                          z.stream.total_in});
    }
    if (filled == out.size()) out.resize(std::min(limit, out.size() * 2 + 4096));
  }
  out.resize(filled);
  return {};
}

}  // namespace engine
