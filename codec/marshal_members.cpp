// Structs in marshal. Nearly always their members come in order and are plain: then they are taken one after another, without a word for
// each. What is not like that is left to the words, and refused by them: here nothing ever is.
#include <codec/marshal_reader.hpp>

#include <array>
#include <bit>

namespace engine {

using detail::member_entry, detail::member_table, detail::plain_member;
using namespace detail::marshal_format;

bool marshal_reader::read_members(const member_table& table, void* const* members) {
  std::size_t hint = 0, next = 0;
  if (!enter_dict(hint)) return false;
  for (;;) {
    const met where = read_in_order(table, members, next);
    if (where == met::end) return true;
    bool is_member = true;
    if (where == met::key && !find_next(table, next, is_member)) return ok();
    if (!is_member) continue;
    if (!detail::read_member(*this, table.members[next], members[next])) return false;
    ++next;
  }
}

/// By the words: behind the next key. `next` is the member that has it; if none has, its value is passed, and `is_member` is false.
bool marshal_reader::find_next(const member_table& table, std::size_t& next, bool& is_member) {
  const unsigned char* const from = at_;
  std::string_view key;
  if (!next_member(key)) return false;
  const bool in_order = next < table.members.size() && detail::same_text(table.members[next].name, key);
  const std::size_t index = in_order ? next : detail::find_member(table, key);
  is_member = index < table.members.size();
  if (!is_member) return detail::pass_member(*this, table, key);
  next = index;
  const bool by_reference = at_ == from + reference_size && *from == 'r';
  if (by_reference && key.size() <= detail::short_most) known(table.members[index]) = {&table.members[index], load<std::uint32_t>(from + 1), era_};
  return true;
}

/// The members from `next` on, as long as they come in order and are plain. Says what it stands at then: the value of member `next`, or what
/// should be a key; or that it has closed the dict.
inline marshal_reader::met marshal_reader::read_in_order(const member_table& table, void* const* members, std::size_t& next) {
  constexpr std::ptrdiff_t most = 2 * (2 + detail::short_most);  // a key and a value, unless that is a list
  // Where so few values are left that some of these might be too many, the words count them.
  if (values_most_ - values_ < (3 + few) * table.members.size()) return met::key;
  const member_entry* const first = table.members.data();
  const member_entry* const last = first + table.members.size();
  const member_entry* member = first + next;
  const unsigned char* p = at_;
  std::uint64_t values = values_;
  met where = met::key;
  for (; member != last && end_ - p > most; ++member) {
    const unsigned char* const value = pass_key(p, *member);
    if (value == nullptr) break;
    values += 2 + (*p == 'r' ? member->name.size() / 16 : 0);
    const unsigned char* const behind = read_plain(value, member->plain, members[member - first], values);
    p = behind != nullptr ? behind : value;
    if (behind != nullptr) continue;
    where = met::value;
    --top_->owed;
    break;
  }
  at_ = p;
  values_ = values;
  next = static_cast<std::size_t>(member - first);
  if (member != last || p == end_ || *p != '0') return where;
  ++at_;
  close();
  return met::end;
}

inline const unsigned char* marshal_reader::pass_key(const unsigned char* p, const member_entry& member) {
  if (*p == 'r') {
    const known_key& key = known(member);
    const bool same = key.member == &member && key.reference == load<std::uint32_t>(p + 1) && key.era == era_;
    return same ? p + reference_size : nullptr;
  }
  const std::string_view text(reinterpret_cast<const char*>(p + 2), p[1]);
  if (!is_short_text(p) || text.size() > detail::short_most || !detail::same_text(member.name, text)) return nullptr;
  if (!detail::is_short_ascii(text.data(), text.size())) return nullptr;
  number(p);
  return p + 2 + text.size();
}

inline const unsigned char* marshal_reader::read_plain(const unsigned char* p, plain_member type, void* to, std::uint64_t& values) {
  switch (type) {
    case plain_member::string: return read_short_text(p, *static_cast<std::string*>(to));
    case plain_member::integers: return read_few_integers(p, *static_cast<std::vector<std::int64_t>*>(to), values);
    case plain_member::real:
      if (*p != 'g') return nullptr;
      *static_cast<double*>(to) = std::bit_cast<double>(load<std::uint64_t>(p + 1));
      return p + 9;
    case plain_member::integer: {
      const unsigned char* const at = *p == 'i' ? p : integer_at(p);
      if (at == nullptr) return nullptr;
      *static_cast<std::int64_t*>(to) = static_cast<std::int32_t>(load<std::uint32_t>(at + 1));
      return p + 5;
    }
    case plain_member::boolean:
      if (*p != 'T' && *p != 'F') return nullptr;
      *static_cast<bool*>(to) = *p == 'T';
      return p + 1;
    default: return nullptr;
  }
}

inline const unsigned char* marshal_reader::read_short_text(const unsigned char* p, std::string& to) {
  const std::string_view text(reinterpret_cast<const char*>(p + 2), p[1]);
  if (!is_short_text(p) || text.size() > detail::short_most || !detail::is_short_ascii(text.data(), text.size())) return nullptr;
  number(p);
  detail::assign(to, text);
  return p + 2 + text.size();
}

/// They are read aside first: a vector made ready for them would be written twice. As narrow as they are they are widened one by one; what
/// is as wide as in the vector would be copied by one instruction, which is slow for so few.
inline const unsigned char* marshal_reader::read_few_integers(const unsigned char* p, std::vector<std::int64_t>& to, std::uint64_t& values) {
  if (code_at(p) != '[' || top_ == last_) return nullptr;
  const std::size_t size = load<std::uint32_t>(p + 1);
  if (size > few || static_cast<std::size_t>(end_ - p) < 5 + 5 * few) return nullptr;
  number(p);
  std::array<std::int32_t, few> numbers;
  p += 5;
  for (std::size_t i = 0; i < size; ++i, p += 5) {
    const unsigned char* const at = *p == 'i' ? p : integer_at(p);
    if (at == nullptr) return nullptr;
    numbers[i] = static_cast<std::int32_t>(load<std::uint32_t>(at + 1));
  }
  to.assign(numbers.begin(), numbers.begin() + size);
  values += size;
  return p;
}

}  // namespace engine
