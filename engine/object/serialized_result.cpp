// See serialized_result.hpp.
#include <engine/object/serialized_result.hpp>

#include <map>
#include <mutex>

#include <codec/convert.hpp>
#include <codec/output.hpp>
#include <engine/object/error.hpp>

namespace engine {

struct serialized_result::kept {
  std::mutex mutex{};
  std::function<void(writer&)> encode{};  // of one made here; otherwise the first of `encoded` is what came
  const serializer* came_in = nullptr;
  std::map<const serializer*, std::shared_ptr<const std::vector<std::byte>>> encoded{};
};

serialized_result::serialized_result(std::function<void(writer&)> encode, std::nullptr_t) : kept_(std::make_shared<kept>()) {
  kept_->encode = std::move(encode);
}

serialized_result serialized_result::received(const serializer& format, std::span<const std::byte> encoded) {
  serialized_result made;
  made.kept_ = std::make_shared<kept>();
  made.kept_->came_in = &format;
  made.kept_->encoded.emplace(&format, std::make_shared<const std::vector<std::byte>>(encoded.begin(), encoded.end()));
  return made;
}

std::shared_ptr<const std::vector<std::byte>> serialized_result::in(const serializer& format) const {
  if (kept_) {
    const std::scoped_lock lock(kept_->mutex);
    if (const auto known = kept_->encoded.find(&format); known != kept_->encoded.end()) return known->second;
  }
  output made;
  const auto out = format.make_writer();
  out->start(made);
  encode_to(*out);
  if (!out->ok()) throw serialize_error(out->error().text);
  auto whole = std::make_shared<std::vector<std::byte>>();
  made.each_since({}, [&](std::span<const std::byte> run) { whole->insert(whole->end(), run.begin(), run.end()); });
  if (!kept_) return whole;
  const std::scoped_lock lock(kept_->mutex);
  return kept_->encoded.emplace(&format, std::move(whole)).first->second;  // another thread may have been first
}

void serialized_result::encode_to(writer& out) const {
  if (!kept_) return out.none();
  if (kept_->encode) return kept_->encode(out);
  encode(out, deserialized());
}

void serialized_result::read(bool (*decode)(reader&, void*), void* to) const {
  const serializer& format = kept_ && kept_->came_in ? *kept_->came_in : msgpack();
  const auto encoded = in(format);
  const auto from = format.make_reader();
  from->start(*encoded);
  if (!decode(*from, to) || !from->finish()) throw bad_value(from->error().type, from->error().text);
}

bool codec_of<serialized_result>::decode(reader& in, serialized_result& out) {
  value v;
  if (!engine::decode(in, v)) return false;
  out = serialized_result(std::move(v));
  return true;
}

}  // namespace engine
