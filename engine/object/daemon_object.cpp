// See daemon_object.hpp.
#include <engine/object/daemon_object.hpp>

#include <algorithm>
#include <stdexcept>

#include <engine/object/dispatch.hpp>
#include <engine/object/error.hpp>

namespace engine {

namespace {

constexpr std::uint32_t window_max = 4096;

/// Nobody else reads the stream until the items have been written.
class lease {
 public:
  lease(stream_table& table, std::string id) : table_(table), id_(std::move(id)) {}
  ~lease() { table_.put_back(id_); }
  lease(const lease&) = delete;
  lease& operator=(const lease&) = delete;

 private:
  stream_table& table_;
  std::string id_;
};

/// Begins to fill. To the stream's body, this_call() is the call that asks for the items.
bool begin(task<>& filling, call_context& asks) {
  const detail::serving serving(asks);
  return filling.start();
}

void fill_aside(open_stream& items, std::size_t most, call_context& asks) {
  task<> filling = items.fill(most);
  if (!begin(filling, asks)) throw error("a stream of a blocking method cannot wait for a core");
}

}  // namespace

std::vector<std::string> daemon_object::registered() const { return host_.objects.ids(); }

value daemon_object::get_metadata(std::string_view object_id, std::optional<bool> as_lists) const {
  const auto object = host_.objects.find(object_id);
  if (!object) throw daemon_error("unknown object");
  return metadata_of(*object->table, as_lists.value_or(false));
}

task<stream_items> daemon_object::get_next_stream_item(std::string stream_id, std::optional<std::uint32_t> most) {
  call_context& asks = this_call();
  const stream_table::entry entry = host_.streams.borrow(stream_id, asks.connection());
  const auto leased = std::make_shared<lease>(host_.streams, stream_id);
  const std::size_t count = most ? std::clamp(*most, 1u, window_max) : 1;
  core& here = *core::current();
  if (entry.home) {
    co_await move_to(*entry.home);
    task<> filling = entry.items->fill(count);
    begin(filling, asks);
    co_await filling;
    co_await move_to(here);
  } else {
    auto filled = host_.aside->run([&] { fill_aside(*entry.items, count, asks); });
    co_await filled;
  }
  if (entry.items->filled() == 0 || (most && entry.items->ended())) host_.streams.forget(stream_id);
  if (entry.items->filled() == 0) {
    entry.items->rethrow();
    throw raised("StopIteration", {});
  }
  co_return stream_items{.from = entry.items, .window = most.has_value(), .lease = leased};
}

void daemon_object::close_stream(const std::string& stream_id) { host_.streams.close(stream_id); }

}  // namespace engine
