// See core_remote.hpp.
#include <engine/object/core_remote.hpp>

#include <unistd.h>

#include <cerrno>
#include <map>
#include <vector>
#include <utility>

#include <engine/object/core_calls.hpp>
#include <engine/object/on_a_thread.hpp>
#include <engine/object/remote.hpp>
#include <engine/object/replies.hpp>
#include <engine/object/resolve.hpp>
#include <engine/object/reverse_connections.hpp>

namespace engine::detail {

namespace {

/// All that one core is connected to as a client.
class core_clients final : public core::resident {
 public:
  explicit core_clients(core& c) : core_(c) {}
  void end() override {
    ended_ = true;
    for (const auto& [key, each] : std::exchange(open_, {})) each->end();
    // Their goodbyes take a second at most. In a simulation the clock may stand still: then only so many passes are left.
    const time_point most = core_.io().now() + std::chrono::seconds(2);
    time_point before{};
    for (int still = 0; serving > 0 && before < most && still < 100'000;) {
      const time_point time = core_.io().now();
      still = time == std::exchange(before, time) ? still + 1 : 0;
      core_.run_once(time + std::chrono::milliseconds(10));
    }
  }
  core_remote& find(remote& r) {
    if (ended_) throw connection_closed("the core has ended");
    const auto known = open_.find(r.on_cores().key());
    if (known != open_.end()) return *known->second;
    auto found = std::make_shared<core_remote>(core_, r, r.direct());
    r.on_cores().add(core_.door());
    return *open_.emplace(r.on_cores().key(), std::move(found)).first->second;
  }
  void drop(std::uint64_t key) {
    const auto at = open_.find(key);
    if (at == open_.end()) return;
    const auto gone = std::move(at->second);
    open_.erase(at);
    gone->abandon();
  }
  void hang_up() {
    std::vector<std::shared_ptr<core_remote>> all;
    for (const auto& [key, each] : open_) all.push_back(each);
    for (const auto& each : all) each->end();
  }
  void give_up_calls_of(const hosting& whose) {
    std::vector<core_call*> calls;
    std::vector<state_pointer<future_state>> kept;  // who goes on may let others go
    const auto look = [&](awaited_reply& r) {
      auto* const call = dynamic_cast<core_call*>(&r);
      if (!call || call->made_for() != &whose) return;
      call->as_state().add_reference();
      calls.push_back(call);
      kept.emplace_back(&call->as_state());
    };
    for (const auto& [key, each] : open_)
      if (each->channel()) each->channel()->awaited().each(look);
    for (core_call* const each : calls) {
      if (!each->done()) each->give_up(std::make_exception_ptr(connection_closed("the daemon whose method waited for it has ended")));
    }
  }
  std::size_t serving = 0;

