// See frame.hpp.
#include <codec/frame.hpp>

#include <codec/endian.hpp>

namespace engine {

namespace {

std::size_t value_size(std::span<const std::byte> chunk, bool wide) {
  return wide ? load_big<std::uint32_t>(chunk.data() + 4) : load_big<std::uint16_t>(chunk.data() + 4);
}
constexpr std::size_t prefix_size(bool wide) { return wide ? 8 : 6; }

}  // namespace

annotation annotation_view::iterator::operator*() const {
  const std::string_view key(reinterpret_cast<const char*>(rest_.data()), 4);
  return {key, rest_.subspan(prefix_size(wide_), value_size(rest_, wide_))};
}

annotation_view::iterator& annotation_view::iterator::operator++() {
  rest_ = rest_.subspan(prefix_size(wide_) + value_size(rest_, wide_));
  return *this;
}

std::optional<std::span<const std::byte>> annotation_view::find(std::string_view key) const {
  std::optional<std::span<const std::byte>> found;
  for (const annotation a : *this)
    if (a.key == key) found = a.value;
  return found;
}

}  // namespace engine
