// Chats: what is typed goes to the server, what others say comes in by calls to an object of ours. The daemon that serves them has a
// thread of its own from the moment it is made, so there is no loop to run.
#include <iostream>

#include "asking.hpp"
#include "chatbox.hpp"

void Chatter::message(std::string_view from, std::string_view msg) {
  if (from != nick) std::cout << '[' << from << "] " << msg << std::endl;
}

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string choose_channel(engine::proxy<ChatBox>& chatbox) {
  if (const auto nicks = chatbox.getNicks(); !nicks.empty()) std::cout << "The following people are on the server: " << joined(nicks) << std::endl;
  const auto channels = chatbox.getChannels();
  if (channels.empty()) {
    std::cout << "The server has no active channels." << std::endl;
    return ask("Name for new channel: ");
  }
  std::cout << "The following channels already exist: " << joined(channels) << std::endl;
  return ask("Choose a channel or create a new one: ");
}

}  // namespace

int main() {
  engine::proxy<ChatBox> chatbox{"PYRONAME:example.chatbox.server"};
  const std::string channel = choose_channel(chatbox);
  Chatter me{.nick = ask("Choose a nickname: ")};
  engine::daemon daemon;
  daemon.expose(me);
  const auto people = chatbox.join(channel, me.nick, me);
  std::cout << "Joined channel " << channel << " as " << me.nick << "\nPeople on this channel: " << joined(people)
            << "\nReady for input! Type /quit to quit" << std::endl;
  for (;;) {
    const std::string line = ask("> ");
    if (line == "/quit" || !std::cin) break;
    if (!line.empty()) chatbox.publish(channel, me.nick, line);
  }
  chatbox.leave(channel, me.nick);
  std::cout << "Exit." << std::endl;
}
