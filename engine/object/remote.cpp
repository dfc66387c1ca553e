// See remote.hpp.
#include <engine/object/remote.hpp>

#include <random>
#include <thread>
#include <utility>

#include <engine/io/log.hpp>
#include <engine/object/core_remote.hpp>
#include <engine/object/daemon_object.hpp>
#include <engine/object/late_sender.hpp>
#include <engine/object/replies.hpp>
#include <engine/object/resolve.hpp>
#include <engine/object/reverse_connections.hpp>

namespace engine::detail {

namespace {

constexpr std::chrono::milliseconds goodbye{1000};

double fraction() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

/// An answer of which nothing is wanted but that it came.
struct acknowledgement final : awaited_reply {
  std::optional<channel_failure> answered(const frame&) override { return std::nullopt; }
  void failed(const channel_failure& f) override { failure = f; }
  std::optional<channel_failure> failure{};
};

engine::settings settings_for(const proxy_options& o) { return o.settings ? *o.settings : engine::settings::from_environment(); }

}  // namespace

remote::remote(engine::uri where, proxy_options options)
    : uri_(std::move(where)), direct_(uri_), options_(std::move(options)), settings_(settings_for(options_)), socket_was_given_(options_.connected_socket), talk_(direct_, options_, settings_) {
  timeout_ = options_.timeout.value_or(std::chrono::milliseconds(static_cast<std::int64_t>(settings_.comm_timeout * 1000)));
  retries_ = settings_.max_retries;
  known_ = options_;
  known_.settings = settings_;
  known_.connected_socket.reset();
}

remote::~remote() {
  release();
  // Given, but never used.
  if (options_.connected_socket) channel(*options_.connected_socket, options_of_channel());
}

// ---- connecting

remote::lock remote::acquire(time_point limit, bool early) {
  if (core::current())
    throw would_block("a synchronous call on a core's own thread would wait for itself: start it with engine::async and co_await the "
                      "future, or call from another thread");
  lock held(mutex_);
  connected_.wait(held, [this] { return !connecting_; });
  if (channel_ && channel_->outstanding() == 0) {
    if (channel_->stale()) channel_.reset();
    else if (channel_->shares_now()) share_memory(held, limit);
  }
  if (!channel_ || !channel_->usable()) connect(held, limit, early);
  return held;
}

remote::lock remote::acquire_patiently(time_point limit) {
  // Pyro's pauses, and its patience: half of the communication timeout (WIRE §3.3).
  std::chrono::duration<double> pause{0};
  for (;;) {
    try {
      return acquire(limit);
    } catch (const communication_error& e) {
      const bool full = std::string_view(e.what()).find("no free workers") != std::string_view::npos;
      const std::chrono::duration<double> most = timeout() / 2.0;
      pause += std::chrono::duration<double>(pause.count() == 0 ? 0.1 + fraction() / 5 : 0.4 + fraction() / 2);
      if (!full || (most.count() > 0 && pause > most) || std::chrono::steady_clock::now() + pause > limit) throw;
    }
    std::this_thread::sleep_for(pause);
  }
}

engine::uri remote::direct() {
  const std::scoped_lock lock(known_mutex_);
  if (direct_.protocol() == uri_protocol::pyro) return direct_;
  throw naming_error(uri_.to_string() + " has not been looked up yet, and a core must not wait for that: co_await engine::resolve_later(uri) first, or "
                                        "connect(proxy) on another thread");
}

/// A name may stand for something else each time.
void remote::look_up() {
  if (uri_.protocol() == uri_protocol::pyro) return;
  engine::uri found = resolve(uri_, options());
  const std::scoped_lock lock(known_mutex_);
  direct_ = std::move(found);
  addresses_.clear();
}

std::vector<address> remote::numeric_addresses(const engine::uri& direct) {
  if (!direct.sockname().empty()) {
    auto where = address::unix_socket(direct.sockname());
    if (!where) throw communication_error("cannot connect to " + direct.sockname() + ": " + where.error().to_string());
    return {*where};
  }
  auto where = address::numeric(direct.host(), static_cast<std::uint16_t>(direct.port()));
  if (!where) return {};
  return {*where};
}

std::vector<address> remote::addresses() const {
  std::vector<address> known = numeric_addresses(direct_);
  if (!known.empty()) return known;
  auto found = address::resolve(direct_.host(), static_cast<std::uint16_t>(direct_.port()), settings_.prefer_ip_version);
  if (!found) throw communication_error("cannot connect to " + talk_.location_text() + ": " + found.error().to_string());
  return *found;
}

std::optional<int> remote::take_socket() {
  if (!socket_was_given_) return std::nullopt;  // a core does not wait for a thread that is connecting
  const lock held(mutex_);
  return std::exchange(options_.connected_socket, std::nullopt);
}

void remote::connect(lock& held, time_point limit, bool early) {
  const time_point deadline = std::min(limit, this->deadline());
  open_channel(deadline);
  connecting_ = true;
  try {
    if (socket_was_given_) {
      if (settings_.metadata && !talk_.knows_members()) learn_members(held, deadline);
    } else if (early && talk_.may_be_early()) {
      return greet_early();
    } else {
      greet(held, deadline);
    }
  } catch (...) {
    channel_.reset();
    connecting_ = false;
    connected_.notify_all();
    throw;
  }
  connecting_ = false;
  connected_.notify_all();
}

channel_options remote::options_of_channel() const {
  return {.frames = settings_.frames_read(), .hmac_key = options_.hmac_key, .spin = settings_.spin};
}

void remote::open_channel(time_point deadline) {
  channel_.reset();
  if (socket_was_given_) {
    const auto given = std::exchange(options_.connected_socket, std::nullopt);
    if (!given) throw connection_closed(no_other_socket);
    channel_ = std::make_shared<channel>(*given, options_of_channel());
    return;
  }
  look_up();
  if (const auto through = reverse_id_of(direct_)) {
    const auto taken = reverse_connections::instance().take(*through, deadline);
    if (!taken) talk_.cannot_connect(taken.error());
    channel_ = std::make_shared<channel>(*taken, options_of_channel());
    return;
  }
  if (addresses_.empty()) addresses_ = addresses();
  io_error last{};
  for (const address& a : addresses_) {
    auto made = channel::connect(a, deadline, options_of_channel());
    if (made) {
      channel_ = std::move(*made);
      break;
    }
    last = made.error();
  }
  if (!channel_) {
    addresses_ = numeric_addresses(direct_);
    talk_.cannot_connect(last);
  }
}

void remote::greet(lock& held, time_point deadline) {
  const auto mine = channel_;  // release() may come meanwhile
  greeting answer(talk_);
  talk_.write_connect(mine->outgoing());
  mine->expect(answer, talk_.sequence());
  mine->wait(held, answer, deadline);
  if (!talk_.enter(answer)) learn_members(held, deadline);
  if (settings_.shares_memory() && talk_.memory_giver()) mine->may_share_memory();
}

/// The connection is this thread's until enter_early().
void remote::greet_early() {
  talk_.write_early_connect(channel_->outgoing());
  early_.emplace(talk_);
  early_on_ = channel_.get();
  channel_->expect(*early_, talk_.sequence());
}

/// Waits for the daemon's welcome, if `mine` is a connection whose request did not.
void remote::enter_early(lock& held, const std::shared_ptr<channel>& mine, time_point deadline) {
  if (early_on_ != mine.get()) return;
  const auto over = [this] {
    early_on_ = nullptr;
    connecting_ = false;
    connected_.notify_all();
  };
  try {
    mine->wait(held, *early_, deadline);
    if (!talk_.enter(*early_)) learn_members(held, deadline);
  } catch (...) {
    over();
    talk_.begin_anew();
    mine->fail({.why = channel_failure::cause::closed, .text = "the connection was given up"});  // the request's caller hears of it by this exception
    if (channel_ == mine) channel_.reset();
    throw;
  }
  over();
  if (settings_.shares_memory() && talk_.memory_giver()) mine->may_share_memory();
}

void remote::share_memory(lock& held, time_point limit) {
  const auto mine = channel_;
  auto box = handover_box::open(*talk_.memory_giver());
  if (!box) return;
  connecting_ = true;  // nobody else says anything meanwhile
  acknowledgement answer;
  try {
    const auto sequence = talk_.write_memory_question(mine->outgoing(), box->ticket());
    mine->share_memory(held, *box, answer, sequence, std::min(limit, deadline()));
  } catch (...) {
    mine->fail({.why = channel_failure::cause::closed, .text = "the connection was given up", .thrown = std::current_exception()});
  }
  connecting_ = false;
  connected_.notify_all();
  // The call that is about to be made would have waited as long.
  if (answer.failure && answer.failure->why == channel_failure::cause::timed_out) std::rethrow_exception(exception_for(*answer.failure));
}

void remote::learn_members(lock& held, time_point deadline) {
  const auto mine = channel_;
  if (!mine) throw connection_closed("the proxy has been released");
  waiting_reply<value> answer(*this, nullptr);
  const auto sequence = talk_.write_get_metadata(mine->outgoing());
  mine->expect(answer, sequence);
  mine->wait(held, answer, deadline);
  talk_.take_metadata(answer.take());
}

void remote::release() {
  lock held(mutex_);
  if (!channel_) return;
  const auto mine = channel_;  // another thread may end it meanwhile
  mine->send(held, true, deadline_after(goodbye));  // oneway calls that were kept back
  if (channel_ != mine) return;
  channel_->fail({.why = channel_failure::cause::closed, .text = "the proxy has been released"});
  channel_.reset();
}

void remote::reconnect(int tries, std::chrono::milliseconds pause) {
  release();
  for (; tries > 0; --tries) {
    try {
      static_cast<void>(acquire());
      return;
    } catch (const unreachable&) {
      if (tries > 1) std::this_thread::sleep_for(pause);
    }
  }
  throw connection_closed("failed to reconnect");
}

void remote::cancel(reply_slot& slot) noexcept {
  try {
    lock held(mutex_);
    const auto mine = channel_;
    if (!mine || !mine->usable() || slot.done()) return;
    if (talk_.write_cancel(mine->outgoing(), slot.sequence())) mine->send(held, true, deadline_after(goodbye));
  } catch (const error& e) {
    log_debug("a call was not cancelled: {}", e.what());
  }
}

// ---- what is known and may be changed

bool remote::connected() {
  const lock held(mutex_);
  return channel_ && channel_->usable();
}

std::optional<connection_info> remote::connection() {
  const lock held(mutex_);
  if (!channel_ || !channel_->usable()) return std::nullopt;
  return connection_info{.local = channel_->local(), .peer = channel_->remote(), .descriptor = channel_->socket(), .own_peer = talk_.own_peer(),
                         .serializer = std::string(talk_.format().name), .shares_memory = channel_->shares_memory()};
}

channel::counters remote::counted() {
  const lock held(mutex_);
  return channel_ ? channel_->counted() : channel::counters{};
}

remote_members remote::offered(bool again) {
  lock held = acquire();
  if (again) learn_members(held, deadline());
  return talk_.members();
}

remote_members remote::known() {
  const lock held(mutex_);
  return talk_.members();
}

void remote::know(remote_members m) {
  const lock held(mutex_);
  talk_.know(std::move(m));
}

proxy_options remote::options() {
  const std::scoped_lock lock(known_mutex_);
  proxy_options now = known_;
  now.timeout = timeout();
  now.settings->max_retries = retries();
  return now;
}

void remote::set_hmac_key(std::string key) {
  {
    const std::scoped_lock lock(known_mutex_);
    known_.hmac_key = key;
  }
  const lock held(mutex_);
  if (channel_) channel_->set_hmac_key(key);
  options_.hmac_key = std::move(key);
}

// ---- calling

void remote::exchange(lock& held, reply_slot& slot, std::uint16_t sequence, time_point deadline, time_point limit) {
  const auto mine = channel_;
  mine->expect(slot, sequence);
  if (early_on_ == mine.get()) [[unlikely]] {
    enter_early(held, mine, deadline);
    if (limit == time_point::max()) deadline = this->deadline();
  }
  mine->wait(held, slot, deadline);
}

void remote::send_lazily(lock& held, time_point deadline) {
  const auto mine = channel_;
  if (mine->send_lazily(held, deadline)) look_after(held, mine, deadline);
  if (mine->failure()) std::rethrow_exception(exception_for(*mine->failure()));
}

bool remote::send_rest() {
  const lock held(mutex_);
  return channel_ && channel_->send_rest();
}

void remote::send(lock& held, time_point deadline) {
  const auto mine = channel_;  // release() may come meanwhile
  if (mine->send_posted(held, deadline)) look_after(held, mine, deadline);
}

/// Where there can be no thread for it, nothing is kept.
void remote::look_after(lock& held, const std::shared_ptr<channel>& mine, time_point deadline) {
  try {
    late_sender::instance().look_after(weak_from_this());
  } catch (const std::exception& e) {
    log_debug("calls do not leave together: {}", e.what());
    mine->keep_nothing(held, deadline);
  }
}

bool remote::drive(reply_slot& slot, time_point until) {
  lock held(mutex_);
  // Not done means that its channel is still the present one: a channel that goes fails all that wait on it.
  const auto mine = channel_;
  return slot.done() || mine->wait_quietly(held, slot, until);
}

void remote::drive_or_fail(reply_slot& slot, time_point deadline) {
  lock held(mutex_);
  const auto mine = channel_;
  if (!slot.done()) mine->wait(held, slot, deadline);
}

// ---- streams

namespace {

/// `most`: 0 for daemons that give one at a time.
std::uint16_t write_item_request(const line& on, std::string_view stream_id, std::uint32_t most) {
  request asking(on, daemon_object::id, "get_next_stream_item", most > 0 ? 2 : 1);
  asking.arguments().string(stream_id);
  if (most > 0) asking.arguments().unsigned_integer(most);
  return asking.finish().sequence;
}

void write_close_request(const line& on, std::string_view stream_id) {
  request closing(on, daemon_object::id, "close_stream", 1);
  closing.arguments().string(stream_id);
  closing.finish();
}

}  // namespace

void remote::ask_for_items(reply_slot& slot, std::string_view stream_id, std::uint32_t most, bool& windows, time_point deadline) {
  if (core* const here = core::current()) {
    core_remote& at = core_remote::of(*here, *this);
    windows = at.talk().own_peer();
    const auto sequence = write_item_request(at.on(deadline, 0), stream_id, windows ? most : 0);
    return at.expect(slot, sequence, deadline);
  }
  if (!streams_connect_ && !connected()) throw connection_closed("the proxy for this stream result has been closed");
  lock held = acquire();
  windows = talk_.own_peer();
  const auto sequence = write_item_request(on(deadline), stream_id, windows ? most : 0);
  post(held, slot, sequence, deadline);
}

void remote::close_stream(std::string_view stream_id) noexcept {
  try {
    if (core* const here = core::current()) return write_close_request(core_remote::of(*here, *this).on(time_point::max(), flag::oneway), stream_id);
    if (!connected()) return;
    lock held = acquire();
    write_close_request(on(time_point::max(), flag::oneway), stream_id);
    dispatch(held, deadline());
  } catch (const error& e) {
    log_debug("a stream was not closed: {}", e.what());
  }
}

}  // namespace engine::detail
