// See listener.hpp.
#include <engine/link/listener.hpp>

#include <unistd.h>

#include <utility>

#include <engine/io/log.hpp>

namespace engine {

std::expected<std::unique_ptr<listener>, io_error> listener::open(core& c, const address& where, const listen_options& options) {
  auto made = c.io().listen(where, options);
  if (!made) return std::unexpected(made.error());
  auto mine = std::unique_ptr<listener>(new listener(c, *made, c.io().local_address(*made), options.given >= 0));
  c.io().accept(*made, *mine);
  return mine;
}

listener::listener(core& c, descriptor d, const address& local, bool given) : core_(c), descriptor_(d), local_(local), given_(given) {}

listener::~listener() {
  for (const descriptor d : peers_) core_.io().close(d);
}

void listener::stop() {
  if (std::exchange(stopping_, true)) return;
  // Closing while it accepts may shut the socket down, which others go on with if it was given.
  if (given_ && pending()) return core_.io().cancel(*this);
  core_.io().close(descriptor_);
  // Only a name in the file system outlives its socket; abstract names begin with NUL.
  if (const std::string path = local_.path(); !given_ && !path.empty() && path.front() != '\0') ::unlink(path.c_str());
}

void listener::finished(int result, slice) {
  if (result >= 0) {
    if (stopping_) {
      core_.io().close(result);
    } else {
      peers_.push_back(result);
    }
  } else if (!stopping_) {
    // EMFILE and its like: the backend pauses and goes on; those already connected are served meanwhile.
    log_error("accept on {}: {}", local_.to_string(), io_error{-result, "accept"}.to_string());
  }
  if (given_ && stopping_ && !pending()) core_.io().close(descriptor_);
  wake();
}

descriptor listener::take() {
  if (peers_.empty()) return -1;
  const descriptor d = peers_.front();
  peers_.pop_front();
  return d;
}

void listener::wake() {
  if (peers_.empty() && (!stopping_ || pending())) return;
  if (auto waiting = std::exchange(waiting_, nullptr)) waiting.resume();
}

}  // namespace engine
