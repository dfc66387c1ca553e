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
template <class Object> struct frames_served_by {
  frames_served_by(const engine::serializer& s, std::string_view id) : format(s), name(id) {
    host.accepted.insert(std::string(s.name));
    host.objects.add({.id = name, .object = &object, .table = &engine::interface_of<Object>()}, false);
  }

  /// The bytes of one request. `write(writer)` writes its `count` arguments.
  void request(std::string_view method, std::size_t count, auto&& write, std::uint16_t flags = 0) {
    engine::frame_writer frame(asked, {.type = engine::message::invoke, .flags = flags, .sequence = 1, .serializer = format.id_48});
    engine::writer& w = codecs.writer_of(format);
    w.start(asked);
    w.begin_call(name, method, count);
    write(w);
    if ((flags & engine::flag::batch) != 0) w.no_keywords();  // as our proxies and Pyro's write them
    else w.begin_keywords(0);
    w.end_call();
    if (!frame.finish()) throw std::runtime_error("request");
  }

  /// Answers it as long as `again()`; the first answer does not count as one of those, and `check(payload's reader)` is asked about it, of a oneway
  /// call with nullptr. Throws std::runtime_error when it says no.
  void run(auto&& check, auto&& again) {
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
    if (!check_first(answers, check)) throw std::runtime_error("a wrong answer");
    while (again()) {
      answers.clear();
      once();
    }
  }

  bool check_first(engine::output& answers, auto&& check) {
    if (answers.size() == 0) return check(nullptr);
    engine::frame_reader frames;
    frames.feed(std::span(reinterpret_cast<const std::byte*>(answers.at(0)), answers.size()));
    const auto frame = frames.next();
    engine::reader& in = codecs.reader_of(format);
    in.start((**frame).payload);
    return check(&in);
  }

  const engine::serializer& format;
  std::string name;
  Object object{};
  engine::hosting host;
  engine::codecs codecs;
  engine::output asked;
};

/// Of the object that all our benchmarks use.
struct served_frames : frames_served_by<bench::Echo> {
  explicit served_frames(const engine::serializer& s) : frames_served_by(s, "echo") {}
  void request(std::string_view method, auto&& argument) {
    frames_served_by::request(method, 1, [&](engine::writer& w) { engine::encode(w, argument); });
  }
  void run(std::uint64_t expected, auto&& again) {
    frames_served_by::run([&](engine::reader* in) {
      std::uint64_t length = 0;
      return in && engine::decode(*in, length) && length == expected;
    }, again);
  }
};

}  // namespace bench
