// A connection of many to the raw server: one call in flight, its answer collected as it comes.
#pragma once

#include <bench/common/socket.hpp>
#include <bench/raw/frame.hpp>

namespace bench {

class caller {
 public:
  caller(const std::string& address, std::uint64_t number) : server_(dial(address)) { request_.argument = number; }

  int socket() const { return server_.number(); }
  std::uint64_t started() const { return started_; }

  void call(std::uint64_t now) {
    started_ = now;
    received_ = 0;
    send_all(server_.number(), request_.bytes());
  }
  /// Receives what is there; true when the answer is complete.
  bool receive() {
    received_ += receive_some(server_.number(), answer_.bytes().subspan(received_), false);
    if (received_ < sizeof(frame)) return false;
    expect_same(answer_.bytes(), request_.bytes());
    return true;
  }

 private:
  descriptor server_;
  frame request_{}, answer_{};
  std::size_t received_ = 0;
  std::uint64_t started_ = 0;
};

}  // namespace bench
