// The few words of ZeroMQ that its programs share.
#pragma once

#include <zmq.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <bench/common/arguments.hpp>

namespace bench::zmq {

inline constexpr char count_please = '#';  // a request of this one byte asks how many messages were pulled

class context {
 public:
  context() : context_(zmq_ctx_new()) {}
  ~context() { zmq_ctx_term(context_); }
  context(const context&) = delete;
  context& operator=(const context&) = delete;
  void* get() const { return context_; }

 private:
  void* context_;
};

class socket {
 public:
  /// `waiting_max`: messages that may wait to be sent; 0 = no limit.
  socket(context& c, int type, int waiting_max = 0) : socket_(zmq_socket(c.get(), type)) {
    const int none = 0;
    zmq_setsockopt(socket_, ZMQ_SNDHWM, &waiting_max, sizeof waiting_max);
    zmq_setsockopt(socket_, ZMQ_RCVHWM, &none, sizeof none);
    zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof none);
  }
  ~socket() { zmq_close(socket_); }
  socket(const socket&) = delete;
  socket& operator=(const socket&) = delete;
  void* get() const { return socket_; }

  /// The address it got, without tcp://.
  std::string bind(const std::string& where) {
    char bound[128];
    std::size_t size = sizeof bound;
    if (zmq_bind(socket_, where.c_str()) != 0 || zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, bound, &size) != 0)
      throw std::runtime_error(zmq_strerror(zmq_errno()));
    return std::string(bound).substr(std::string_view("tcp://").size());
  }
  void connect(const std::string& where) {
    if (zmq_connect(socket_, ("tcp://" + where).c_str()) != 0) throw std::runtime_error(zmq_strerror(zmq_errno()));
  }
  std::uint64_t receive_number() {
    std::uint64_t number = 0;
    if (zmq_recv(socket_, &number, sizeof number, 0) != sizeof number) throw std::runtime_error("no answer");
    return number;
  }
  void send(std::string_view text) {
    if (zmq_send(socket_, text.data(), text.size(), 0) < 0) throw std::runtime_error(zmq_strerror(zmq_errno()));
  }

 private:
  void* socket_;
};

/// The two addresses the server printed.
inline std::string router_of(const arguments& given) {
  const std::string both = given.text("addr", "");
  return both.substr(0, both.find(','));
}
inline std::string pull_of(const arguments& given) {
  const std::string both = given.text("addr", "");
  return both.substr(both.find(',') + 1);
}
inline constexpr std::string_view text = "Irmen de Jong";

void sync_call(const arguments&);       // bench/echo
void pipelined_call(const arguments&);  // bench/pipelined
void oneway(const arguments&);          // bench/oneway

}  // namespace bench::zmq
