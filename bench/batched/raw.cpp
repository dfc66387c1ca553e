// The floor of batches: a frame with a thousand entries behind it, answered by a frame with a thousand answers, one batch after another. The client
// writes every entry anew and looks at every answer, as whoever calls has to; polling with spin=1.
#include <vector>

#include <bench/common/measure.hpp>
#include <bench/common/socket.hpp>
#include <bench/raw/frame.hpp>
#include <bench/raw/scenarios.hpp>

namespace bench {
namespace {

constexpr std::uint32_t calls = 1000;

/// Header and entries as they travel.
void write_batch(std::vector<char>& to, std::uint32_t first) {
  frame header;
  header.what = operation::batch;
  header.argument = calls;
  std::memcpy(to.data(), header.bytes().data(), sizeof header);
  for (std::uint32_t i = 0; i < calls; ++i) {
    const batch_entry entry{.number = first + i};
    std::memcpy(to.data() + sizeof header + i * sizeof entry, &entry, sizeof entry);
  }
}

void check_answers(std::span<const char> answers, std::span<const char> request, std::uint32_t first) {
  expect_same(answers.first(sizeof(frame)), request.first(sizeof(frame)));
  for (std::uint32_t i = 0; i < calls; ++i) {
    batch_answer answer;
    std::memcpy(&answer, answers.data() + sizeof(frame) + i * sizeof answer, sizeof answer);
    if (answer.length != batch_answer{}.length || answer.number != first + i) throw std::runtime_error("the answer does not match the request");
  }
}

}  // namespace

void batched(const arguments& given) {
  const descriptor server = dial(given.text("addr", ""));
  const bool spin = given.flag("spin");
  std::vector<char> request(sizeof(frame) + calls * sizeof(batch_entry)), answers(sizeof(frame) + calls * sizeof(batch_answer));
  std::uint32_t first = 0;
  timing clock(given);
  while (clock.running()) {
    write_batch(request, first);
    send_all(server.number(), request);
    receive_exactly(server.number(), answers, spin);
    check_answers(answers, request, first);
    first += calls;
    clock.finished(calls);
  }
  print("batched", "calls/s", frame{}.text_length(), clock);
}

}  // namespace bench
