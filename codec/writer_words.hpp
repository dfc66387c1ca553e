// Whole lists as words of a writer, written once as templates over the writer: a format whose class is final runs them without a
// virtual word per element (mirror of codec/reader_words.hpp).
#pragma once

#include <codec/writer.hpp>

namespace engine::detail {

template <class Writer, class List, class Write> void write_list(Writer& out, const List& list, Write write) {
  out.begin(kind::list, list.size());
  for (const auto& element : list) write(element);
  out.end();
}

}  // namespace engine::detail

/// In a final writer's class.
#define ENGINE_WRITER_LISTS                                                                 \
  void integers(std::span<const std::int64_t> list) override {                              \
    ::engine::detail::write_list(*this, list, [this](std::int64_t n) { signed_integer(n); }); \
  }                                                                                         \
  void reals(std::span<const double> list) override {                                       \
    ::engine::detail::write_list(*this, list, [this](double x) { real(x); });               \
  }                                                                                         \
  void strings(std::span<const std::string> list) override {                                \
    ::engine::detail::write_list(*this, list, [this](std::string_view text) { string(text); }); \
  }
