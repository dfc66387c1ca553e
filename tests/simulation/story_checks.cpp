// What must be true of every story, whatever was drawn.
#include <algorithm>

#include "story.hpp"

namespace engine::simulation {

namespace {

constexpr std::size_t output_soft = connection_limits{}.output_soft;
constexpr std::size_t around_an_answer = 1024;  // its header, annotations and quotes

}  // namespace

void story::expect(bool true_of_it, const std::string& otherwise) {
  if (!true_of_it) violations_.push_back(otherwise);
}

void story::check_clients() {
  for (std::size_t i = 0; i < callers_.size(); ++i) check_caller(i);
  for (const rude& one : rude_) check_stranger(one);
  check_order();
  expect(book_.misplaced == 0, "an object was called on another core than its own");
  expect(world_->server().connections() == 0, std::to_string(world_->server().connections()) + " connections are left");
}

void story::check_caller(std::size_t i) {
  const caller& c = callers_[i];
  const std::string who = "caller " + std::to_string(i) + ": ";
  expect(c.over(), who + "still waits");
  if (!c.over()) return;
  for (const std::string& what : c.complaints()) violations_.push_back(who + what);
  const std::size_t expected = c.expected_answers();
  expect(c.answered() + c.failed() == expected, who + std::to_string(c.answered()) + " answers and " + std::to_string(c.failed()) +
                                                    " failures for " + std::to_string(expected) + " calls");
  if (!c.lost()) {
    expect(book_.ran[static_cast<std::int64_t>(i)].size() == c.intent().calls.size(), who + "a call did not run");
    return;
  }
  // Nobody but the network and the end of the server may part a caller from it.
  if (stops_after_ && c.ended_at() >= stopped_at_) return;
  const bool allowed = c.connected() ? faults_.reset > 0 : faults_.refuse_connect > 0;
  expect(allowed && c.lost()->why == connection_end::cause::reset, who + "lost its connection: " + c.lost()->to_string());
}

void story::check_stranger(const rude& one) {
  const std::string who = "stranger " + std::to_string(one.number) + ": ";
  expect(one.peer->over(), who + "still there");
  if (one.must_be_shown_out && one.peer->connected()) expect(one.peer->shown_out(), who + "was never shown out");
  if (one.unread_answer == 0) return;
  // What was produced and not taken by the network lay in the server's memory.
  const std::size_t most = output_soft + one.unread_answer + around_an_answer * 20 + faults_.send_buffer;
  expect(book_.produced[one.number] <= most, who + std::to_string(book_.produced[one.number]) + " bytes were produced for nobody");
}

/// Whatever was asked on one connection ran in the order it was asked, nothing twice, nothing left out on the way.
void story::check_order() {
  for (const auto& [who, numbers] : book_.ran) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] == static_cast<std::int64_t>(i + 1)) continue;
      violations_.push_back("client " + std::to_string(who) + ": call " + std::to_string(numbers[i]) + " ran as the " + std::to_string(i + 1) + "th");
      break;
    }
  }
}

void story::check_end() {
  expect(world_->server().idle(), "the server has not ended");
  expect(world_->server().connections() == 0, "connections outlived the server");
  for (std::size_t i = 0; i < world_->cores().size(); ++i) {
    core& c = *world_->cores()[i];
    const std::string where = "core " + std::to_string(i) + ": ";
    expect(c.buffers().in_use() == 0, where + "somebody kept a buffer");
    expect(c.timers().armed() == 0, where + "a timer was left armed");
    std::vector<std::uint32_t> taken;
    for (std::uint32_t buffer; c.buffers().take(buffer);) taken.push_back(buffer);
    expect(taken.size() == c.buffers().count(), where + "a buffer was lost");
    for (const std::uint32_t buffer : taken) c.buffers().put_back(buffer);
  }
}

story::happenings story::happened() const {
  happenings h;
  for (const caller& c : callers_) {
    h.answered += c.answered();
    h.failed += c.failed();
    h.lost += c.lost() ? 1 : 0;
  }
  for (const stranger& s : strangers_) h.shown_out += s.shown_out() ? 1 : 0;
  for (const rude& one : rude_) {
    const auto produced = book_.produced.find(one.number);
    h.held_back += produced != book_.produced.end() && produced->second > output_soft ? 1 : 0;
  }
  h.stopped_early = stops_after_ ? 1 : 0;
  return h;
}

story::happenings& story::happenings::operator+=(const happenings& h) {
  answered += h.answered;
  failed += h.failed;
  lost += h.lost;
  shown_out += h.shown_out;
  held_back += h.held_back;
  stopped_early += h.stopped_early;
  return *this;
}

}  // namespace engine::simulation
