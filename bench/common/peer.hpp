// The scenarios of a competitor's client, so that its file says only how that library makes a call. A client is made from the arguments, which
// connects it, and has `length(text)`; what it has beside that decides which other scenarios it runs:
//   blob(data) -> bytes counted; note(text) and noted() -> calls counted; pipelined(window, clock), which fills a window until clock says stop.
#pragma once

#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <bench/common/measure.hpp>
#include <bench/common/socket.hpp>

namespace bench {

inline constexpr std::string_view peer_text = "Irmen de Jong";

/// Throws std::runtime_error when an answer is not what was asked for.
inline void expect_equal(std::uint64_t answer, std::uint64_t expected) {
  if (answer != expected) throw std::runtime_error("the answer does not match the request");
}

template <class Client> class peer {
 public:
  explicit peer(const arguments& given) : given_(given) {}

  /// Runs the workload and prints its line. Throws std::invalid_argument when the client does not have it.
  void run() {
    const std::string& name = given_.workload();
    if (name == "sync_call") return calls();
    if (name == "connect") return connects();
    if constexpr (requires(Client& c) { c.blob(std::vector<char>{}); })
      if (name == "huge") return blobs();
    if constexpr (requires(Client& c) { c.note(peer_text), c.noted(); })
      if (name == "oneway") return notes();
    if constexpr (requires(Client& c, timing& t) { c.pipelined(std::size_t(1), t); })
      if (name == "pipelined_call") return pipelined();
    throw std::invalid_argument("no such workload: " + name);
  }

 private:
  void calls() {
    Client client(given_);
    timing clock(given_);
    while (clock.running()) {
      const std::uint64_t started = now_ns();
      expect_equal(client.length(peer_text), peer_text.size());
      clock.finished_call(started);
    }
    print("sync_call", "calls/s", peer_text.size(), clock);
  }

  void connects() {
    timing clock(given_);
    while (clock.running()) {
      const std::uint64_t started = now_ns();
      Client client(given_);
      expect_equal(client.length(peer_text), peer_text.size());
      clock.finished_call(started);
    }
    print("connect", "conn/s", peer_text.size(), clock);
  }

  void blobs() {
    Client client(given_);
    const std::vector<char> blob(given_.count("mb", 256) << 20, 7);
    std::vector<double> rates;
    for (int i = 0; i < 4; ++i) {
      const std::uint64_t started = now_ns();
      expect_equal(client.blob(blob), blob.size());
      rates.push_back(static_cast<double>(blob.size()) * 1e3 / static_cast<double>(now_ns() - started));
    }
    std::sort(rates.begin() + 1, rates.end());
    print({.value = rates[2], .unit = "MB/s", .answer = blob.size(), .operations = rates.size(), .workload = "huge"});
  }

  void notes() {
    Client client(given_);
    const std::uint64_t before = client.noted();
    std::uint64_t sent = 0;
    whole_run clock(given_);
    for (; clock.running(); ++sent) client.note(peer_text);
    while (client.noted() - before < sent) {}
    expect_equal(client.noted() - before, sent);
    clock.finished(sent);
    print("oneway", "calls/s", peer_text.size(), clock);
  }

  void pipelined() {
    Client client(given_);
    timing clock(given_);
    client.pipelined(given_.count("window", 256), clock);
    print("pipelined_call", "calls/s", peer_text.size(), clock);
  }

  const arguments& given_;
};

/// The port in addr=127.0.0.1:PORT.
inline std::string port_of(const arguments& given) {
  const std::string address = given.text("addr", "");
  return address.substr(address.rfind(':') + 1);
}

/// A port nobody listens at just now, for libraries that cannot tell which one the kernel gave them.
inline std::string free_port() {
  const descriptor listening = listen_on("127.0.0.1:0", false);
  const std::string address = reachable_at(listening, "127.0.0.1:0");
  return address.substr(address.rfind(':') + 1);
}

inline void say_ready(const std::string& port) {
  std::printf("ready 127.0.0.1:%s\n", port.c_str());
  std::fflush(stdout);
}

template <class Client> int peer_main(const char* program, int argc, char** argv) try {
  const arguments given(argc, argv);
  peer<Client>(given).run();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s: %s\n", program, error.what());
  return 1;
}

}  // namespace bench
