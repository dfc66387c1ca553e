// See mailbox.hpp.
#include <engine/core/mailbox.hpp>

#include <utility>

namespace engine {

mailbox::letter* mailbox::reversed(letter* l) {
  letter* first = nullptr;
  while (l) {
    letter* next = std::exchange(l->next, first);
    first = std::exchange(l, next);
  }
  return first;
}

mailbox::~mailbox() {
  letter* l = head_.exchange(nullptr, std::memory_order_acquire);
  while (l) delete std::exchange(l, l->next);
}

bool mailbox::put(work content) {
  auto* l = new letter{std::move(content)};
  letter* head = head_.load(std::memory_order_relaxed);
  do l->next = head;
  while (!head_.compare_exchange_weak(head, l, std::memory_order_release, std::memory_order_relaxed));
  return head == nullptr;
}

std::size_t mailbox::deliver() {
  std::size_t count = 0;
  letter* l = reversed(head_.exchange(nullptr, std::memory_order_acquire));
  while (l) {
    std::unique_ptr<letter> mine(std::exchange(l, l->next));
    mine->content();
    ++count;
  }
  return count;
}

}  // namespace engine
