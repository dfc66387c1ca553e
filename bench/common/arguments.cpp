#include <bench/common/arguments.hpp>

#include <cmath>
#include <stdexcept>

namespace bench {

arguments::arguments(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto equals = argument.find('=');
    if (equals == std::string::npos) workload_ = argument;
    else values_[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
}

std::string arguments::text(std::string_view key, std::string_view otherwise) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::string(otherwise) : found->second;
}

double arguments::number(std::string_view key, double otherwise) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return otherwise;
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(found->second, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != found->second.size()) throw std::invalid_argument(std::string(key) + "= needs a number");
  return value;
}

std::size_t arguments::count(std::string_view key, std::size_t otherwise) const {
  const double value = number(key, static_cast<double>(otherwise));
  if (!(value >= 1 && value <= 1e9) || value != std::floor(value))
    throw std::invalid_argument(std::string(key) + "= needs a whole number from 1 to 1e9");
  return static_cast<std::size_t>(value);
}

}  // namespace bench
