// What a watcher of a name server is told, one item at a time: first the names that stand, then each change once it is durable, in the order in which
// they were made. To a Python program an item is a dict with these keys.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <codec/shape.hpp>

namespace engine {

struct name_change {
  /// "listed": it stood when the watching began. "current": all of those have been told, and changes follow. "registered": anew, or for something
  /// else than before. "tagged": its tags are others. "removed". "quiet": nothing has changed for a while; the name server is there.
  std::string what{};
  std::string name{};                   ///< empty: "current", "quiet"
  std::string uri{};                    ///< what it stands for, also as text; empty: "removed" …
  std::vector<std::string> metadata{};  ///< its tags, in order
  /// How many changes this name server has told since it was started. Greater by one with each, whether the watcher's prefix lets it through or not.
  std::int64_t revision = 0;

  bool operator==(const name_change&) const = default;
};
ENGINE_SHAPE(name_change, what, name, uri, metadata, revision)

}  // namespace engine
