// ZeroC Ice's client in its C++11 mapping: a window by asynchronous calls, a connection of its own for each client.
#include <Ice/Ice.h>

#include <condition_variable>
#include <mutex>

#include <bench/common/peer.hpp>

#include "Bench.h"

namespace {

Ice::CommunicatorPtr communicator() {
  static const Ice::CommunicatorHolder holder = [] {
    Ice::InitializationData settings;
    settings.properties = Ice::createProperties();
    settings.properties->setProperty("Ice.MessageSizeMax", "0");
    return Ice::CommunicatorHolder(settings);
  }();
  return holder.communicator();
}

class client {
 public:
  explicit client(const bench::arguments& given) {
    static int number = 0;
    const auto found = communicator()->stringToProxy("echo:tcp -h 127.0.0.1 -p " + bench::port_of(given));
    echo_ = Ice::uncheckedCast<Peer::EchoPrx>(found->ice_connectionId(std::to_string(++number)));
    oneway_ = echo_->ice_oneway();
  }
  ~client() {
    if (const auto open = echo_->ice_getCachedConnection()) open->close(Ice::ConnectionClose::Forcefully);
  }

  std::uint64_t length(std::string_view text) { return static_cast<std::uint64_t>(echo_->length(std::string(text))); }
  std::uint64_t blob(const std::vector<char>& data) {
    const auto* const begin = reinterpret_cast<const Ice::Byte*>(data.data());
    return static_cast<std::uint64_t>(echo_->blob(std::make_pair(begin, begin + data.size())));
  }
  void note(std::string_view text) { oneway_->note(std::string(text)); }
  std::uint64_t noted() { return static_cast<std::uint64_t>(echo_->noted()); }

  void pipelined(std::size_t window, bench::timing& clock) {
    const std::string text(bench::peer_text);
    std::mutex mutex;
    std::condition_variable some;
    std::size_t in_flight = 0, answers = 0;
    bool wrong = false;
    const auto answered = [&](long long length) {
      const std::lock_guard held(mutex);
      wrong |= length != static_cast<long long>(text.size());
      --in_flight, ++answers;
      some.notify_one();
    };
    const auto failed = [&](std::exception_ptr) { answered(-1); };
    while (clock.running() && !wrong) {
      std::unique_lock held(mutex);
      some.wait(held, [&] { return in_flight <= window / 2; });
      const std::size_t free = window - in_flight, done = std::exchange(answers, 0);
      in_flight = window;
      held.unlock();
      if (done > 0) clock.finished(done);
      for (std::size_t i = 0; i < free; ++i) echo_->lengthAsync(text, answered, failed);
    }
    std::unique_lock held(mutex);
    some.wait(held, [&] { return in_flight == 0; });
    if (wrong) bench::expect_equal(0, 1);
  }

 private:
  std::shared_ptr<Peer::EchoPrx> echo_, oneway_;
};

}  // namespace

int main(int argc, char** argv) { return bench::peer_main<client>("ice_client", argc, argv); }
