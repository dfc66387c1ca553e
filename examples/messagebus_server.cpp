// The message bus's server: messagebus_server [sqlite|memory], as Pyro4's keeps its messages in a file unless told otherwise, so that one who
// kills it loses nothing. Subscribers that cannot be reached are taken off.
#include <sys/time.h>

#include <ctime>
#include <iostream>
#include <random>

#include "messagebus.hpp"

namespace {

using namespace std::chrono_literals;

std::string random_id() {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  std::string text = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
  for (char& c : text)
    if (c == 'x') c = "0123456789abcdef"[random() % 16];
  return text;
}

std::string now_text() {
  timeval now{};
  gettimeofday(&now, nullptr);
  tm local{};
  localtime_r(&now.tv_sec, &local);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.", &local);
  return std::string(text, size) + std::to_string(1'000'000 + now.tv_usec).substr(1);
}

}  // namespace

MessageBus::MessageBus(std::unique_ptr<Storage> storage) : storage_(std::move(storage)) {}

void MessageBus::add_topic(std::string topic) {
  const std::scoped_lock lock(mutex_);
  storage_->create_topic(topic);
}

void MessageBus::remove_topic(std::string topic) {
  const std::scoped_lock lock(mutex_);
  const auto pending = storage_->pending();
  const auto subscribers = storage_->subscribers();
  const auto has_some = [&](const auto& all) {
    const auto at = all.find(topic);
    return at != all.end() && !at->second.empty();
  };
  if (has_some(pending) || has_some(subscribers)) throw std::invalid_argument("topic still has pending messages and/or subscribers");
  storage_->remove_topic(topic);
}

std::set<std::string> MessageBus::topics() {
  const std::scoped_lock lock(mutex_);
  return storage_->topics();
}

void MessageBus::send(std::string topic, engine::value message) {
  const std::scoped_lock lock(mutex_);
  storage_->add_message(topic, {random_id(), now_text(), std::move(message)});
  something_new_ = true;
  sent_.notify_one();
}

void MessageBus::subscribe(std::string topic, engine::proxy<Subscriber> subscriber) {
  const std::string uri = uri_of(subscriber).to_string();
  const std::scoped_lock lock(mutex_);
  storage_->create_topic(topic);
  storage_->add_subscriber(topic, uri);
  known_.try_emplace(uri, subscriber);
}

void MessageBus::unsubscribe(std::string topic, engine::proxy<Subscriber> subscriber) {
  const std::string uri = uri_of(subscriber).to_string();
  const std::scoped_lock lock(mutex_);
  storage_->remove_subscriber(topic, uri);
  known_.erase(uri);
}

// Calls others, so not with the lock held: they may call the bus meanwhile.
std::set<std::string> MessageBus::deliver_all(const Storage::messages_of_topics& messages,
                                              const std::map<std::string, std::set<std::string>>& subscribers) {
  std::set<std::string> lost;
  for (const auto& [topic, uris] : subscribers) {
    const auto pending = messages.find(topic);
    if (pending == messages.end() || pending->second.empty()) continue;
    for (const std::string& uri : uris) {
      if (lost.contains(uri)) continue;
      engine::proxy<Subscriber> subscriber;
      {
        const std::scoped_lock lock(mutex_);
        subscriber = known_.try_emplace(uri, engine::uri(uri)).first->second;
      }
      try {
        engine::within(20s, subscriber).incoming_messages(topic, pending->second);
      } catch (const std::exception& e) {
        std::cout << "removing the subscription of " << uri << ": " << e.what() << std::endl;
        lost.insert(uri);
      }
    }
  }
  return lost;
}

void MessageBus::deliver(std::stop_token stop) {
  while (!stop.stop_requested()) {
    try {
      deliver_pending(stop);
    } catch (const std::exception& e) {  // the storage may be of use again, and the messages are still there
      std::cout << "messages are not delivered at the moment: " << e.what() << std::endl;
    }
  }
}

void MessageBus::deliver_pending(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  sent_.wait_for(lock, stop, 2s, [this] { return something_new_; });
  something_new_ = false;
  const auto messages = storage_->pending();
  if (messages.empty()) return;
  const auto subscribers = storage_->subscribers();
  lock.unlock();
  const std::set<std::string> lost = deliver_all(messages, subscribers);
  lock.lock();
  storage_->remove_messages(messages);
  for (const std::string& uri : lost) {
    for (const std::string& topic : storage_->topics()) storage_->remove_subscriber(topic, uri);
    known_.erase(uri);
  }
}

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "sqlite";
  if (kind != "sqlite" && kind != "memory") {
    std::cerr << "usage: messagebus_server [sqlite|memory]\n";
    return 2;
  }
  MessageBus bus(kind == "sqlite" ? keep_in_file("messages.sqlite") : keep_in_memory());
  engine::daemon_options options;
  options.settings = engine::settings::from_environment();
  options.settings->comm_timeout = 20;
  options.settings->max_message_size = 256 * 1024;
  options.settings->server_type = "thread";  // its methods wait for each other, and for a file
  engine::daemon daemon(std::move(options));
  const engine::uri uri = daemon.expose(bus, engine::enrolled_as{bus_name});
  std::cout << "Pyro Message Bus.\n    uri  = " << uri << "\n    name = " << bus_name << "\nServer running, storage is " << kind << "." << std::endl;
  daemon.run();
}
