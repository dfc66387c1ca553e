// See reply.hpp.
#include <engine/object/reply.hpp>

namespace engine {

void reply::give(const serialized_result& r) {
  if (in_list_) return r.encode_to(encoder_);
  const auto encoded = r.in(*find_serializer_48(options_.serializer));
  const output::mark start = out_.here();
  encoder_.start(out_);  // only that it forgets earlier failures
  out_.truncate(start);
  std::array<annotation, 1> room;
  open(context_.answer_annotations(room));
  if (encoded->size() >= borrow_threshold) out_.borrow(*encoded, encoded);
  else out_.append(encoded->data(), encoded->size());
}

}  // namespace engine
