#include "object_support.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <engine/io/socket.hpp>

namespace engine::test {

settings quiet_settings() {
  settings s = settings::defaults();
  s.host = "127.0.0.1";
  s.spin = 0us;
  return s;
}

proxy_options quiet_proxy() { return {.settings = quiet_settings()}; }

daemon_options on_loopback(unsigned cores) { return {.cores = cores, .settings = quiet_settings()}; }

bool eventually(const std::function<bool()>& so, std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!so()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

std::size_t open_descriptors() {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
  return n;
}

std::string abstract_name(std::string_view hint) {
  static int counter = 0;
  return std::string(1, '\0') + "engine-test-" + std::to_string(::getpid()) + "-" + std::string(hint) + std::to_string(++counter);
}

// ---- frames

value answer::body() const {
  const engine::serializer* format = find_serializer_48(serializer);
  if (!format) throw std::runtime_error("an answer in serializer " + std::to_string(serializer));
  auto v = decoded<value>(*format, as_bytes(payload));
  if (!v) throw std::runtime_error(v.error().text + " in " + payload);
  return *v;
}

wire_exception answer::exception() const {
  const auto e = decoded<wire_exception>(*find_serializer_48(serializer), as_bytes(payload));
  if (!e) throw std::runtime_error(e.error().text + " in " + payload);
  return *e;
}

answer take_apart(const frame& f) {
  const auto text = [](std::span<const std::byte> b) { return std::string(reinterpret_cast<const char*>(b.data()), b.size()); };
  answer a{.type = f.type, .flags = f.flags, .sequence = f.sequence, .serializer = f.serializer, .payload = text(f.payload)};
  for (const annotation n : f.annotations) a.annotations[std::string(n.key)] = text(n.value);
  return a;
}

std::vector<answer> frames_in(std::string_view bytes, const std::string& hmac_key) {
  frame_reader reader;
  reader.set_hmac_key(hmac_key);
  reader.feed(as_bytes(bytes));
  std::vector<answer> all;
  for (;;) {
    const auto next = reader.next();
    if (!next) throw std::runtime_error(next.error().text);
    if (!*next) break;
    all.push_back(take_apart(**next));
  }
  if (!reader.between_frames()) throw std::runtime_error("half a frame");
  return all;
}

std::string frame_of(std::string_view payload, const message_options& o) {
  output out;
  std::vector<annotation> annotations;
  for (const auto& [key, text] : o.annotations) annotations.push_back({key, as_bytes(text)});
  frame_writer writer(out, {.type = o.type, .flags = o.flags, .sequence = o.sequence, .serializer = o.serializer, .hmac = !o.hmac_key.empty()},
                      annotations);
  out.append(payload);
  if (const auto done = writer.finish({.hmac_key = o.hmac_key}); !done) throw std::runtime_error(done.error().text);
  return flat(out);
}

std::string connect_frame(std::string_view object, const message_options& o) {
  if ((o.flags & flag::metadata) == 0) return frame_of("{'handshake':'hello'}", o);
  return frame_of("{'handshake':'hello','object':'" + std::string(object) + "'}", o);
}

std::string call_frame(std::string_view object, std::string_view method, std::string_view arguments, std::uint16_t sequence,
                       std::string_view keywords, std::uint16_t flags) {
  std::string body("('");
  body.append(object).append("','").append(method).append("',").append(arguments).append(",").append(keywords).append(")");
  return frame_of(body, {.flags = flags, .sequence = sequence});
}

// ---- sockets

raw_peer::raw_peer(const address& where) {
  socket_ = ::socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0 || ::connect(socket_, where.data(), where.size()) != 0) throw std::runtime_error("cannot connect to " + where.to_string());
}

namespace {
address loopback(std::uint16_t port) { return address::resolve("127.0.0.1", port, 4)->front(); }
}  // namespace

raw_peer::raw_peer(const daemon& d) : raw_peer(d.port() ? loopback(d.port()) : *address::unix_socket(d.location().substr(4))) {}

void raw_peer::say(std::string_view bytes) {
  while (!bytes.empty()) {
    const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    const auto n = ring_ ? ring_->write(std::span(&part, 1)) : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (ring_ && n < 0 && errno == EAGAIN) {
      pollfd p{.fd = socket_, .events = POLLIN, .revents = 0};
      if (ring_->before_sleep(false, true) && ::poll(&p, 1, 20'000) != 1) return;
      ring_->after_sleep(std::nullopt);
      continue;
    }
    if (n <= 0) return;  // the other side may have closed, and be right
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// What comes within 20 s, as recv(2) says it.
ssize_t raw_peer::receive(std::span<char> into) {
  pollfd p{.fd = socket_, .events = POLLIN, .revents = 0};
  if (!ring_) return ::poll(&p, 1, 20'000) == 1 ? ::recv(socket_, into.data(), into.size(), 0) : -1;
  for (;;) {
    const auto n = ring_->read(std::as_writable_bytes(into), false);
    if (n >= 0 || errno != EAGAIN) return n;
    if (ring_->before_sleep(true, false) && ::poll(&p, 1, 20'000) != 1) return -1;
    ring_->after_sleep(std::nullopt);
  }
}

bool raw_peer::fill() {
  char room[64 * 1024];
  const auto n = receive(room);
  if (n <= 0) return false;
  pending_.append(room, static_cast<std::size_t>(n));
  return true;
}

std::optional<answer> raw_peer::hear() {
  for (;;) {
    frame_reader reader;
    reader.feed(as_bytes(pending_));
    const auto next = reader.next();
    if (!next) throw std::runtime_error(next.error().text);
    if (*next) {
      answer a = take_apart(**next);
      const auto rest = reader.take_rest();
      pending_.assign(reinterpret_cast<const char*>(rest.data()), rest.size());
      return a;
    }
    if (!fill()) return std::nullopt;
  }
}

bool raw_peer::closed_by_peer() {
  pollfd p{.fd = socket_, .events = POLLIN, .revents = 0};
  if (!pending_.empty() || (!ring_ && ::poll(&p, 1, 20'000) != 1)) return false;
  char byte;
  const auto n = ring_ ? receive({&byte, 1}) : ::recv(socket_, &byte, 1, 0);
  return ring_ ? n == 0 : n <= 0;
}

answer raw_peer::greet(std::string_view object) {
  message_options how{.type = message::connect, .flags = flag::metadata};
  if (shares_memory) how.annotations = {{"ENGN", "1"}};
  say(connect_frame(object, how));
  auto said = hear();
  if (!said) throw std::runtime_error("no answer to CONNECT");
  if (shares_memory && said->type == message::connect_ok) go_on_over_memory(*said);
  return *said;
}

std::string text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::expected<handover_box, io_error> box_for(const answer& welcome) {
  const auto giver = welcome.annotations.find("ENGM");
  if (giver == welcome.annotations.end()) return std::unexpected(io_error{ENOENT, "nobody gives memory"});
  return handover_box::open(std::as_bytes(std::span(giver->second)));
}

void raw_peer::go_on_over_memory(const answer& welcome) {
  auto box = box_for(welcome).value();
  say(frame_of("", {.type = message::ping, .annotations = {{"ENGM", text_of(box.ticket())}}}));
  hear();
  const int memory = box.take();
  auto ring = shared_ring::open(memory);
  if (memory >= 0) ::close(memory);
  if (!ring) throw std::runtime_error("the daemon offers no memory");
  say(std::string_view("\0", 1));
  ring_.emplace(socket_, std::move(*ring));
}

void raw_peer::vanish() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void raw_peer::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  vanish();
}

void raw_peer::shutdown_writing() { ::shutdown(socket_, SHUT_WR); }

void raw_peer::receive_little() {
  const int size = 4096;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

silent_server::silent_server() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  if (::bind(socket_, reinterpret_cast<sockaddr*>(&where), size) != 0 || ::listen(socket_, 8) != 0 ||
      ::getsockname(socket_, reinterpret_cast<sockaddr*>(&where), &size) != 0)
    throw std::runtime_error("cannot listen");
  port_ = ntohs(where.sin_port);
}

silent_server::~silent_server() { ::close(socket_); }

std::string silent_server::uri(std::string_view object) const {
  return "PYRO:" + std::string(object) + "@127.0.0.1:" + std::to_string(port_);
}

raw_peer silent_server::welcome_one() {
  raw_peer peer(accept_one());
  const auto asked = peer.hear();
  if (!asked || asked->type != message::connect) throw std::runtime_error("no CONNECT came");
  peer.say(frame_of("'hello'", {.type = message::connect_ok, .sequence = asked->sequence}));
  return peer;
}

int silent_server::accept_one() { return ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC); }

}  // namespace engine::test
