// What all readers share: the sticky error, Python's names, and the look ahead for a class dictionary.
#include <codec/reader.hpp>

#include <codec/reader_words.hpp>

namespace engine {

bool reader::fail(std::string_view type, std::string text) {
  return fail(decode_error{type, std::move(text), offset()});
}

bool reader::fail(decode_error error) {
  if (!failed_) error_ = std::move(error);
  failed_ = true;
  return false;
}

bool reader::misfit_of(std::string_view argument) {
  if (failed_ && error_.text.starts_with("expected ")) error_.text = std::string(argument) + ": " + error_.text;
  return false;
}

bool reader::misfit_as(std::string_view must) {
  const std::size_t is = failed_ && error_.text.starts_with("expected ") ? error_.text.rfind(", not ") : std::string::npos;
  if (is != std::string::npos) error_.text = std::string(must) + error_.text.substr(is);
  return false;
}

bool reader::skip_entry() {
  std::string_view method;
  return begin_entry(method) && skip() && open_keywords() && skip() && close_call();
}

bool reader::open_entry(std::string_view& method) {
  std::size_t hint = 0;
  const kind k = peek();
  if (!ok()) return false;
  if (!detail::is_sequence(k)) return fail(wire_class::type_error, "cannot unpack non-iterable " + std::string(python_name(k)) + " object");
  return enter_sequence(hint) && (more() || fail(wire_class::value_error, "not enough values to unpack (expected 3, got 0)")) && read_string(method) &&
         (more() || fail(wire_class::value_error, "not enough values to unpack (expected 3, got 1)"));
}

bool reader::entry_goes_on() { return more() || fail(wire_class::value_error, "not enough values to unpack (expected 3, got 2)"); }

bool reader::close_entry() {
  in_entry_ = false;
  return more() ? fail(wire_class::value_error, "too many values to unpack (expected 3)") : ok();
}

bool reader::next_member(std::string_view& name) { return detail::next_member(*this, name); }
bool reader::read_members(const detail::member_table& table, void* const* members) { return detail::read_members(*this, table, members); }
bool reader::read_integers(std::vector<std::int64_t>& out) { return detail::read_integers(*this, out); }
bool reader::read_reals(std::vector<double>& out) { return detail::read_reals(*this, out); }
bool reader::read_strings(std::vector<std::string>& out) { return detail::read_strings(*this, out); }

std::optional<std::string_view> reader::class_name() {
  if (failed_ || peek() != kind::dict) return std::nullopt;
  const mark start = here();
  std::optional<std::string_view> found;
  std::size_t hint = 0;
  bool going = enter_dict(hint);
  while (going && more()) {
    std::string_view key;
    const bool text_key = peek() == kind::string;
    going = text_key ? read_string(key) : skip();
    if (going && text_key && key == "__class__" && peek() == kind::string) {
      std::string_view name;
      if (read_string(name)) found = name;
      break;
    }
    going = going && skip();
  }
  clear_error();  // whatever is wrong in there is reported when it is read in earnest
  rewind(start);
  return found;
}

std::string_view python_name(kind k) {
  switch (k) {
    case kind::error: break;
    case kind::none: return "NoneType";
    case kind::boolean: return "bool";
    case kind::integer: return "int";
    case kind::big_integer: return "int";
    case kind::real: return "float";
    case kind::complex: return "complex";
    case kind::string: return "str";
    case kind::bytes: return "bytes";
    case kind::list: return "list";
    case kind::tuple: return "tuple";
    case kind::set: return "set";
    case kind::frozenset: return "frozenset";
    case kind::dict: return "dict";
    case kind::datetime: return "datetime";
    case kind::date: return "date";
  }
  return "nothing";
}

}  // namespace engine
