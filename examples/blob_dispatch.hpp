// What the programs of Pyro4's blob-dispatch example know of each other. The dispatcher includes this too, but never looks into a blob.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <engine/engine.hpp>

struct CustomData {
  int a = 0;
  std::string b;
  std::string c;  // a moment, which serpent writes as text
};
ENGINE_SHAPE_AS(CustomData, "blobdispatch.CustomData", a, b, c)

class Listener {
 public:
  explicit Listener(std::string topic) : topic_(std::move(topic)) {}
  void process_blob(engine::serialized_blob blob);

 private:
  const std::string topic_;
};
ENGINE_EXPOSE(Listener, process_blob)

class Dispatcher {
 public:
  void enroll(std::string topic, engine::proxy<Listener> listener);
  void process_blob(engine::serialized_blob blob);

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<engine::proxy<Listener>>> listeners_;
};
ENGINE_EXPOSE(Dispatcher, enroll, process_blob)
ENGINE_MARK(Dispatcher, enroll, .wire_name = "register", .parameters = "topic, listener")
ENGINE_MARK(Dispatcher, process_blob, .blocking = true)  // it waits for its listeners
