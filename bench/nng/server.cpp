// nng's server: REP with as many contexts as calls may be in flight, and PULL on the next port for calls without answers, as in its guide.
#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/reqrep0/rep.h>

#include <atomic>
#include <memory>

#include <bench/common/peer.hpp>

namespace {

constexpr int contexts = 1024;
std::atomic<std::uint64_t> noted{0};

void check(int code) {
  if (code != 0) throw std::runtime_error(nng_strerror(code));
}

/// One context: receives a request, answers with its length, and so on. A request of '#' asks for the number of notes.
struct answerer {
  nng_ctx context{};
  nng_aio* io = nullptr;
  bool answering = false;

  static void step(void* self) { static_cast<answerer*>(self)->step(); }
  void step() {
    const int code = nng_aio_result(io);
    if (code == NNG_ECLOSED) return;
    if (code != 0 || answering) return receive();
    nng_msg* const request = nng_aio_get_msg(io);
    std::uint64_t number = nng_msg_len(request);
    if (number == 1 && *static_cast<char*>(nng_msg_body(request)) == '#') number = noted;
    nng_msg_clear(request);
    nng_msg_append(request, &number, sizeof number);
    nng_aio_set_msg(io, request);
    answering = true;
    nng_ctx_send(context, io);
  }
  void receive() {
    answering = false;
    nng_ctx_recv(context, io);
  }
};

}  // namespace

int main() try {
  nng_socket answers{}, pull{};
  check(nng_rep0_open(&answers));
  check(nng_pull0_open(&pull));
  const std::string port = bench::free_port(), other = bench::free_port();
  nng_listener listener{};
  check(nng_listener_create(&listener, answers, ("tcp://127.0.0.1:" + port).c_str()));
  check(nng_listener_setopt_size(listener, NNG_OPT_RECVMAXSZ, 0));
  check(nng_listener_start(listener, 0));
  check(nng_listen(pull, ("tcp://127.0.0.1:" + other).c_str(), nullptr, 0));
  std::vector<std::unique_ptr<answerer>> all;
  for (int i = 0; i < contexts; ++i) {
    all.push_back(std::make_unique<answerer>());
    check(nng_aio_alloc(&all.back()->io, &answerer::step, all.back().get()));
    check(nng_ctx_open(&all.back()->context, answers));
    all.back()->receive();
  }
  bench::say_ready(port + "," + other);
  for (nng_msg* note = nullptr;; ++noted) {
    check(nng_recvmsg(pull, &note, 0));
    nng_msg_free(note);
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "nng_server: %s\n", error.what());
  return 1;
}
