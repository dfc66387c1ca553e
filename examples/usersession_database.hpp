// A database of the old kind: its connections may be used by one thread at a time, and say so when they are not.
#pragma once

#include <chrono>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <engine/engine.hpp>

/// Keys and values, with artificial delays.
class DummyDatabase {
 public:
  void set(const std::string& key, engine::value to) {
    delay();
    const std::scoped_lock lock(mutex_);
    storage_[key] = std::move(to);
  }
  engine::value get(const std::string& key) {
    delay();
    const std::scoped_lock lock(mutex_);
    return storage_.at(key);
  }

 private:
  static void delay() {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 100));
  }
  std::mutex mutex_;
  std::map<std::string, engine::value> storage_;
};

class Connection {
 public:
  explicit Connection(DummyDatabase& to) : to_(to) {}
  void store(const std::string& user, const std::string& key, engine::value value) {
    const auto lock = enter(user, "write");
    std::cout << "DB: user " + user + " stores: " + key + " = " + engine::to_repr(value) + "\n" << std::flush;
    to_.set(key, std::move(value));
  }
  engine::value retrieve(const std::string& user, const std::string& key) {
    const auto lock = enter(user, "read");
    std::cout << "DB: user " + user + " retrieve: " + key + "\n" << std::flush;
    return to_.get(key);
  }

 private:
  std::unique_lock<std::mutex> enter(const std::string& user, const std::string& what) {
    if (user != "user123" && user != "admin") throw engine::raised("AssertionError", {"access denied"});
    std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) throw std::runtime_error("ERROR: concurrent connection access (" + what + ") by multiple different threads");
    return lock;
  }
  DummyDatabase& to_;
  std::mutex mutex_;
};
