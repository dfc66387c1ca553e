// A connection of many to our server, without a proxy and its thread: the request is encoded once for all and gets its number each time. The first
// answer is read by our codecs; the others must be the same but for their number. That is what the raw client does, so what is measured is
// the server.
#pragma once

#include <string>
#include <vector>

#include <bench/common/measure.hpp>
#include <bench/common/socket.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>
#include <bench/raw/frame.hpp>

#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>
#include <codec/protocol_48.hpp>
#include <codec/serializer.hpp>
#include <engine/object/dispatch.hpp>

namespace bench::ours {

class caller {
 public:
  explicit caller(const std::string& address) : server_(dial(address)) {
    greet();
    if (expected.empty()) learn();
    answer_.resize(expected.size());
  }

  int socket() const { return server_.number(); }
  std::uint64_t started() const { return started_; }

  void call(std::uint64_t now) {
    started_ = now;
    received_ = 0;
    static std::string request = encoded_call();
    number(++sequence_, request);
    send_all(server_.number(), request);
  }
  /// Receives what is there; true when the answer is complete.
  bool receive() {
    received_ += receive_some(server_.number(), std::span(answer_).subspan(received_), false);
    if (received_ < answer_.size()) return false;
    number(sequence_, expected);
    expect_same(answer_, expected);
    return true;
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
  /// Gives a whole frame its number.
  static void number(std::uint16_t sequence, std::span<char> frame) {
    engine::protocol_48::header h;
    expect(engine::protocol_48::read_fields(std::as_bytes(frame).data(), h), true);
    h.sequence = sequence;
    engine::protocol_48::write(h, frame.data());
  }

  /// The next frame in whole, and its bytes in `arrived`.
  std::pair<engine::frame, std::span<const char>> next_frame() {
    for (;;) {
      const std::size_t n = receive_some(server_.number(), arrived, false);
      reader_.feed(std::as_bytes(std::span(arrived).first(n)));
      const auto answer = reader_.next();
      if (!answer) fail("answer");
      if (*answer) return {**answer, std::span(arrived).first(n)};
    }
  }

  /// What answers to the call look like.
  void learn() {
    call(now_ns());
    const auto [answer, bytes] = next_frame();
    engine::reader& in = formats.reader_of(engine::msgpack());
    in.start(answer.payload);
    std::uint64_t length = 0;
    expect(engine::decode(in, length) && in.finish() ? length : 0, text_length);
    expect(bytes.size(), engine::protocol_48::header_size + answer.payload.size());  // it came in one piece, and alone
    expected.assign(bytes.begin(), bytes.end());
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
    const auto [answer, bytes] = next_frame();
    expect(static_cast<std::uint64_t>(answer.type), static_cast<std::uint64_t>(engine::message::connect_ok));
    expect((*reader_.next()).has_value(), 0);
  }

  static inline std::vector<char> arrived = std::vector<char>(64 * 1024);
  static inline engine::codecs formats{};
  static inline std::string expected{};
  descriptor server_;
  engine::frame_reader reader_{};
  std::string answer_{};
  std::size_t received_ = 0;
  std::uint16_t sequence_ = 0;
  std::uint64_t started_ = 0;
};

}  // namespace bench::ours
