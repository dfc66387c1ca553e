// `Pyro.Daemon`, the daemon's own object (WIRE §8): an exposed C++ class like any user's.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <codec/value.hpp>
#include <engine/core/task.hpp>
#include <engine/object/expose.hpp>
#include <engine/object/item_stream.hpp>
#include <engine/object/method.hpp>

namespace engine {

struct hosting;

class daemon_object {
 public:
  static constexpr const char* id = "Pyro.Daemon";
  /// `about`: the text of info(). Both must outlive this object.
  daemon_object(const hosting& host, std::function<std::string()> about) : host_(host), about_(std::move(about)) {}
  daemon_object(const daemon_object&) = delete;
  daemon_object& operator=(const daemon_object&) = delete;

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

/// The same for a class of one's own, which offers more (Pyro's `interface`): derive from daemon_object, take over its constructor, expose
/// ENGINE_DAEMON_METHODS and what is added, and say daemon_options::own_object = own_daemon_object::of<MyDaemonObject>().
///
///   class MyDaemonObject : public engine::daemon_object {
///    public:
///     using engine::daemon_object::daemon_object;
///     double uptime() const;                    // any core calls it, several at once
///   };
///   ENGINE_EXPOSE(MyDaemonObject, ENGINE_DAEMON_METHODS, uptime)
struct own_daemon_object {
  using about_text = std::function<std::string()>;
  std::shared_ptr<void> (*make)(const hosting&, about_text);
  const interface_table* table;

  template <std::derived_from<daemon_object> T> static own_daemon_object of() {
    return {.make = [](const hosting& host, about_text about) -> std::shared_ptr<void> { return std::make_shared<T>(host, std::move(about)); },
            .table = &interface_of<T>()};
  }
};

#define ENGINE_DAEMON_METHODS registered, ping, info, get_metadata, get_next_stream_item, close_stream

using DaemonObject = daemon_object;  // its name in the texts of errors is Pyro's
ENGINE_EXPOSE(DaemonObject, ENGINE_DAEMON_METHODS)
// As ENGINE_MARK would say it for every class that is one.
template <std::derived_from<daemon_object> T> constexpr traits engine_traits(type<T>, member<&daemon_object::get_metadata>) {
  return {.parameters = "objectId, as_lists"};
}
template <std::derived_from<daemon_object> T> constexpr traits engine_traits(type<T>, member<&daemon_object::get_next_stream_item>) {
  return {.parameters = "streamId, most"};
}
template <std::derived_from<daemon_object> T> constexpr traits engine_traits(type<T>, member<&daemon_object::close_stream>) {
  return {.parameters = "streamId"};
}

}  // namespace engine
