// What cells are to Python: the names of their types, for messages, and their integers.
#include <codec/pickle_machine.hpp>

namespace engine::detail::pickle {

std::string_view machine::type_name(const cell& c) const {
  const auto noted = static_cast<origin>(c.note);
  switch (c.type) {
    case what::class_:
      switch (static_cast<class_id>(c.note)) {
        case class_id::encode:
        case class_id::array_reconstructor: return "builtin_function_or_method";
        case class_id::reconstructor:
        case class_id::newobj:
        case class_id::dill_type:
        case class_id::dill_repr: return "function";
        default: return "type";
      }
    case what::timezone: return "datetime.timezone";
    case what::object: {
      const container& object = tree_.containers[c.index];
      if (object.type == what::string) return "UUID";
      const std::string_view name = tree_.members(object)[1].view();
      return name.substr(name.rfind('.') + 1);
    }
    case what::date: return "datetime.date";
    case what::datetime: return "datetime.datetime";
    case what::bytes: return noted == origin::bytearray ? "bytearray" : "bytes";
    case what::list: return noted == origin::deque ? "collections.deque" : noted == origin::array ? "array.array" : "list";
    case what::real: return noted == origin::timedelta ? "datetime.timedelta" : "float";
    case what::boolean: return "bool";
    default: return python_name(static_cast<kind>(c.type));
  }
}

integer machine::to_integer(const cell& c) const {
  if (!c.is(what::big_integer)) return integer(c.integer);
  if (static_cast<origin>(c.note) == origin::decimal_text) return *integer::from_decimal(c.view());
  const std::string_view raw = c.view();
  const bool negative = static_cast<unsigned char>(raw.back()) >= 0x80;
  std::vector<std::uint32_t> words((raw.size() + 3) / 4, negative ? ~std::uint32_t{0} : 0);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const unsigned shift = 8 * (i % 4);
    words[i / 4] = (words[i / 4] & ~(std::uint32_t{0xff} << shift)) | std::uint32_t{static_cast<unsigned char>(raw[i])} << shift;
  }
  if (negative) {
    std::uint64_t carry = 1;
    for (std::uint32_t& word : words) {
      carry += static_cast<std::uint32_t>(~word);
      word = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) words.push_back(1);
  }
  return integer::from_digits(std::move(words), negative);
}

}  // namespace engine::detail::pickle
