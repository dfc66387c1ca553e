// The other end of a client's channel: a blocking socket that reads requests and answers as the test tells it.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <span>
#include <string>
#include <string_view>

#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>
#include <engine/io/socket.hpp>

namespace engine::testing_support {

inline void write_request(output& out, std::uint16_t sequence, std::string_view text, message type = message::invoke) {
  frame_writer writer(out, {.type = type, .sequence = sequence});
  out.append(text);
  EXPECT_TRUE(writer.finish().has_value());
}

class far_end {
 public:
  /// Takes the socket over.
  explicit far_end(int socket) : socket_(socket) {}
  ~far_end() { ::close(socket_); }
  far_end(const far_end&) = delete;
  far_end& operator=(const far_end&) = delete;

  struct request {
    std::uint16_t sequence = 0;
    std::string payload{};
  };
  /// The next request; an empty one when the stream has ended.
  request next() {
    for (;;) {
      auto found = reader_.next();
      if (!found) return {};
      if (*found) {
        const frame& f = **found;
        return {f.sequence, std::string(reinterpret_cast<const char*>(f.payload.data()), f.payload.size())};
      }
      const auto room = reader_.room();
      const std::span<std::byte> into = room.empty() ? std::span<std::byte>(arrived_) : room;
      const ssize_t n = ::recv(socket_, into.data(), into.size(), 0);
      if (n <= 0) return {};
      if (room.empty()) reader_.feed(into.first(static_cast<std::size_t>(n)));
      else reader_.filled(static_cast<std::size_t>(n));
    }
  }
  void answer(std::uint16_t sequence, std::string_view text) {
    output out;
    write_request(out, sequence, text, message::result);
    std::string bytes;
    out.each_since({}, [&](std::span<const std::byte> run) { bytes.append(reinterpret_cast<const char*>(run.data()), run.size()); });
    say(bytes);
  }
  void say(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  /// Answers `count` requests with what they said, one after another.
  void echo(int count) {
    for (int i = 0; i < count; ++i) {
      const request r = next();
      answer(r.sequence, r.payload);
    }
  }

 private:
  int socket_;
  frame_reader reader_{};
  std::byte arrived_[16 * 1024]{};
};

/// A listening socket that accepts nobody by itself.
class listening_socket {
 public:
  explicit listening_socket(int backlog, const address& at = address::numeric("127.0.0.1", 0).value())
      : socket_(open_listener(at, {.backlog = backlog}, true).value()) {}
  ~listening_socket() { ::close(socket_); }
  listening_socket(const listening_socket&) = delete;
  listening_socket& operator=(const listening_socket&) = delete;
  int get() const { return socket_; }
  address where() const { return local_address_of(socket_); }

 private:
  int socket_;
};

}  // namespace engine::testing_support
