// A connection of many to our server, without a proxy and its thread: the request is encoded once for all and gets its number each time, as the raw
// client's does, and answers are read by our codecs. So what is measured is the server.
#pragma once

#include <string>
#include <vector>

#include <bench/common/socket.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>
#include <codec/protocol_48.hpp>
#include <codec/serializer.hpp>
#include <engine/object/dispatch.hpp>

namespace bench::ours {

class caller {
 public:
  explicit caller(const std::string& address) : server_(dial(address)) { greet(); }

  int socket() const { return server_.number(); }
  std::uint64_t started() const { return started_; }

  void call(std::uint64_t now) {
    started_ = now;
    static std::string request = encoded_call();
    engine::protocol_48::header h{.sequence = ++sequence_, .serializer = engine::msgpack().id_48};
    h.data_length = static_cast<std::uint32_t>(request.size() - engine::protocol_48::header_size);
    engine::protocol_48::write(h, request.data());
    send_all(server_.number(), request);
  }
  /// Receives what is there; true when the answer is complete.
  bool receive() {
    const std::size_t n = receive_some(server_.number(), arrived, false);
    reader_.feed(std::as_bytes(std::span(arrived).first(n)));
    const auto answer = reader_.next();
    if (!answer || !*answer) return false;
    engine::reader& in = formats.reader_of(engine::msgpack());
    in.start((*answer)->payload);
    std::uint64_t length = 0;
    expect(engine::decode(in, length) && in.finish() ? length : 0, text_length);
    return !*reader_.next();
  }

 private:
  template <class Body> static std::string encoded(const engine::frame_options& options, std::span<const engine::annotation> along, Body&& body) {
    engine::output out;
    engine::frame_writer frame(out, options, along);
    engine::writer& w = formats.writer_of(engine::msgpack());
    w.start(out);
    body(w);
    if (!frame.finish()) fail("frame");
    return {out.at(0), out.size()};
  }
  static std::string encoded_call() {
    return encoded({.type = engine::message::invoke, .serializer = engine::msgpack().id_48}, {}, [](engine::writer& w) {
      w.begin_call("echo", "length", 1);
      w.string(text);
      w.begin_keywords(0);
      w.end_call();
    });
  }
  void greet() {
    const engine::annotation ours{engine::own_annotation, std::as_bytes(std::span("1", 1))};
    const auto hello = [](engine::writer& w) {
      w.begin(engine::kind::dict, 2);
      w.string("handshake");
      w.string("hello");
      w.string("object");
      w.string("echo");
      w.end();
    };
    send_all(server_.number(), encoded({.type = engine::message::connect, .flags = engine::flag::metadata, .serializer = engine::msgpack().id_48}, {&ours, 1}, hello));
    for (;;) {
      const std::size_t n = receive_some(server_.number(), arrived, false);
      reader_.feed(std::as_bytes(std::span(arrived).first(n)));
      const auto answer = reader_.next();
      if (!answer) fail("handshake");
      if (!*answer) continue;
      expect(static_cast<std::uint64_t>((*answer)->type), static_cast<std::uint64_t>(engine::message::connect_ok));
      expect((*reader_.next()).has_value(), 0);
      return;
    }
  }

  static inline std::vector<char> arrived = std::vector<char>(64 * 1024);
  static inline engine::codecs formats{};
  descriptor server_;
  engine::frame_reader reader_{};
  std::uint16_t sequence_ = 0;
  std::uint64_t started_ = 0;
};

}  // namespace bench::ours
