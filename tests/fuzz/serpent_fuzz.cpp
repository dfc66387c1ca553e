// Any bytes through the serpent reader: reading and skipping must agree, and what was read must survive being written.
#include <string>

#include <codec/convert.hpp>
#include <codec/serpent.hpp>
#include <codec/value.hpp>
#include <tests/fuzz/fuzz.hpp>

namespace {

using namespace engine;
using fuzz::require;

bool read_value(reader& in, std::span<const std::byte> payload, value& out) {
  in.start(payload);
  return decode(in, out) && in.finish();
}

// Serpent has forms that lose something: a set within a frozen key or a large hexadecimal number cannot be written at all.
void check_written(reader& in, writer& out, const value& read) {
  output bytes;
  out.start(bytes);
  encode(out, read);
  if (!out.ok()) return;
  std::string text;
  bytes.each_since({}, [&](std::span<const std::byte> run) { text.append(reinterpret_cast<const char*>(run.data()), run.size()); });
  value again;
  require(read_value(in, std::as_bytes(std::span(text)), again), "what was written can be read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto in = engine::make_serpent_reader();
  static const auto out = engine::make_serpent_writer();
  const auto payload = engine::fuzz::as_bytes(data, size);
  engine::value read;
  const bool good = read_value(*in, payload, read);
  require(good || (!in->ok() && in->error().offset <= size), "a refusal says where");
  in->start(payload);
  const bool skipped = in->skip() && in->finish();
  require(skipped == good, "skipping agrees with reading");
  if (good) check_written(*in, *out, read);

  std::string_view object, method;
  in->start(payload);
  if (in->begin_call(object, method) && in->skip() && in->begin_keywords() && in->skip()) static_cast<void>(in->end_call());
  return 0;
}
