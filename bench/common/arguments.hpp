// The command line that all benchmark programs share: one workload name and key=value settings, in any order. One form
// for every competitor is what lets scripts/bench drive them all alike (docs/benchmarks.md lists the keys).
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace bench {

class arguments {
 public:
  arguments(int argc, char** argv);

  const std::string& workload() const { return workload_; }  ///< empty when none was given
  std::string text(std::string_view key, std::string_view otherwise) const;
  /// Throws std::invalid_argument when the value is not a number.
  double number(std::string_view key, double otherwise) const;
  /// Throws std::invalid_argument when the value is not a whole number of at least one.
  std::size_t count(std::string_view key, std::size_t otherwise) const;
  bool flag(std::string_view key) const { return text(key, "0") == "1"; }

 private:
  std::string workload_{};
  std::map<std::string, std::string, std::less<>> values_{};
};

}  // namespace bench
