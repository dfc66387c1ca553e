// A chat server: it keeps channels and who is on them, and passes on what is said. Members are told by oneway calls, so that a slow one
// holds nobody up; one who cannot be reached any more is taken off.
#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "chatbox.hpp"

std::vector<ChatBox::member>* ChatBox::find(const std::string& channel) {
  const auto at = channels_.find(channel);
  if (at != channels_.end()) return &at->second;
  std::cout << "IGNORED UNKNOWN CHANNEL " << channel << std::endl;
  return nullptr;
}

std::vector<std::string> ChatBox::getChannels() {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, members] : channels_) names.push_back(name);
  return names;
}

std::vector<std::string> ChatBox::getNicks() {
  const std::scoped_lock lock(mutex_);
  return nicks_;
}

std::vector<std::string> ChatBox::join(std::string channel, std::string nick, engine::proxy<Chatter> callback) {
  const std::scoped_lock lock(mutex_);
  if (channel.empty() || nick.empty()) throw std::invalid_argument("invalid channel or nick name");
  if (std::ranges::find(nicks_, nick) != nicks_.end()) throw std::invalid_argument("this nick is already in use");
  if (!channels_.contains(channel)) std::cout << "CREATING NEW CHANNEL " << channel << std::endl;
  channels_[channel].push_back({nick, std::move(callback)});
  nicks_.push_back(nick);
  std::cout << nick << " JOINED " << channel << std::endl;
  publish(channel, "SERVER", "** " + nick + " joined **");
  std::vector<std::string> here;
  for (const member& m : channels_[channel]) here.push_back(m.nick);
  return here;
}

void ChatBox::leave(std::string channel, std::string nick) {
  const std::scoped_lock lock(mutex_);
  auto* members = find(channel);
  if (!members) return;
  std::erase_if(*members, [&](const member& m) { return m.nick == nick; });
  publish(channel, "SERVER", "** " + nick + " left **");
  if (members->empty()) {
    channels_.erase(channel);
    std::cout << "REMOVED CHANNEL " << channel << std::endl;
  }
  std::erase(nicks_, nick);
  std::cout << nick << " LEFT " << channel << std::endl;
}

void ChatBox::publish(std::string channel, std::string nick, std::string msg) {
  const std::scoped_lock lock(mutex_);
  auto* members = find(channel);
  if (!members) return;
  std::erase_if(*members, [&](member& m) {
    try {
      m.callback.message(nick, msg);
      return false;
    } catch (const engine::unreachable&) {
      std::cout << "Removed dead listener " << m.nick << std::endl;
      return true;
    }
  });
}

int main() {
  ChatBox chatbox;
  engine::daemon daemon;
  daemon.expose(chatbox, engine::enrolled_as{"example.chatbox.server"});
  std::cout << "Pyro daemon running." << std::endl;
  daemon.run();
}
