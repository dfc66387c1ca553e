// See reverse_listener.hpp.
#include <engine/object/reverse_listener.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include <engine/io/log.hpp>
#include <engine/link/core_channel.hpp>
#include <engine/object/conversation.hpp>
#include <engine/object/on_a_thread.hpp>
#include <engine/object/remote.hpp>
#include <engine/object/reverse_connections.hpp>

namespace engine {

namespace {
constexpr std::chrono::milliseconds first_pause{100}, longest_pause{5000};
constexpr std::chrono::seconds steady{1};  // a connection that stood so long was a good one

// A router forgets what is silent for long, and tells nobody.
void keep_alive(int socket) {
  const int on = 1, seconds = 60;
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);  // fails on Unix sockets, which need none
}

std::vector<address> addresses_of(const uri& where, const settings& s) {
  auto known = detail::remote::numeric_addresses(where);
  if (!known.empty()) return known;
  auto found = address::resolve(where.host(), static_cast<std::uint16_t>(where.port()), s.prefer_ip_version);
  if (!found || found->empty()) throw communication_error("cannot connect to " + where.location() + ": " + (found ? "no address" : found.error().to_string()));
  return *found;
}
}  // namespace

/// co_await: until the timer expires or somebody wakes the listener.
struct reverse_listener::pause {
  reverse_listener& of;
  std::chrono::milliseconds length;
  bool await_ready() const { return length.count() == 0 || of.stopped_; }
  void await_suspend(std::coroutine_handle<> h) {
    of.waiting_ = h;
    of.core_.timers().arm(of, of.core_.now() + length);
  }
  void await_resume() const {}
};

struct reverse_listener::next_pass {
  core& on;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    on.post([h] { h.resume(); });
  }
  void await_resume() const {}
};

reverse_listener::reverse_listener(core& c, reverse_options how, std::function<void(std::exception_ptr)> first)
    : core_(c), how_(std::move(how)), addresses_(addresses_of(how_.where, *how_.options.settings)), first_(std::move(first)) {}

void reverse_listener::wake() {
  disarm();
  if (waiting_) std::exchange(waiting_, nullptr).resume();
}

void reverse_listener::used(bool called) {
  if (called || core_.now() - dialled_ > steady) pause_ = std::chrono::milliseconds(0);
  used_ = true;
  wake();
}

void reverse_listener::stop() {
  stopped_ = true;
  if (dialling_) dialling_->fail({.why = channel_failure::cause::closed, .text = "the daemon ends"});
  wake();
}

task<std::optional<loose_connection>> reverse_listener::next() {
  while (!stopped_) {
    pause waiting{*this, pause_};
    co_await waiting;
    if (stopped_) break;
    pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);  // unless all goes well
    std::exception_ptr failed;
    try {
      task<loose_connection> dialling = dial();
      loose_connection made = co_await dialling;
      used_ = false;
      dialled_ = core_.now();
      if (first_) std::exchange(first_, nullptr)(nullptr);
      co_return std::move(made);
    } catch (const std::exception& e) {
      if (!stopped_) log_warning("{} cannot be reached for being called by it: {}", how_.where.location(), e.what());
      failed = std::current_exception();
    }
    if (first_) {
      std::exchange(first_, nullptr)(failed);
      break;
    }
  }
  co_return std::nullopt;
}

task<loose_connection> reverse_listener::dial() {
  core_channel link(core_, how_.options.settings->frames_read(), how_.options.hmac_key);
  dialling_ = &link;
  std::exception_ptr failed;
  try {
    task<> connecting = connect(link);
    co_await connecting;
    while (link.usable() && !link.ended() && !link.can_release()) {
      next_pass pass{core_};
      co_await pass;
    }
    dialling_ = nullptr;
    if (link.can_release() && link.usable()) {
      link.set_deadline(std::nullopt);
      loose_connection made = link.release();
      keep_alive(made.socket);
      co_return std::move(made);
    }
    failed = std::make_exception_ptr(connection_closed("the daemon closed the connection"));
  } catch (...) {
    failed = std::current_exception();
  }
  dialling_ = nullptr;
  task<> closing = link.close();
  co_await closing;
  std::rethrow_exception(failed);
}

/// Where the host is now: it may have moved since it was there. Not reached when the location is an address itself.
task<> reverse_listener::look_up(core_channel& to) {
  std::exception_ptr failed;
  detail::on_a_thread meanwhile{core_, [this, &failed] {
    try {
      addresses_ = addresses_of(how_.where, *how_.options.settings);
    } catch (...) {
      failed = std::current_exception();
    }
  }};
  co_await meanwhile;
  if (to.failure()) throw connection_closed(to.failure()->text);
  if (failed) std::rethrow_exception(failed);
}

task<> reverse_listener::connect(core_channel& to) {
  if (addresses_.empty()) {
    task<> looking = look_up(to);
    co_await looking;
  }
  const time_point deadline = core_.io().now() + *how_.options.timeout;
  detail::conversation talk(how_.where, how_.options, *how_.options.settings);
  int error = 0;
  for (const address& each : addresses_) {
    task<int> opening = to.open(each, deadline);
    error = co_await opening;
    if (to.failure()) throw connection_closed(to.failure()->text);
    if (error == 0) break;
  }
  if (error != 0) {
    addresses_ = detail::remote::numeric_addresses(how_.where);
    talk.cannot_connect({error, "connect"});
  }
  to.set_deadline(deadline);
  const annotation offer{detail::reverse_annotation, std::as_bytes(std::span(how_.secret))};
  talk.write_connect(to.greeting(), &offer);
  detail::greeting answer(talk);
  const frame* said = co_await to.next_frame();
  if (!said) std::rethrow_exception(detail::exception_for(to.reason()));
  answer.take(*said);
  talk.enter(answer);
  if (!answer.own_peer) throw communication_error("the daemon at " + how_.where.location() + " calls only those who listen: it is none of ours");
}

}  // namespace engine
