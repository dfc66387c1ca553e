// What an opening bracket begins is decided only behind its first element: `(1)` is a number, `(1,)` a tuple, `{1}` a set and
// `{1:2}` a dict. The scan that finds out passes whole elements, so it notes the answers for all brackets on its way; together
// the scans of one payload pass every byte once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <codec/serpent_lexer.hpp>

namespace engine::detail {

class serpent_lookahead {
 public:
  enum class form : std::uint8_t { unknown, tuple, group, dict, set };

  void clear();

  /// The answer for the `(` or `{` at p if a scan has passed it, else form::unknown.
  form known(const serpent_lexer& lexer, const char* p) const;
  /// The answer for the `(` or `{` at p, scanned for if need be. Of broken text it is any: reading will find the fault.
  form find(serpent_lexer& lexer, const char* p);
  /// Whether the bracketed expression at p, outside any bracket, is followed by a comma.
  static bool comma_follows(serpent_lexer& lexer, const char* p);
  /// How many elements the list has whose content begins at p, if it is short and they are all numbers or names; else 0.
  /// No number is declared, and making room for a few elements one after another costs more than reading them.
  static std::size_t short_count(const serpent_lexer& lexer, const char* p);

  static constexpr std::size_t depth_max = 1000;

 private:
  class scanner;
  struct answer { std::size_t offset; form shape; };
  std::vector<answer> answers_{};  // by ascending offset
  std::size_t from_ = 0, to_ = 0;  // the range they are complete for
};

}  // namespace engine::detail
