// What all writers share: the sticky error, and lists one element at a time.
#include <codec/writer.hpp>

#include <codec/writer_words.hpp>

namespace engine {

bool writer::fail(std::string_view type, std::string text) {
  if (!failed_) error_ = decode_error{type, std::move(text), 0};
  failed_ = true;
  return false;
}

void writer::integers(std::span<const std::int64_t> list) {
  detail::write_list(*this, list, [this](std::int64_t n) { signed_integer(n); });
}
void writer::reals(std::span<const double> list) {
  detail::write_list(*this, list, [this](double x) { real(x); });
}
void writer::strings(std::span<const std::string> list) {
  detail::write_list(*this, list, [this](std::string_view text) { string(text); });
}

}  // namespace engine
