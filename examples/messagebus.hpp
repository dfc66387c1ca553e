// Pyro4's message bus: who sends knows topics, who listens subscribes to topics, and neither knows the other. The messages are of a class of
// their own, which travels under the name that Pyro4's example gave it.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <engine/engine.hpp>

struct Message {
  std::string msgid;     // a UUID
  std::string created;   // 2026-01-02T03:04:05.678901
  engine::value data;
};
ENGINE_SHAPE_AS(Message, "Pyro4.utils.messagebus.message", msgid, created, data)

/// What the bus calls.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  void incoming_message(std::string topic, Message message) { consume(topic, message); }
  void incoming_messages(std::string topic, std::vector<Message> messages) {
    for (const Message& each : messages) consume(topic, each);
  }

 private:
  virtual void consume(const std::string& topic, const Message&) = 0;
};
ENGINE_EXPOSE(Subscriber, incoming_message, incoming_messages)

/// Where topics, messages that are on their way, and subscribers are kept: forgotten with the program, or in a file in Pyro4's tables.
class Storage {
 public:
  using messages_of_topics = std::map<std::string, std::vector<Message>>;
  virtual ~Storage() = default;
  virtual std::set<std::string> topics() = 0;
  virtual void create_topic(const std::string& topic) = 0;
  virtual void remove_topic(const std::string& topic) = 0;
  /// Throws std::out_of_range for an unknown topic. A message that nobody has subscribed to may be dropped.
  virtual void add_message(const std::string& topic, const Message&) = 0;
  virtual void remove_messages(const messages_of_topics&) = 0;
  virtual messages_of_topics pending() = 0;
  virtual void add_subscriber(const std::string& topic, const std::string& uri) = 0;
  virtual void remove_subscriber(const std::string& topic, const std::string& uri) = 0;
  virtual std::map<std::string, std::set<std::string>> subscribers() = 0;
};
std::unique_ptr<Storage> keep_in_memory();
std::unique_ptr<Storage> keep_in_file(const std::string& file);

/// The bus. A thread of its own brings what has been sent to the subscribers, all that is there for a topic in one call.
class MessageBus {
 public:
  explicit MessageBus(std::unique_ptr<Storage>);
  void add_topic(std::string topic);
  void remove_topic(std::string topic);
  std::set<std::string> topics();
  void send(std::string topic, engine::value message);
  void send_no_ack(std::string topic, engine::value message) { send(std::move(topic), std::move(message)); }
  void subscribe(std::string topic, engine::proxy<Subscriber> subscriber);
  void unsubscribe(std::string topic, engine::proxy<Subscriber> subscriber);

 private:
  void deliver(std::stop_token);
  void deliver_pending(std::stop_token);
  /// Those that could not be reached.
  std::set<std::string> deliver_all(const Storage::messages_of_topics&, const std::map<std::string, std::set<std::string>>& subscribers);

  std::unique_ptr<Storage> storage_;
  std::map<std::string, engine::proxy<Subscriber>> known_;  // by URI
  std::mutex mutex_;                                        // of both
  std::condition_variable_any sent_;
  bool something_new_ = true;
  std::jthread sender_{[this](std::stop_token stop) { deliver(stop); }};  // last: it uses all of the above
};
ENGINE_EXPOSE(MessageBus, add_topic, remove_topic, topics, send, send_no_ack, subscribe, unsubscribe)
ENGINE_ONEWAY(MessageBus, send_no_ack)

inline constexpr const char* bus_name = "Pyro.MessageBus";
