// nng's client: REQ, as many contexts of it as the window is wide, PUSH for calls without answers.
#include <nng/nng.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/req.h>

#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>

#include <bench/common/peer.hpp>

namespace {

void check(int code) {
  if (code != 0) throw std::runtime_error(nng_strerror(code));
}

nng_msg* message(std::string_view text) {
  nng_msg* made = nullptr;
  check(nng_msg_alloc(&made, 0));
  check(nng_msg_append(made, text.data(), text.size()));
  return made;
}

std::uint64_t number_in(nng_msg* answer) {
  std::uint64_t number = 0;
  if (nng_msg_len(answer) == sizeof number) std::memcpy(&number, nng_msg_body(answer), sizeof number);
  nng_msg_free(answer);
  return number;
}

/// What the window's contexts share: answers are counted on nng's threads, and awaited on ours.
struct counted {
  std::mutex mutex{};
  std::condition_variable some{};
  std::size_t answers = 0, live = 0;
  bool stopped = false, wrong = false;
};

struct call {
  counted* all = nullptr;
  nng_ctx context{};
  nng_aio* io = nullptr;
  bool receiving = false;

  static void step(void* self) { static_cast<call*>(self)->step(); }
  void start() {
    receiving = false;
    nng_aio_set_msg(io, message(bench::peer_text));
    nng_ctx_send(context, io);
  }
  void step() {
    const bool failed = nng_aio_result(io) != 0;
    if (!failed && !receiving) {
      receiving = true;
      return nng_ctx_recv(context, io);
    }
    const bool right = !failed && number_in(nng_aio_get_msg(io)) == bench::peer_text.size();
    const std::lock_guard held(all->mutex);
    all->wrong |= !right;
    ++all->answers;
    if (all->stopped || !right) --all->live;
    else start();
    all->some.notify_one();
  }
};

class client {
 public:
  explicit client(const bench::arguments& given) {
    const std::string address = given.text("addr", "");
    const auto comma = address.find(',');
    check(nng_req0_open(&asking_));
    check(nng_dial(asking_, ("tcp://" + address.substr(0, comma)).c_str(), nullptr, 0));
    if (given.workload() != "oneway") return;
    check(nng_push0_open(&pushing_));
    check(nng_socket_set_int(pushing_, NNG_OPT_SENDBUF, 8192));
    check(nng_dial(pushing_, ("tcp://127.0.0.1:" + address.substr(comma + 1)).c_str(), nullptr, 0));
  }
  ~client() {
    nng_close(asking_);
    if (pushing_.id != 0) nng_close(pushing_);
  }
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  std::uint64_t length(std::string_view text) { return ask(message(text)); }
  std::uint64_t blob(const std::vector<char>& data) { return ask(message({data.data(), data.size()})); }
  void note(std::string_view text) { check(nng_sendmsg(pushing_, message(text), 0)); }
  std::uint64_t noted() { return ask(message("#")); }

  void pipelined(std::size_t window, bench::timing& clock) {
    counted all;
    std::vector<call> calls(window);
    for (call& each : calls) {
      each.all = &all;
      check(nng_aio_alloc(&each.io, &call::step, &each));
      check(nng_ctx_open(&each.context, asking_));
    }
    std::unique_lock held(all.mutex);
    all.live = window;
    for (call& each : calls) each.start();
    while (clock.running()) {
      all.some.wait(held, [&] { return all.answers >= window / 2 || all.wrong; });
      if (all.wrong) break;
      clock.finished(std::exchange(all.answers, 0));
    }
    all.stopped = true;
    all.some.wait(held, [&] { return all.live == 0; });
    held.unlock();
    for (call& each : calls) nng_aio_free(each.io);
    if (all.wrong) bench::expect_equal(0, 1);
  }

 private:
  std::uint64_t ask(nng_msg* request) {
    check(nng_sendmsg(asking_, request, 0));
    nng_msg* answer = nullptr;
    check(nng_recvmsg(asking_, &answer, 0));
    return number_in(answer);
  }

  nng_socket asking_{}, pushing_{};
};

}  // namespace

int main(int argc, char** argv) { return bench::peer_main<client>("nng_client", argc, argv); }
