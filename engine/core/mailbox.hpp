// The only door between cores (and from plain threads): move a piece of work in, wake the other side. Any number of senders, one
// receiver, no locks: senders push on a stack, the receiver takes the whole stack at once and turns it round.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

namespace engine {

using work = std::move_only_function<void()>;

class mailbox {
 public:
  mailbox() = default;
  ~mailbox();  ///< drops what was never delivered
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;

  /// Any thread. True if the mailbox was empty, so that the receiver needs waking.
  bool put(work);
  /// Receiver only: runs everything put before this call, in order of each sender. Returns how many ran.
  std::size_t deliver();
  bool empty() const { return head_.load(std::memory_order_acquire) == nullptr; }

 private:
  struct letter {
    work content;
    letter* next = nullptr;
  };
  static letter* reversed(letter*);
  std::atomic<letter*> head_{nullptr};
};

}  // namespace engine
