// See batch.hpp.
#include <engine/object/batch.hpp>

#include <engine/object/error.hpp>

namespace engine::detail {

namespace {

constexpr std::string_view exception_wrapper = "Pyro4.futures._ExceptionWrapper";

std::exception_ptr unavailable(const std::string& why) { return std::make_exception_ptr(error(why)); }

/// Whether the value ahead is an exception in its wrapper; if so it is read, else nothing has happened.
bool read_exception(reader& in, std::optional<wire_exception>& thrown) {
  if (in.peek() != kind::dict) return true;
  const reader::mark before = in.here();
  std::size_t hint = 0;
  std::string_view key, name;
  const bool wrapped = in.enter_dict(hint) && in.more() && in.peek() == kind::string && in.read_string(key) && key == "__class__" &&
                       in.peek() == kind::string && in.read_string(name) && name == exception_wrapper;
  if (!wrapped) {
    if (!in.ok()) return false;
    in.rewind(before);
    return true;
  }
  while (in.more()) {
    if (!in.read_string(key)) return false;
    if (key == "exception") {
      if (!decode(in, thrown.emplace())) return false;
    } else if (!in.skip()) {
      return false;
    }
  }
  return in.ok();
}

}  // namespace

void later_block::check_one(std::size_t at) const {
  if (have_ == have::none_yet) throw error("the batch has not been sent yet");
  if (why_none_) std::rethrow_exception(why_none_);
  if (at < errors_.size() && errors_[at]) std::rethrow_exception(errors_[at]);
}

/// The answer of a batch that its caller waits for.
class batch_reply final : public reply_slot {
 public:
  batch_reply(remote& r, batch_entries& of) : reply_slot(r.talk(), &answer_context()), of_(of) {}
  bool read_result(reader& in) override { return of_.read_results(in, asked().payload()); }
  bool read_plainly(std::span<const std::byte> payload) override { return of_.read_plainly(payload); }
  void settle(std::exception_ptr e) override { error_ = std::move(e); }
  void take() {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  batch_entries& of_;
  std::exception_ptr error_{};
};

/// The answer of one behind a future, which keeps the places meanwhile.
class batch_future final : public future_result<void>, public pending_call {
 public:
  batch_future(std::shared_ptr<remote> of, time_limit limit, batch_entries&& entries)
      : future_result<void>(kept_by::waiter), pending_call(std::move(of), limit), entries_(std::move(entries)) {}
  void wait_until(time_point until) override {
    if (!this->ready()) await_answer(until);
  }
  void abandon() override { forget(); }
  void cancel() override { ask_to_stop(); }
  void refuse_await() override { refuse_on_core(); }
  bool read_result(reader& in) override { return entries_.read_results(in, asked().payload()); }
  bool read_plainly(std::span<const std::byte> payload) override { return entries_.read_plainly(payload); }
  void conclude(std::exception_ptr e) override { entries_.conclude(*this, std::move(e)); }
  void give_up(const std::exception_ptr& why) { entries_.give_up(why); }
  written write(const line& on) { return entries_.write(on); }

 private:
  batch_entries entries_;
};

/// The same on a core.
class core_batch_future final : public future_result<void>, public core_call {
 public:
  core_batch_future(core& home, std::shared_ptr<remote> of, time_limit limit, batch_entries&& entries)
      : future_result<void>(kept_by::its_core, &home), core_call(home, std::move(of), limit), entries_(std::move(entries)) {}
  void refuse_wait() const override { refuse_on_core(); }
  void abandon() override { forget(); }
  void cancel() override { ask_to_stop(*this); }
  future_state& as_state() override { return *this; }
  bool read_result(reader& in) override { return entries_.read_results(in, asked().payload()); }
  bool read_plainly(std::span<const std::byte> payload) override { return entries_.read_plainly(payload); }
  void conclude(std::exception_ptr e) override { entries_.conclude(*this, std::move(e)); }
  void give_up(const std::exception_ptr& why) { entries_.give_up(why); }
  void send() {
    const written sent = entries_.write(on());
    this->add_reference();
    expect(sent.sequence);
  }

