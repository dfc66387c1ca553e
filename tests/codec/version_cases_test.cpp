// What other versions of Python write, 2.7 and 3.6 to 3.13, and what a machine with the other byte order writes of arrays, is read as
// by the Python that the interop tests talk to. version_cases.txt was recorded from all of them.
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tests/codec/escaped.hpp>
#include <tests/support/encoded.hpp>

namespace engine {
namespace {

struct test_case { std::string versions, format, hex, text; };

std::vector<test_case> recorded_cases() {
  std::vector<test_case> cases;
  std::ifstream file(VERSION_CASES);
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> fields;
    for (std::size_t from = 0, tab = 0; fields.size() < 3; from = tab + 1) fields.push_back(line.substr(from, (tab = line.find('\t', from)) - from));
    cases.push_back({fields[0], fields[1], fields[2], line.substr(fields[0].size() + fields[1].size() + fields[2].size() + 3)});
  }
  return cases;
}

std::string seen(const test_case& c) {
  const bytes payload = test::from_hex(c.hex);
  const auto v = test::decoded<value>(*find_serializer(c.format), payload);
  if (v) return test::escaped(to_repr(*v), false);
  const std::string_view type = v.error().type;
  return "! " + std::string(type.substr(type.rfind('.') + 1)) + ": " + v.error().text;
}

TEST(VersionCases, are_read_as_this_python_reads_them) {
  for (const test_case& c : recorded_cases()) EXPECT_EQ(seen(c), c.text) << c.format << " of " << c.versions << ": " << c.hex;
}

TEST(VersionCases, are_of_every_version_in_every_format_it_has) {
  std::set<std::string> found;
  for (const test_case& c : recorded_cases())
    for (std::size_t from = 0, comma = 0; comma != std::string::npos; from = comma + 1)
      found.insert(c.versions.substr(from, (comma = c.versions.find(',', from)) - from) + " " + c.format);
  EXPECT_TRUE(found.contains("big-endian pickle"));
  for (const char* format : {"pickle", "marshal", "json"}) EXPECT_TRUE(found.contains(std::string("2.7 ") + format)) << format;
  for (const char* version : {"3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"})
    for (const char* format : {"pickle", "marshal", "json", "serpent", "msgpack"})
      EXPECT_TRUE(found.contains(version + std::string(" ") + format)) << version << ' ' << format;
}

}  // namespace
}  // namespace engine
