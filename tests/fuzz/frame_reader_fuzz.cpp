// Any bytes as a stream of frames. However it is cut into pieces, and wherever it is handed to another reader, the same frames come
// out and the same error; no frame is larger than allowed; and a frame that was accepted can be written and read again.
// The first four bytes of the input choose limits, key and cuts.
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>
#include <tests/fuzz/fuzz.hpp>
#include <tests/support/encoded.hpp>

namespace {

using namespace engine;
using fuzz::require;

constexpr std::string_view key = "secr3t";

struct setup {
  frame_limits limits{};
  std::string hmac_key{};
  bool hand_over = false;
  std::size_t largest_piece = 1;
  unsigned seed = 0;

  explicit setup(fuzz::choices& from) {
    const unsigned first = from.byte(), second = from.byte();
    constexpr std::size_t sizes[] = {0, 64, 1024, 65536}, thresholds[] = {16, 64, 4096, 65536}, pieces[] = {1, 8, 64, 4096};
    limits = {.message_size = sizes[first & 3], .direct_threshold = thresholds[first >> 2 & 3], .inflated_size = 1 << 20};
    if ((first & 16) != 0) hmac_key = key;
    hand_over = (first & 32) != 0;
    largest_piece = pieces[first >> 6];
    seed = second << 8 | from.byte();
  }
  frame_reader reader() const {
    frame_reader made(limits);
    made.set_hmac_key(hmac_key);
    return made;
  }
};

/// A frame with everything it viewed.
struct kept_frame {
  message type{};
  std::uint16_t flags = 0, sequence = 0, serializer = 0;
  std::string annotations{}, payload{};
  bool operator==(const kept_frame&) const = default;
};

std::string text_of(std::span<const std::byte> data) { return {reinterpret_cast<const char*>(data.data()), data.size()}; }

kept_frame keep(const frame& f) {
  return {f.type, f.flags, f.sequence, f.serializer, text_of(f.annotations.bytes()), text_of(f.payload)};
}

struct outcome {
  std::vector<kept_frame> frames{};
  std::string error{};
  bool between_frames = false;
  bool operator==(const outcome&) const = default;
};

/// Everything that is ready. False: the stream is over.
bool take_frames(frame_reader& reader, const setup& how, outcome& out) {
  for (;;) {
    const auto next = reader.next();
    if (!next) {
      out.error = std::string(next.error().type) + ": " + next.error().text + " at " + std::to_string(next.error().offset);
      return false;
    }
    if (!*next) return true;
    const frame& f = **next;
    const std::size_t size = f.payload.size() + (f.has(flag::compressed) ? 0 : f.annotations.bytes().size());
    const std::size_t limit = how.limits.message_size > 0 ? how.limits.message_size : how.limits.inflated_size;
    require((how.limits.message_size == 0 && !f.has(flag::compressed)) || size <= limit, "no frame is larger than allowed");
    out.frames.push_back(keep(f));
  }
}

outcome read_whole(std::span<const std::byte> stream, const setup& how) {
  outcome out;
  frame_reader reader = how.reader();
  reader.feed(stream);
  if (take_frames(reader, how, out)) out.between_frames = reader.between_frames();
  return out;
}

/// As a socket would bring it: into room() where there is some, else from a buffer that is gone afterwards.
outcome read_in_pieces(std::span<const std::byte> stream, const setup& how) {
  outcome out;
  std::minstd_rand random(how.seed);
  frame_reader reader = how.reader();
  while (!stream.empty()) {
    const std::size_t n = std::min<std::size_t>(stream.size(), 1 + random() % how.largest_piece);
    const auto room = reader.room();
    const std::size_t used = room.empty() ? n : std::min(n, room.size());
    const std::vector<std::byte> piece(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(used));
    stream = stream.subspan(used);
    if (room.empty()) {
      reader.feed(piece);
    } else {
      std::ranges::copy(piece, room.begin());
      reader.filled(used);
    }
    std::vector<std::byte> rest;
    if (how.hand_over && random() % 8 == 0) {
      rest = reader.take_rest();
      reader = how.reader();
      reader.feed(rest);
    }
    if (!take_frames(reader, how, out)) return out;
  }
  out.between_frames = reader.between_frames();
  return out;
}

void write_again(const kept_frame& f, const setup& how) {
  output out;
  std::vector<annotation> annotations;
  const auto area = test::as_bytes(f.annotations);
  for (const annotation a : annotation_view(area, protocol::v48))
    if (a.key != "HMAC") annotations.push_back(a);
  const bool hmac = !how.hmac_key.empty();
  frame_writer writer(out, {.type = f.type, .flags = static_cast<std::uint16_t>(f.flags & ~flag::compressed), .sequence = f.sequence,
                            .serializer = f.serializer, .hmac = hmac}, annotations);
  out.append(f.payload);
  if (!writer.finish({.compress = true, .hmac_key = how.hmac_key})) return;  // a second HMAC annotation made room for more
  setup unlimited = how;
  unlimited.limits.message_size = 0;
  const std::string bytes = test::flat(out);
  const outcome again = read_whole(test::as_bytes(bytes), unlimited);
  require(again.frames.size() == 1 && again.error.empty() && again.between_frames, "a written frame is read");
  const kept_frame& g = again.frames.front();
  const auto facts = [](const kept_frame& k) {
    return std::tuple(k.type, k.flags & ~flag::compressed, k.sequence, k.serializer, k.payload);
  };
  require(facts(g) == facts(f), "a written frame says the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::choices from(fuzz::as_bytes(data, size));
  const setup how(from);
  const outcome whole = read_whole(from.rest(), how);
  require(read_in_pieces(from.rest(), how) == whole, "the pieces do not matter");
  for (const kept_frame& f : whole.frames) write_again(f, how);
  return 0;
}
