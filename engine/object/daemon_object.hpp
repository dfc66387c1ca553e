// `Pyro.Daemon`, the daemon's own object (WIRE §8): an exposed C++ class like any user's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <codec/value.hpp>
#include <engine/core/task.hpp>
#include <engine/object/expose.hpp>
#include <engine/object/item_stream.hpp>

namespace engine {

struct hosting;

class daemon_object {
 public:
  static constexpr const char* id = "Pyro.Daemon";
  /// `about`: the text of info(). Both must outlive this object.
  daemon_object(const hosting& host, std::function<std::string()> about) : host_(host), about_(std::move(about)) {}

  std::vector<std::string> registered() const;
  void ping() const {}
  std::string info() const { return about_(); }
  /// What an object exposes, as sets or as lists. Throws daemon_error "unknown object".
  value get_metadata(std::string_view object_id, std::optional<bool> as_lists) const;
  /// The next item of a stream; with `most`, which only our own programs say, up to so many (docs/wire.md). Throws raised StopIteration
  /// after the last one, what the producer threw, error "item stream terminated" for a stream that is not or no longer known.
  task<stream_items> get_next_stream_item(std::string stream_id, std::optional<std::uint32_t> most);
  void close_stream(const std::string& stream_id);

 private:
  const hosting& host_;
  std::function<std::string()> about_;
};

using DaemonObject = daemon_object;  // its name in the texts of errors is Pyro's
ENGINE_EXPOSE(DaemonObject, registered, ping, info, get_metadata, get_next_stream_item, close_stream)
ENGINE_MARK(DaemonObject, get_metadata, .parameters = "objectId, as_lists")
ENGINE_MARK(DaemonObject, get_next_stream_item, .parameters = "streamId, most")
ENGINE_MARK(DaemonObject, close_stream, .parameters = "streamId")

}  // namespace engine