 private:
  batch_entries entries_;
};

// ---- filling

writer& batch_entries::begin() {
  if (places_.empty()) choose_writer();
  written_.truncate(whole_);
  writer_->start_part(written_);
  return *writer_;
}

// Another connection may speak another format.
void batch_entries::choose_writer() {
  const serializer& format = format_there();
  if (writer_ && format_ == &format) return;
  format_ = &format;
  writer_ = make_writer(format, to_->settings().bytes_in_serpent());
}

// On a core nothing is waited for, and what is not connected yet gets what was asked for.
const serializer& batch_entries::format_there() const {
  if (core* const here = core::current()) return core_remote::of(*here, *to_).talk().format();
  const auto held = to_->acquire();
  return to_->talk().format();
}

void batch_entries::refuse() {
  written_.truncate(whole_);
  rethrow(wire_exception::from(writer_->error()));
}

void batch_entries::clear() {
  written_.clear();
  whole_ = {};
  places_.clear();
}

/// There will be no results, and the batch is free for other calls.
void batch_entries::give_up(const std::exception_ptr& why) {
  places_.settle(why);
  clear();
}

void batch_entries::conclude(future_result<void>& me, std::exception_ptr e) {
  if (e) {
    places_.settle(e);
    me.fail(std::move(e));
  } else {
    me.succeed();
  }
  me.release();  // the channel's share
}

// ---- sending

written batch_entries::write(const line& on) {
  written_.truncate(whole_);
  if (!on.talk.can_write(*format_)) throw protocol_error("the daemon that is there now wants another serializer than the batch was written for");
  line flagged = on;
  flagged.flags |= flag::batch;
  flagged.format = format_;
  request made(flagged, on.talk.object(), "<batch>", places_.size());
  std::string_view entries;  // in one piece: nothing in it is borrowed
  written_.each_since({}, [&](std::span<const std::byte> run) { entries = {reinterpret_cast<const char*>(run.data()), run.size()}; });
  made.arguments().parts(entries, places_.size());
  made.no_keywords();
  return made.finish();
}

void batch_entries::send(time_limit limit) {
  if (places_.empty()) return;
  const time_point until = limit ? remote::deadline_after(*limit) : time_point::max();
  auto writing = [this](const line& on) { return write(on); };
  auto once = [&](bool early) {
    batch_reply answer(*to_, *this);
    ask(*to_, until, 0, answer, writing, early);
    answer.take();
  };
  try {
    with_retries(*to_, once);
  } catch (...) {
    give_up(std::current_exception());
    throw;
  }
  clear();
}

void batch_entries::send_oneway(time_limit limit) {
  if (places_.empty()) return;
  static const std::exception_ptr nobody_asked = unavailable("the batch was sent without asking for results");
  auto writing = [this](const line& on) { return write(on); };
  try {
    if (core* const here = core::current()) send_on_core(*here, *to_, limit, writing);
    else call_now<void>(*to_, limit, flag::oneway, writing);
  } catch (...) {
    give_up(std::current_exception());
    throw;
  }
  give_up(nobody_asked);
}

future<void> batch_entries::send_async(time_limit limit) {
  batch_entries mine = std::exchange(*this, batch_entries(to_));
  const bool empty = mine.places_.empty();
  if (core* const here = core::current()) {
    auto* state = new core_batch_future(*here, to_, limit, std::move(mine));
    future<void> result(state);
    if (empty) return state->succeed(), std::move(result);
    try {
      state->send();
    } catch (const unreachable&) {
      state->add_reference();
      state->conclude(std::current_exception());
    } catch (...) {
      state->give_up(std::current_exception());
      throw;
    }
    return result;
  }
  auto* state = new batch_future(to_, limit, std::move(mine));
  future<void> result(state);
  if (empty) return state->succeed(), std::move(result);
  remote::lock held;
  try {
    held = to_->acquire_patiently(limit ? state->deadline() : time_point::max());
  } catch (const unreachable&) {
    state->add_reference();
    state->conclude(std::current_exception());
    return result;
  }
  try {
    const written sent = state->write(to_->on(state->deadline(), 0, state->keep()));
    state->add_reference();
    to_->post(held, *state, sent.sequence, state->deadline());
  } catch (...) {
    state->give_up(std::current_exception());
    throw;
  }
  return result;
}

// ---- results

bool batch_entries::read_plainly(std::span<const std::byte> payload) {
  plain_msgpack plain(payload);
  std::size_t count = 0;
  if (!plain.entries(count) || count != places_.size() || !places_.read_plainly(plain) || !plain.at_end()) return false;
  places_.begin();
  places_.settle();
  return true;
}

bool batch_entries::read_results(reader& in, std::span<const std::byte> payload) {
  std::size_t hint = 0;
  bool ended = false;
  places_.begin();
  later_cursor place = places_.first();
  if (!in.enter_sequence(hint)) return false;
  for (; !ended && in.more(); place.next()) {
    if (place.at_end()) return in.fail(wire_class::protocol_error, "more results than calls in the batch");
    std::optional<wire_exception> thrown;
    if (!read_exception(in, thrown)) return false;
    ended = thrown.has_value();
    if (ended) {
      place.fail(exception_of(std::move(*thrown)));
    } else if (!place.read(in)) {
      // It does not fit its type, the others may. A reader that has refused something goes no further, so it begins again.
      in.start(payload);
      if (!in.enter_sequence(hint)) return false;
      for (std::size_t i = 0; i < place.passed(); ++i)
        if (!in.more() || !in.skip()) return false;
      return read_as_values(in, place);
    }
  }
  return end_results(in, place, ended);
}

/// The slow way: whatever the results are, each is then made to fit, or not.
bool batch_entries::read_as_values(reader& in, later_cursor place) {
  bool ended = false;
  for (; !ended && in.more(); place.next()) {
    if (place.at_end()) return in.fail(wire_class::protocol_error, "more results than calls in the batch");
    std::optional<wire_exception> thrown;
    value result;
    if (!read_exception(in, thrown) || (!thrown && !decode(in, result))) return false;
    ended = thrown.has_value();
    try {
      if (ended) place.fail(exception_of(std::move(*thrown)));
      else place.take(result);
    } catch (const bad_value& e) {
      place.fail(exception_of(wire_exception::describe(std::make_exception_ptr(e))));
    }
  }
  return end_results(in, place, ended);
}

/// What was not executed is told so.
bool batch_entries::end_results(reader& in, later_cursor place, bool ended) {
  if (!in.ok()) return false;
  if (in.more()) return in.fail(wire_class::protocol_error, "results after the exception that ended the batch");
  if (!ended && !place.at_end()) return in.fail(wire_class::protocol_error, "fewer results than calls in the batch");
  if (!place.at_end()) {
    const auto unexecuted = unavailable("this call was not executed: call " + std::to_string(place.passed()) + " of the batch threw before it");
    for (; !place.at_end(); place.next()) place.fail(unexecuted);
  }
  places_.settle();
  return true;
}

}  // namespace engine::detail
