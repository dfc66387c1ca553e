// `conns` connections with one call in flight on each, driven by one epoll loop as the raw client does it: frames are written and
// read by our codecs, so that what is measured is the server and not a thousand waiting proxies.
#include <sys/epoll.h>

#include <memory>
#include <vector>

#include <bench/common/measure.hpp>
#include <bench/common/socket.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>
#include <codec/serializer.hpp>
#include <engine/object/dispatch.hpp>

namespace bench::ours {
namespace {

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

}  // namespace

void many_connections(const arguments& given) {
  const std::size_t connections = given.count("conns", 1000);
  const descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  std::vector<std::unique_ptr<caller>> callers;
  for (std::size_t i = 0; i < connections; ++i) callers.push_back(std::make_unique<caller>(given.text("addr", "")));
  timing clock(given);
  for (const auto& each : callers) {
    epoll_event interest{.events = EPOLLIN, .data = {.ptr = each.get()}};
    if (epoll_ctl(epoll.number(), EPOLL_CTL_ADD, each->socket(), &interest) != 0) fail("epoll_ctl");
    each->call(now_ns());
  }
  std::vector<epoll_event> events(1024);
  while (clock.running()) {
    const int n = epoll_wait(epoll.number(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < n; ++i) {
      auto& ready = *static_cast<caller*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!ready.receive()) continue;
      clock.finished_call(ready.started());
      ready.call(clock.now());
    }
  }
  print("many_connections", "calls/s", text_length, clock);
}

}  // namespace bench::ours
