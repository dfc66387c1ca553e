// What all writers share: the sticky error, and lists one element at a time.
#include <codec/writer.hpp>

namespace engine {

bool writer::fail(std::string_view type, std::string text) {
  if (!failed_) error_ = decode_error{type, std::move(text), 0};
  failed_ = true;
  return false;
}

void writer::integers(std::span<const std::int64_t> list) {
  begin(kind::list, list.size());
  for (const std::int64_t n : list) signed_integer(n);
  end();
}

void writer::reals(std::span<const double> list) {
  begin(kind::list, list.size());
  for (const double x : list) real(x);
  end();
}

void writer::strings(std::span<const std::string> list) {
  begin(kind::list, list.size());
  for (const std::string& text : list) string(text);
  end();
}

}  // namespace engine
