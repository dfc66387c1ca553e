// What the tests of the object floor share: frames made and taken apart as plain text, raw sockets that say what no proxy would,
// settings that do not depend on the environment, and patience.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <codec/frame.hpp>
#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>
#include <codec/serializer.hpp>
#include <engine/io/address.hpp>
#include <engine/io/handover.hpp>
#include <engine/link/ring_end.hpp>
#include <engine/object/daemon.hpp>
#include <engine/object/error.hpp>
#include <engine/object/proxy.hpp>
#include <tests/support/encoded.hpp>

namespace engine::test {

using namespace std::chrono_literals;

/// Pyro's defaults, whatever the environment says, and no spinning: the tests share their processors.
settings quiet_settings();
proxy_options quiet_proxy();
daemon_options on_loopback(unsigned cores = 1);

/// Waits until it is so; false after far longer than it can take.
bool eventually(const std::function<bool()>& so, std::chrono::seconds limit = 20s);

/// "Class: text" of the engine's error that a call throws.
std::string failure_text(const auto& call) {
  try {
    call();
    return "no failure";
  } catch (const error& e) {
    return e.type() + ": " + e.what();
  }
}

/// Descriptors of this process.
std::size_t open_descriptors();
/// A name in the abstract namespace that nobody else has.
std::string abstract_name(std::string_view hint);

/// A frame taken apart, owning everything.
struct answer {
  message type{};
  std::uint16_t flags = 0, sequence = 0, serializer = 0;
  std::map<std::string, std::string> annotations{};
  std::string payload{};
  bool has(std::string_view key) const { return annotations.contains(std::string(key)); }
  /// The payload by the serializer the frame names.
  value body() const;
  wire_exception exception() const;
};
answer take_apart(const frame&);
/// For memory from the daemon that has answered a CONNECT so (docs/wire.md).
std::expected<handover_box, io_error> box_for(const answer& welcome);
std::string text_of(std::span<const std::byte>);
/// All frames in `bytes`, which must hold nothing else.
std::vector<answer> frames_in(std::string_view bytes, const std::string& hmac_key = {});

struct message_options {
  message type = message::invoke;
  std::uint16_t flags = 0, sequence = 1, serializer = 1;
  std::map<std::string, std::string> annotations{};
  std::string hmac_key{};
};
std::string frame_of(std::string_view payload, const message_options& = {});
std::string connect_frame(std::string_view object, const message_options& = {.type = message::connect, .flags = flag::metadata});
/// A serpent call: call_frame("thing", "add", "(1,2)").
std::string call_frame(std::string_view object, std::string_view method, std::string_view arguments = "()", std::uint16_t sequence = 1,
                       std::string_view keywords = "{}", std::uint16_t flags = 0);

/// A socket with no manners.
class raw_peer {
 public:
  explicit raw_peer(const address&);
  explicit raw_peer(const daemon& d);
  explicit raw_peer(int connected) : socket_(connected) {}
  raw_peer(raw_peer&& other) noexcept
      : shares_memory(other.shares_memory), socket_(std::exchange(other.socket_, -1)), pending_(std::move(other.pending_)), ring_(std::move(other.ring_)) {}
  ~raw_peer() { vanish(); }

  void say(std::string_view bytes);
  /// The next frame; nullopt when the other side has closed (or the patience is over).
  std::optional<answer> hear();
  /// Whether the other side closes, having said nothing more.
  bool closed_by_peer();
  /// connect_frame() and its answer. If it shares memory: as one of ours, and goes on over that.
  answer greet(std::string_view object);
  bool shares_memory = false;
  void vanish();
  /// Ends with RST instead of FIN.
  void reset();
  void shutdown_writing();
  void receive_little();  ///< a small receive buffer
  int descriptor() const { return socket_; }

 private:
  bool fill();
  ssize_t receive(std::span<char> into);
  void go_on_over_memory(const answer& welcome);
  int socket_ = -1;
  std::string pending_{};
  std::optional<ring_end> ring_{};
};

/// A listening socket that accepts, perhaps, and says only what it is told.
class silent_server {
 public:
  silent_server();
  ~silent_server();
  std::string uri(std::string_view object = "thing") const;
  std::uint16_t port() const { return port_; }
  int accept_one();
  /// Accepts one and welcomes it, without metadata.
  raw_peer welcome_one();

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace engine::test
