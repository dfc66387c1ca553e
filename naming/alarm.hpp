// A descriptor that can be read once a moment has come: for deadlines that any thread sets and a core keeps, by watching it.
#pragma once

#include <engine/io/backend.hpp>

namespace engine {

class alarm_descriptor {
 public:
  /// Throws std::system_error.
  alarm_descriptor();
  ~alarm_descriptor();
  alarm_descriptor(const alarm_descriptor&) = delete;
  alarm_descriptor& operator=(const alarm_descriptor&) = delete;

  descriptor get() const { return descriptor_; }
  /// Any thread. time_point::max(): not any more.
  void set(time_point at);
  /// Makes it unreadable until the next moment.
  void heard();

 private:
  descriptor descriptor_;
};

}  // namespace engine
