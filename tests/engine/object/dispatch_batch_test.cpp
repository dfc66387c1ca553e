// Batches between two frames: those in short forms are run without a reader, and nobody can tell. A host that allows fewer values than a batch has
// bytes always uses the reader, which says what is right.
#include <algorithm>
#include <random>

#include "dispatch_support.hpp"

namespace engine::test {
namespace {

/// One of the two servers.
struct served {
  explicit served(bool by_reader) : reads(by_reader) {
    host.accepted = {"msgpack"};
    host.objects.add({.id = "thing", .object = &object, .table = &interface_of<thing>()}, false);
  }
  /// The verdict, the answer's bytes behind its header's checksum, and what was done.
  std::string said_to(std::string_view payload, std::uint16_t flags = flag::batch) {
    host.settings.decoding.elements = reads && !payload.empty() ? payload.size() - 1 : decode_limits{}.elements;
    dispatcher dispatch(host, 0);
    session peer{.own_peer = true, .peer = "tester"};
    output out;
    const frame request{.flags = flags, .sequence = 1, .serializer = msgpack().id_48, .payload = as_bytes(payload)};
    const verdict v = dispatch.answer(request, peer, out);
    return std::to_string(static_cast<int>(v)) + " " + flat(out) + " fired " + std::to_string(object.fired);
  }
  bool reads;
  thing object{};
  hosting host{};
};

const std::string no_keywords = "\x80", none = "\xc0";

std::string text(std::string_view t) { return *encoded(msgpack(), t); }
std::string entry(std::string_view method, std::string_view arguments, std::string_view keywords = no_keywords) {
  return "\x93" + text(method) + std::string(arguments) + std::string(keywords);
}
std::string batch_of(const std::vector<std::string>& entries, std::string_view keywords = none) {
  std::string all = "\x94" + text("thing") + text("<batch>");
  if (entries.size() < 16) all += static_cast<char>(0x90 + entries.size());
  else all += {'\xdc', static_cast<char>(entries.size() >> 8), static_cast<char>(entries.size())};
  for (const std::string& each : entries) all += each;
  return all + std::string(keywords);
}

/// Most are plain and good.
std::string some_entry(std::mt19937& random) {
  const auto number = [&] { return *encoded(msgpack(), static_cast<std::int64_t>(random() % 300) - 50); };
  switch (random() % 24) {
    case 0: return entry("missing", "\x90");
    case 1: return entry("_hidden", "\x90");
    case 2: return entry("add", "\x92" + number() + "\xc3");
    case 3: return entry("add", "\x91" + number(), "\x81\xa1" "b\x05");
    case 4: return entry("add", "\x91" + number());
    case 5: return entry("fail", "\x92" + text("ValueError") + text("broken"));
    case 6: return entry("text", "\x91" + text(std::string(40, 'x')));
    case 7: return entry("text", "\x91" + text("h\u00e9"));
    case 8: return entry("echo", "\x91\x92\x01\x02");
    case 9: return entry("add", "\xc0");
    case 10: return entry("all", "\x93\x01\x02\x03");
    case 11: return entry("add", "\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    case 12: return entry(std::string(33, 'm'), "\x90");
    case 13: return entry("fire", "\x91" + number(), none);
    case 14: return "\x92" + text("fire") + "\x91\x01";
    case 15: return entry("__len__", "\x90");
    case 16: return entry("measure", "\x91\xc4\x03" "abc");
    case 17:
    case 18: return entry("text", "\x91" + text(std::string(random() % 32, 'y')));
    case 19:
    case 20: return entry("fire", "\x91" + number());
    default: return entry("add", "\x92" + number() + number());
  }
}

TEST(DispatchBatch, results_are_those_that_a_reader_makes_of_it) {
  served plain(false), read(true);
  std::mt19937 random(7);
  int all_good = 0;
  for (int i = 0; i < 6000; ++i) {
    std::vector<std::string> entries(random() % 20);
    // Every third has an entry of any kind; else there would be one in most.
    std::ranges::generate(entries, [&] { return i % 3 == 0 ? some_entry(random) : entry("add", "\x92\x01" + *encoded(msgpack(), random() % 70000)); });
    if (i % 3 == 1 && !entries.empty()) entries[random() % entries.size()] = some_entry(random);
    const std::string payload = batch_of(entries, i % 7 == 0 ? no_keywords : none);
    const std::uint16_t flags = flag::batch | (i % 11 == 0 ? flag::oneway : 0);
    const std::string said = plain.said_to(payload, flags);
    ASSERT_EQ(said, read.said_to(payload, flags)) << to_hex(payload);
    all_good += said.find("exception") == std::string::npos;
  }
  EXPECT_GT(all_good, 2000);
  EXPECT_LT(all_good, 5000);
  EXPECT_NE(plain.object.fired, 0);
}

TEST(DispatchBatch, damage_is_refused_as_a_reader_refuses_it) {
  served plain(false), read(true);
  std::mt19937 random(8);
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::string> entries(1 + random() % 5);
    std::ranges::generate(entries, [&] { return some_entry(random); });
    std::string payload = batch_of(entries);
    for (unsigned left = 1 + random() % 3; left > 0 && payload.size() > 1; --left) {
      const std::size_t at = random() % payload.size();
      if (random() % 4 == 0) payload.erase(at, 1 + random() % 3);
      else if (random() % 3 == 0) payload.insert(at, 1, static_cast<char>(random()));
      else payload[at] = static_cast<char>(random());
    }
    const std::string said = plain.said_to(payload), expected = read.said_to(payload);
    // Where so few values are allowed, a list or dict that declares more than there are is refused in other words.
    if (expected.find("too many values in one message") != std::string::npos) plain.object.fired = read.object.fired.load();
    else ASSERT_EQ(said, expected) << to_hex(payload);
  }
}

TEST(DispatchBatch, nothing_runs_before_the_whole_message_is_sound) {
  served plain(false);
  const std::string good = entry("fire", "\x91\x01");
  for (const std::string& bad : {std::string("\x93\xa4" "fire\x91"), entry("fire", "\x91\xa1\xff"), std::string("\x07"), entry("fire", "\x9f\x01")})
    EXPECT_NE(plain.said_to(batch_of({good, good, bad})).find("Error"), std::string::npos) << to_hex(bad);
  EXPECT_EQ(plain.object.fired, 0);
  plain.said_to(batch_of({good, good}));
  EXPECT_EQ(plain.object.fired, 2);
}

TEST(DispatchBatch, what_does_not_fit_in_the_middle_is_read_and_the_rest_goes_on) {
  served plain(false);
  // An int that is given as a float is none; a text of 40 characters is one, though not in a short form.
  const std::string said = plain.said_to(batch_of({entry("add", "\x92\x01\x02"), entry("text", "\x91" + text(std::string(40, 'x'))), entry("fire", "\x91\x05"),
                                                   entry("add", "\x92\x01" + *encoded(msgpack(), 1.5)), entry("fire", "\x91\x01")}));
  EXPECT_NE(said.find(std::string(40, 'x')), std::string::npos);
  EXPECT_NE(said.find("TypeError"), std::string::npos);
  EXPECT_EQ(plain.object.fired, 5) << "the last is not executed";
}

}  // namespace
}  // namespace engine::test
