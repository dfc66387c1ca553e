// Pyro4's chat box as its server and its clients know it.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <engine/engine.hpp>

/// The client's object: it is told what is said on its channel.
class Chatter {
 public:
  void message(std::string_view nick, std::string_view msg);
  std::string nick;
};
ENGINE_EXPOSE(Chatter, message)
ENGINE_MARK(Chatter, message, .parameters = "nick, msg", .oneway = true)

class ChatBox {
 public:
  std::vector<std::string> getChannels();
  std::vector<std::string> getNicks();
  std::vector<std::string> join(std::string channel, std::string nick, engine::proxy<Chatter> callback);
  void leave(std::string channel, std::string nick);
  void publish(std::string channel, std::string nick, std::string msg);

 private:
  struct member {
    std::string nick;
    engine::proxy<Chatter> callback;
  };
  std::vector<member>* find(const std::string& channel);
  std::recursive_mutex mutex_;
  std::map<std::string, std::vector<member>> channels_;
  std::vector<std::string> nicks_;
};
ENGINE_EXPOSE(ChatBox, getChannels, getNicks, join, leave, publish)
// Those that tell the members call them, and wait until their connections are there: not on a core.
ENGINE_MARK(ChatBox, join, .parameters = "channel, nick, callback", .blocking = true)
ENGINE_MARK(ChatBox, leave, .parameters = "channel, nick", .blocking = true)
ENGINE_MARK(ChatBox, publish, .parameters = "channel, nick, msg", .blocking = true)
