// What all writers share: the sticky error.
#include <codec/writer.hpp>

namespace engine {

bool writer::fail(std::string_view type, std::string text) {
  if (!failed_) error_ = decode_error{type, std::move(text), 0};
  failed_ = true;
  return false;
}

}  // namespace engine