 private:
  core& core_;
  bool ended_ = false;
  std::map<std::uint64_t, std::shared_ptr<core_remote>> open_{};
};

core_clients& clients_of(core& c) {
  if (!c.clients()) c.clients() = std::make_unique<core_clients>(c);
  return static_cast<core_clients&>(*c.clients());
}

}  // namespace

core_links::~core_links() {
  for (const auto& door : doors_) {
    door->post([key = key_] {
      if (core* const here = core::current(); here->clients()) static_cast<core_clients&>(*here->clients()).drop(key);
    });
  }
}

void core_links::add(std::shared_ptr<core_door> door) {
  const std::scoped_lock lock(mutex_);
  doors_.push_back(std::move(door));
}

core_remote& core_remote::of(core& c, remote& r) { return clients_of(c).find(r); }
void core_remote::hang_up(core& c) { clients_of(c).hang_up(); }
void core_remote::give_up_calls_of(core& c, const hosting& whose) { clients_of(c).give_up_calls_of(whose); }
std::size_t core_remote::alive(core& c) { return clients_of(c).serving; }

core_remote::core_remote(core& c, remote& of, const engine::uri& direct)
    : core_(c), where_(of.where()), uri_(direct), options_(of.options()), talk_(uri_, options_, *options_.settings),
      addresses_(remote::numeric_addresses(direct)), given_(of.socket_was_given()), socket_(of.take_socket()) {}

core_remote::~core_remote() {
  if (socket_) ::close(*socket_);
}

line core_remote::on(time_point deadline, std::uint16_t flags) {
  if (!channel_ || !channel_->usable()) {
    channel_ = std::make_shared<core_channel>(core_, options_.settings->frames_read(), options_.hmac_key);
    talk_.begin_anew();
    welcomed_ = false;
    cancelled_early_.clear();
    const auto made = channel_;
    task<> serving = serve(shared_from_this(), made);
    spawn(std::move(serving));
    if (made->failure()) std::rethrow_exception(exception_for(*made->failure()));
  }
  return {talk_, channel_->outgoing(), deadline, flags};
}

void core_remote::cancel(reply_slot& slot) {
  if (!channel_ || !channel_->usable() || slot.done()) return;
  if (welcomed_) talk_.write_cancel(channel_->outgoing(), slot.sequence());
  else cancelled_early_.push_back(slot.sequence());
}

void core_remote::abandon() {
  if (channel_) channel_->end_when_idle();
}

void core_remote::end() {
  if (channel_) channel_->fail({.why = channel_failure::cause::closed, .text = "the core has ended"});
}

// ---- connecting

/// What a name stands for, and where that is.
struct core_remote::lookup {
  core_remote& of;
  engine::uri direct{of.where_};
  std::exception_ptr unknown{};
  std::expected<std::vector<address>, io_error> found{std::vector<address>{}};
  void look() {
    try {
      direct = resolve(of.where_, of.options_);
    } catch (...) {
      unknown = std::current_exception();
      return;
    }
    if (reverse_id_of(direct)) return;
    if (direct.sockname().empty()) {
      found = address::resolve(direct.host(), static_cast<std::uint16_t>(direct.port()), of.options_.settings->prefer_ip_version);
      return;
    }
    auto socket = address::unix_socket(direct.sockname());
    if (socket) found = std::vector{*socket};
    else found = std::unexpected(socket.error());
  }
};

// It may have been given up meanwhile, and another be under way.
void core_remote::check(const core_channel& to) {
  if (to.failure()) std::rethrow_exception(exception_for(*to.failure()));
}

task<> core_remote::use_given(core_channel& to) {
  if (!socket_) throw connection_closed(no_other_socket);
  to.adopt(*std::exchange(socket_, std::nullopt));
  if (!options_.settings->metadata || talk_.knows_members()) co_return;
  task<> learning = learn_members(to);
  co_await learning;
}

task<> core_remote::connect(core_channel& to) {
  if (given_) {
    task<> using_it = use_given(to);
    co_return co_await using_it;
  }
  const std::chrono::milliseconds limit = *options_.timeout;
  const time_point deadline = limit.count() > 0 ? core_.io().now() + limit : time_point::max();
  const bool again = std::exchange(connected_before_, true) && where_.protocol() != uri_protocol::pyro;  // a name may stand for something else now
  if ((addresses_.empty() && !reverse_id_of(uri_)) || again) {
    task<> looking = look_up(to);
    co_await looking;
  }
  const auto through = reverse_id_of(uri_);
  task<> opening = through ? take_reverse(to, *through, deadline) : open(to, deadline);
  co_await opening;
  if (deadline != time_point::max()) to.set_deadline(deadline);
  task<> greeting = welcome(to);
  co_await greeting;
  to.set_deadline(std::nullopt);
}

task<> core_remote::look_up(core_channel& to) {
  lookup looking{*this};
  on_a_thread meanwhile{core_, [&looking] { looking.look(); }};
  co_await meanwhile;
  check(to);
  if (looking.unknown) std::rethrow_exception(looking.unknown);
  const bool same = looking.direct.object() == uri_.object();
  uri_ = std::move(looking.direct);
  if (!same) throw connection_closed("the name stands for another object now, and the call was written for the old one: call again");
  if (!looking.found) throw communication_error("cannot connect to " + talk_.location_text() + ": " + looking.found.error().to_string());
  addresses_ = std::move(*looking.found);
}

task<> core_remote::open(core_channel& to, time_point deadline) {
  int error = 0;
  for (const address& each : addresses_) {
    task<int> opening = to.open(each, deadline);
    error = co_await opening;
    check(to);
    if (error == 0) break;
  }
  if (error == 0) co_return;
  addresses_ = remote::numeric_addresses(uri_);  // a name is looked up again, and may be somewhere else
  talk_.cannot_connect({error, "connect"});
}

task<> core_remote::take_reverse(core_channel& to, std::string through, time_point deadline) {
  auto& all = reverse_connections::instance();
  auto taken = all.take(through, time_point::min());
  if (!taken && taken.error().code == ETIMEDOUT) {
    on_a_thread meanwhile{core_, [&] { taken = all.take(through, deadline); }};
    co_await meanwhile;
    if (to.failure() && taken) ::close(*taken);
    check(to);
  }
  if (!taken) talk_.cannot_connect(taken.error());
  to.adopt(*taken);
}

task<> core_remote::welcome(core_channel& to) {
  talk_.write_connect(to.greeting());
  greeting answer(talk_);
  const frame* said = co_await to.next_frame();
  if (!said) std::rethrow_exception(exception_for(to.reason()));
  answer.take(*said);
  if (!talk_.enter(answer)) {
    task<> learning = learn_members(to);
    co_await learning;
  }
  if (!options_.settings->shares_memory() || !talk_.memory_giver() || !to.may_share_memory()) co_return;
  auto box = handover_box::open(*talk_.memory_giver());
  if (!box) co_return;
  talk_.write_memory_question(to.greeting(), box->ticket());
  task<> sharing = to.share_memory(*box);
  co_await sharing;
  if (to.ended()) std::rethrow_exception(exception_for(to.reason()));
}

task<> core_remote::learn_members(core_channel& to) {
  talk_.write_get_metadata(to.greeting());
  waiting_reply<value> meta(talk_, nullptr);
  const frame* const said = co_await to.next_frame();
  if (!said) std::rethrow_exception(exception_for(to.reason()));
  if (auto ended = talk_.take_answer(*said, meta)) std::rethrow_exception(exception_for(*ended));
  talk_.take_metadata(meta.take());
}

// One connection from its beginning to its end.
task<> core_remote::serve(std::shared_ptr<core_remote> self, std::shared_ptr<core_channel> mine) {
  core_clients& all = clients_of(core_);
  ++all.serving;
  bool open = false;
  try {
    task<> connecting = connect(*mine);
    co_await connecting;
    open = true;
  } catch (const std::exception& e) {
    mine->fail({.why = channel_failure::cause::closed, .text = e.what(), .thrown = std::current_exception()});
  }
  if (open && mine->usable()) {
    welcomed_ = true;
    for (const std::uint16_t each : std::exchange(cancelled_early_, {})) talk_.write_cancel(mine->outgoing(), each);
    mine->let_requests_go();
    task<> reading = mine->read_answers();
    co_await reading;
  } else {
    task<> closing = mine->close();
    co_await closing;
  }
  if (self->channel_ == mine) self->channel_.reset();
  --all.serving;
}

}  // namespace engine::detail
