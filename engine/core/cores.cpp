// See cores.hpp.
#include <engine/core/cores.hpp>

#include <sched.h>

#include <chrono>
#include <exception>
#include <future>
#include <string>

#include <pthread.h>

namespace engine {

namespace {

std::vector<int> allowed_processors() {
  std::vector<int> allowed;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return allowed;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &set)) allowed.push_back(i);
  return allowed;
}

// The thread of one core. `up` learns of the core, or of why there is none.
void run_core(core_options options, unsigned index, std::promise<core*> up, std::atomic<bool>& released) {
  pthread_setname_np(pthread_self(), ("core " + std::to_string(index)).c_str());
  std::unique_ptr<core> mine;
  try {
    mine = std::make_unique<core>(options);
  } catch (...) {
    up.set_exception(std::current_exception());
    return;
  }
  up.set_value(mine.get());
  mine->run();
  released.wait(false);
}

}  // namespace

cores::cores(const cores_options& options) {
  if (!options.threads) {
    own_ = std::make_unique<core>(options.each);
    running_.push_back(own_.get());
    return;
  }
  const auto processors = allowed_processors();
  std::vector<std::future<core*>> ups;
  for (unsigned i = 0; i < options.count; ++i) {
    core_options each = options.each;
    if (options.pin && !processors.empty())
      each.processor = processors[(static_cast<std::size_t>(options.first) + i) % processors.size()];
    std::promise<core*> up;
    ups.push_back(up.get_future());
    threads_.emplace_back(run_core, each, i, std::move(up), std::ref(released_));
  }
  std::exception_ptr failure;
  for (auto& up : ups) {
    try {
      running_.push_back(up.get());
    } catch (...) {
      failure = std::current_exception();
    }
  }
  if (failure) {
    stop();
    join();
    std::rethrow_exception(failure);
  }
}

cores::~cores() {
  stop();
  join();
}

void cores::stop() {
  for (core* c : running_) c->stop();
}

void cores::join() {
  released_.store(true);
  released_.notify_all();
  threads_.clear();
  running_.clear();
  own_.reset();
}

void cores::run_on(std::size_t i, const std::function<void(core&)>& f) {
  core& target = *running_.at(i);
  if (core::current() == &target) return f(target);
  std::promise<void> done;
  target.post([&] {
    try {
      f(target);
      done.set_value();
    } catch (...) {
      done.set_exception(std::current_exception());
    }
  });
  auto ran = done.get_future();
  if (own_ && std::this_thread::get_id() == owner_)
    while (ran.wait_for(std::chrono::seconds(0)) != std::future_status::ready) target.run_once(time_point::min());
  ran.get();
}

}  // namespace engine
