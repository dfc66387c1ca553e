// The scan knows brackets, strings and comments and nothing else. Commas and colons are looked at only where a bracket is
// undecided; elsewhere it runs from bracket to bracket, sixteen bytes at a time.
#include <codec/serpent_lookahead.hpp>

#include <algorithm>
#include <bit>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <codec/find_any.hpp>

namespace engine::detail {
namespace {

bool shapes_text(char c) {
  switch (c) {
    case '(': case ')': case '[': case ']': case '{': case '}': case '\'': case '"': case '#': return true;
    default: return false;
  }
}

#ifdef __SSE2__
// Which bytes are brackets, quotes or begin comments: 0xff for each.
// Single bits tell the characters of a pair apart: ( from ), [ from {, ] from } and " from #.
__m128i structure(__m128i block) {
  const __m128i low = _mm_or_si128(block, _mm_set1_epi8(1)), lower = _mm_or_si128(block, _mm_set1_epi8(0x20));
  __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(low, _mm_set1_epi8(')')), _mm_cmpeq_epi8(low, _mm_set1_epi8('#')));
  hits = _mm_or_si128(hits, _mm_cmpeq_epi8(lower, _mm_set1_epi8('{')));
  hits = _mm_or_si128(hits, _mm_cmpeq_epi8(lower, _mm_set1_epi8('}')));
  return _mm_or_si128(hits, _mm_cmpeq_epi8(block, _mm_set1_epi8('\'')));
}
#endif

// The next bracket, quote or comment in [p, end).
const char* find_structure(const char* p, const char* end) {
#ifdef __SSE2__
  for (; end - p >= 16; p += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(structure(block)))) return p + std::countr_zero(mask);
  }
#endif
  while (p != end && !shapes_text(*p)) ++p;
  return p;
}

// Whether a comma may follow any of the closing brackets, as far as the byte behind each tells.
bool comma_may_follow(const char* p, const char* end, char close) {
  for (p = find_any(p, end, close); p != end && ++p != end; p = find_any(p, end, close))
    if (*p == ',' || *p == ' ' || *p == '\t' || *p == '\f' || *p == '\\') return true;
  return false;
}

char closer_of(char open) { return open == '(' ? ')' : open == '[' ? ']' : '}'; }

}  // namespace

class serpent_lookahead::scanner {
 public:
  scanner(serpent_lexer& lexer, std::vector<answer>* answers) : lexer_(lexer), answers_(answers) {}

  // Runs from the bracket at p until that bracket is decided, or with `to_its_end` closed. Returns the place reached, or
  // nullptr if the text is broken.
  const char* run(const char* p, bool to_its_end) {
    do {
      if (p == nullptr || p == lexer_.end()) return nullptr;
      switch (*p) {
        case '(': case '[': case '{':
          if (depth_ == depth_max) return nullptr;
          open(p++);
          break;
        case ')': case ']': case '}':
          if (stack_[depth_ - 1].close != *p) return nullptr;
          close(p++);
          break;
        case '\'': case '"': p = lexer_.skip_literal(p); break;
        case '#': p = find_any(p, lexer_.end(), '\n', '\r'); break;
        default: separate(*p++); break;
      }
      if (depth_ == 0 || (!to_its_end && depth_ == 1 && !stack_[0].undecided)) return p;
      if (p != nullptr) p = next(p);
    } while (true);
  }

 private:
  struct level {
    std::size_t answer;
    const char* content;
    char close;
    bool undecided;
  };

  const char* next(const char* p) const {
    if (!stack_[depth_ - 1].undecided) return find_structure(p, lexer_.end());
    while (p != lexer_.end() && *p != ',' && *p != ':' && !shapes_text(*p)) ++p;
    return p;
  }

  void open(const char* p) {
    const bool undecided = answers_ != nullptr && *p != '[';
    stack_[depth_++] = {undecided ? answers_->size() : 0, p + 1, closer_of(*p), undecided};
    if (undecided) answers_->push_back({static_cast<std::size_t>(p - lexer_.begin()), *p == '(' ? form::tuple : form::dict});
  }

  void decide(form shape) {
    level& top = stack_[depth_ - 1];
    if (top.undecided) (*answers_)[top.answer].shape = shape;
    top.undecided = false;
  }

  void separate(char c) {
    const bool round = stack_[depth_ - 1].close == ')';
    if (c == ',') decide(round ? form::tuple : form::set);
    else if (!round) decide(form::dict);
  }

  void close(const char* p) {
    const level& top = stack_[depth_ - 1];
    if (top.undecided) {
      const bool empty = lexer_.blanks(top.content, true) == p;
      if (top.close == ')') decide(empty ? form::tuple : form::group);
      else decide(empty ? form::dict : form::set);
    }
    --depth_;
  }

  serpent_lexer& lexer_;
  std::vector<answer>* answers_;
  std::size_t depth_ = 0;
  level stack_[depth_max];
};

void serpent_lookahead::clear() {
  answers_.clear();
  if (answers_.capacity() > 4096) answers_.shrink_to_fit();
  from_ = to_ = 0;
}

serpent_lookahead::form serpent_lookahead::known(const serpent_lexer& lexer, const char* p) const {
  const auto offset = static_cast<std::size_t>(p - lexer.begin());
  if (offset < from_ || offset >= to_) return form::unknown;
  const auto found = std::lower_bound(answers_.begin(), answers_.end(), offset,
                                      [](const answer& a, std::size_t wanted) { return a.offset < wanted; });
  if (found == answers_.end() || found->offset != offset) return *p == '(' ? form::tuple : form::dict;
  return found->shape;
}

serpent_lookahead::form serpent_lookahead::find(serpent_lexer& lexer, const char* p) {
  if (const form shape = known(lexer, p); shape != form::unknown) return shape;
  answers_.clear();
  const char* const reached = scanner(lexer, &answers_).run(p, false);
  from_ = static_cast<std::size_t>(p - lexer.begin());
  // Broken text is not scanned again: reading stops at the fault before it needs an answer from behind it.
  to_ = static_cast<std::size_t>((reached == nullptr ? lexer.end() : reached) - lexer.begin());
  return known(lexer, p);
}

// Nearly every document is one container and most show it without a scan.
bool serpent_lookahead::comma_follows(serpent_lexer& lexer, const char* p) {
  if (!comma_may_follow(p, lexer.end(), closer_of(*p))) return false;
  const char* const behind = scanner(lexer, nullptr).run(p, true);
  return behind != nullptr && lexer.at(lexer.blanks(behind, false)) == ',';
}

std::size_t serpent_lookahead::short_count([[maybe_unused]] const serpent_lexer& lexer, [[maybe_unused]] const char* p) {
#ifdef __SSE2__
  const char* const first = p;
  std::size_t commas = 0;
  for (int blocks = 0; blocks < 4 && lexer.end() - p >= 16; ++blocks, p += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto where = [](__m128i found) { return static_cast<unsigned>(_mm_movemask_epi8(found)); };
    const auto stops = where(structure(block));
    const unsigned before = (stops & (0 - stops)) - 1;  // all of them if there is no stop
    for (unsigned found = where(_mm_cmpeq_epi8(block, _mm_set1_epi8(','))) & before; found != 0; found &= found - 1) ++commas;
    if (stops == 0) continue;
    const char* const stop = p + std::countr_zero(stops);
    return *stop == ']' && stop != first ? commas + (stop[-1] != ',') : 0;
  }
#endif
  return 0;
}

}  // namespace engine::detail
