// A connection of many to our server: frames are written and read by our codecs, without a proxy and its thread.
#pragma once

#include <vector>

#include <bench/common/socket.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>
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
    write(engine::message::invoke, 0, [](engine::writer& w) {
      w.begin_call("echo", "length", 1);
      w.string(text);
      w.begin_keywords(0);
      w.end_call();
    });
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
    expect(engine::decode(in, length) ? length : 0, text_length);
    return !*reader_.next();
  }

 private:
  template <class Body> void write(engine::message type, std::uint16_t flags, Body&& body) {
    engine::output out;
    const engine::annotation ours{engine::own_annotation, std::as_bytes(std::span("1", 1))};
    engine::frame_writer frame(out, {.type = type, .flags = flags, .sequence = ++sequence_, .serializer = engine::msgpack().id_48},
                               std::span(&ours, type == engine::message::connect ? 1 : 0));
    engine::writer& w = formats.writer_of(engine::msgpack());
    w.start(out);
    body(w);
    if (!frame.finish()) fail("frame");
    out.each_since({}, [&](std::span<const std::byte> run) {
      send_all(server_.number(), {reinterpret_cast<const char*>(run.data()), run.size()});
    });
  }
  void greet() {
    write(engine::message::connect, engine::flag::metadata, [](engine::writer& w) {
      w.begin(engine::kind::dict, 2);
      w.string("handshake");
      w.string("hello");
      w.string("object");
      w.string("echo");
      w.end();
    });
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
