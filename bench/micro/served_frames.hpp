// What a call costs the server between two frames: decode, look up, call, encode. No sockets. Timed by micro/dispatch.cpp, and its
// instructions are counted by instructions/server.cpp.
#pragma once

#include <stdexcept>
#include <string_view>

#include <bench/engine/echo.hpp>
#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>
#include <engine/object/dispatch.hpp>

namespace bench {

/// A host with one object, and one request to it, answered over and over.
struct served_frames {
  explicit served_frames(const engine::serializer& s) : format(s) {
    host.accepted.insert({"serpent", "msgpack"});
    host.objects.add({.id = "echo", .object = &echo, .table = &engine::interface_of<bench::Echo>()}, false);
  }

  /// The bytes of one request.
  void request(std::string_view method, auto&& argument) {
    engine::frame_writer frame(asked, {.type = engine::message::invoke, .sequence = 1, .serializer = format.id_48});
    engine::writer& w = codecs.writer_of(format);
    w.start(asked);
    w.begin_call("echo", method, 1);
    engine::encode(w, argument);
    w.begin_keywords(0);
    w.end_call();
    if (!frame.finish()) throw std::runtime_error("request");
  }

  /// Answers it as long as `again()`; the first answer, which does not count as one of those, is checked. Throws std::runtime_error
  /// when it is wrong.
  void run(std::uint64_t expected, auto&& again) {
    engine::dispatcher dispatch(host, 0);
    engine::session session{.own_peer = true};
    const auto bytes = std::span(reinterpret_cast<const std::byte*>(asked.at(0)), asked.size());
    engine::output answers;
    engine::frame_reader frames;
    const auto once = [&] {
      frames.feed(bytes);
      engine::frame frame;
      if (!frames.next_plain(frame) || dispatch.answer(frame, session, answers) != engine::verdict::keep) throw std::runtime_error("answer");
      if (*frames.next()) throw std::runtime_error("more");
    };
    once();
    check(answers, expected);
    while (again()) {
      answers.clear();
      once();
    }
  }

  void check(engine::output& answers, std::uint64_t expected) {
    engine::frame_reader frames;
    frames.feed(std::span(reinterpret_cast<const std::byte*>(answers.at(0)), answers.size()));
    const auto frame = frames.next();
    engine::reader& in = codecs.reader_of(format);
    in.start((**frame).payload);
    std::uint64_t length = 0;
    if (!engine::decode(in, length) || length != expected) throw std::runtime_error("a wrong answer");
  }

  const engine::serializer& format;
  bench::Echo echo;
  engine::hosting host;
  engine::codecs codecs;
  engine::output asked;
};

}  // namespace bench
