// See arguments.hpp. The texts are CPython 3.11's.
#include <engine/object/arguments.hpp>

#include <algorithm>
#include <stdexcept>

#include <codec/serializer.hpp>

namespace engine {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Splits "a, b=(1,2), c='x,y'" at the commas that are not inside brackets or quotes.
std::vector<std::string_view> split_parameters(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  char quote = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote) {
      if (c == '\\') ++i;
      else if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      parts.push_back(trimmed(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  if (const auto last = trimmed(text.substr(start)); !last.empty()) parts.push_back(last);
  return parts;
}

std::string plural(std::size_t n, std::string_view noun) {
  return std::string(noun) + (n == 1 ? "" : "s");
}

// 'a', 'b' and 'c'
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? (names.size() > 2 ? ", and " : " and ") : ", ";
    text += "'" + names[i] + "'";
  }
  return text;
}

}  // namespace

call_signature call_signature::of(std::string_view name, const parameter_shape& shape, const char* parameters) {
  call_signature made{.name = std::string(name), .shape = shape};
  if (!parameters) return made;
  for (const std::string_view part : split_parameters(parameters)) {
    const auto equals = part.find('=');
    made.parameters.emplace_back(trimmed(part.substr(0, equals)));
    made.defaults.push_back(equals == std::string_view::npos ? std::optional<std::string>{}
                                                             : std::string(trimmed(part.substr(equals + 1))));
  }
  if (made.parameters.size() != shape.named)
    throw std::invalid_argument(made.name + ": .parameters names " + std::to_string(made.parameters.size()) + " of " +
                                std::to_string(shape.named) + " parameters");
  return made;
}

std::optional<std::size_t> call_signature::find(std::string_view parameter) const {
  const auto at = std::ranges::find(parameters, parameter);
  if (at == parameters.end()) return std::nullopt;
  return static_cast<std::size_t>(at - parameters.begin());
}

bool call_signature::too_many(reader& in, std::size_t given) const {
  // Python counts the object itself too.
  const std::size_t most = shape.named + 1;
  std::size_t least = 1;
  for (std::size_t i = 0; i < shape.named; ++i)
    if (!may_miss(i)) ++least;
  const std::string takes = least == most ? std::to_string(most) : "from " + std::to_string(least) + " to " + std::to_string(most);
  return in.fail(wire_class::type_error, name + "() takes " + takes + " positional " + plural(most, "argument") + " but " +
                                             std::to_string(given + 1) + (given + 1 == 1 ? " was given" : " were given"));
}

bool call_signature::missing(reader& in, std::uint64_t given) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < shape.named; ++i) {
    if (((given >> i) & 1) || may_miss(i)) continue;
    names.push_back(i < parameters.size() ? parameters[i] : "arg" + std::to_string(i + 1));
  }
  return in.fail(wire_class::type_error, name + "() missing " + std::to_string(names.size()) + " required positional " +
                                             plural(names.size(), "argument") + ": " + listed(names));
}

bool call_signature::twice(reader& in, std::string_view parameter) const {
  return in.fail(wire_class::type_error, name + "() got multiple values for argument '" + std::string(parameter) + "'");
}

bool call_signature::unexpected(reader& in, std::string_view parameter) const {
  if (parameters.empty() && shape.named > 0)
    return in.fail(wire_class::type_error,
                   name + "() takes no keyword arguments: its parameters are not named (got '" + std::string(parameter) + "')");
  return in.fail(wire_class::type_error, name + "() got an unexpected keyword argument '" + std::string(parameter) + "'");
}

bool call_signature::misfit(reader& in, std::size_t parameter) const {
  const std::string which = parameter < parameters.size() ? "'" + parameters[parameter] + "'" : std::to_string(parameter + 1);
  return in.misfit_of(name + "() argument " + which);
}

bool detail::read_default(const std::string& literal, bool (*decode_into)(reader&, void*), void* target, reader& failing) {
  thread_local const auto in = serpent().make_reader();  // a default is read at every call that leaves it out
  in->start(std::as_bytes(std::span(literal)));
  if (decode_into(*in, target) && in->finish()) return true;
  return failing.fail(wire_class::type_error, "bad default " + literal + ": " + in->error().text);
}

}  // namespace engine
