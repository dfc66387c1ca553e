// Serpent's reader against Python: serpent_cases.txt holds what Python makes of some 480 texts, good and bad. Where we differ
// on purpose is listed here by name.
#include <codec/serpent.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <codec/float_text.hpp>

namespace engine {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    char code[8];
    std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    const bool plain = c >= 32 && c < 127 && !(quotes && (c == '\\' || c == '"'));
    out += plain ? std::string(1, c) : code;
  }
  return out;
}

std::string float_text(double value) {
  char text[float_text_size];
  return {text, write_float(value, text)};
}

std::string hex_text(const integer& value) {
  std::string out;
  for (const std::uint32_t digit : value.magnitude()) {
    char text[16];
    std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(digit));
    out.insert(0, text);
  }
  out.erase(0, std::min(out.find_first_not_of('0'), out.size()));
  return (value.negative() ? "-" : "") + (out.empty() ? "0" : out);
}

std::string canonical(reader& in);

std::string canonical_sequence(reader& in, kind k) {
  std::size_t hint = 0;
  std::vector<std::string> elements;
  if (!in.enter_sequence(hint)) return "";
  while (in.more()) elements.push_back(canonical(in));
  if (k == kind::set) {
    std::sort(elements.begin(), elements.end());
    elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
  }
  std::string out;
  for (const std::string& element : elements) out += (out.empty() ? "" : ",") + element;
  return k == kind::list ? "[" + out + "]" : k == kind::tuple ? "(" + out + ")" : "<" + out + ">";
}

std::string canonical_dict(reader& in) {
  std::size_t hint = 0;
  std::vector<std::pair<std::string, std::string>> items;
  if (!in.enter_dict(hint)) return "";
  while (in.more()) {
    const std::string key = canonical(in), value = canonical(in);
    const auto same = std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.first == key; });
    if (same == items.end()) items.emplace_back(key, value);
    else same->second = value;
  }
  std::string out;
  for (const auto& [key, value] : items) out += (out.empty() ? "" : ";") + key + ":" + value;
  return "{" + out + "}";
}

// The next value in the words of make_serpent_cases.py.
std::string canonical(reader& in) {
  bool flag = false;
  std::int64_t number = 0;
  integer big;
  double real = 0;
  std::complex<double> both;
  std::string_view text;
  std::span<const std::byte> data;
  switch (const kind k = in.peek()) {
    case kind::none: return in.read_none() ? "N" : "";
    case kind::boolean: return in.read_boolean(flag) ? flag ? "T" : "F" : "";
    case kind::integer: return in.read_integer(number) ? "i" + hex_text(number) : "";
    case kind::big_integer: return in.read_big_integer(big) ? "i" + hex_text(big) : "";
    case kind::real: return in.read_real(real) ? "f" + float_text(real) : "";
    case kind::complex: return in.read_complex(both) ? "j" + float_text(both.real()) + "," + float_text(both.imag()) : "";
    case kind::string: return in.read_string(text) ? "s\"" + escaped(text, true) + "\"" : "";
    case kind::bytes:
      if (!in.read_bytes(data)) return "";
      return "b\"" + escaped({reinterpret_cast<const char*>(data.data()), data.size()}, true) + "\"";
    case kind::dict: return canonical_dict(in);
    case kind::list: case kind::tuple: case kind::set: return canonical_sequence(in, k);
    default: static_cast<void>(in.skip()); return "";  // makes the error
  }
}

struct outcome {
  std::string what;  // "=" or the class of the error
  std::string text;
};

outcome outcome_of(reader& in) {
  if (in.ok()) return {"=", ""};
  const std::string_view type = in.error().type;
  return {std::string(type.substr(type.rfind('.') + 1)), escaped(in.error().text, false)};
}

outcome read_all(reader& in, std::string_view payload) {
  in.start(bytes_of(payload));
  const std::string value = canonical(in);
  if (in.ok()) static_cast<void>(in.finish());
  outcome result = outcome_of(in);
  if (in.ok()) result.text = value;
  return result;
}

outcome skip_all(reader& in, std::string_view payload) {
  in.start(bytes_of(payload));
  if (in.skip()) static_cast<void>(in.finish());
  return outcome_of(in);
}

// The inverse of what make_serpent_cases.py says of its first field.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (c == 'x') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c == 'f' ? '\f' : c;
    }
  }
  return out;
}

std::string expanded(std::string text) {
  for (std::size_t star = text.find('*'); star != text.npos; star = text.find('*', star + 1)) {
    const std::size_t open = text.rfind('{', star), end = text.find("*}", star + 1);
    if (open == text.npos || end == text.npos || open + 1 == star) continue;
    if (text.find_first_not_of("0123456789", open + 1) != star) continue;
    std::string repeated;
    for (int n = std::stoi(text.substr(open + 1)); n > 0; --n) repeated += text.substr(star + 1, end - star - 1);
    text.replace(open, end + 2 - open, repeated);
    star = open + repeated.size() - 1;
  }
  return unescaped(text);
}

struct test_case { std::string name, payload, what, text; };

std::vector<test_case> python_cases() {
  std::vector<test_case> cases;
  std::ifstream file(SERPENT_CASES);
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
    const std::string name = line.substr(0, first);
    cases.push_back({name, expanded(name), line.substr(first + 1, second - first - 1), line.substr(second + 1)});
  }
  return cases;
}

// Refused as another class than Python's, or refused although Python has a value for it.
const std::map<std::string, std::string> other_class = {
    {"...", "ValueError"},          // no such value here
    {"[...]", "ValueError"},
    {R"(0x{5000*f*})", "SyntaxError"},  // an integer is bounded in every base
};
// Refused as the same class with other words.
const std::set<std::string> other_text = {" ", R"('\\N{DASH}')", R"([1,\\\n)",
    "(x,1$", R"([x,"a\\\n)", R"([-9\n8])"};  // several faults

// literal_eval names the node it stopped at by its Python class and address; only the words before that are compared.
std::string comparable(std::string text) {
  constexpr std::string_view malformed = "malformed node or string";
  return text.starts_with(malformed) ? text.substr(0, malformed.size()) : text;
}

TEST(SerpentCases, agree_with_python) {
  const auto in = make_serpent_reader();
  const auto cases = python_cases();
  ASSERT_GT(cases.size(), 400u);
  for (const test_case& c : cases) {
    SCOPED_TRACE(c.name);
    const outcome got = read_all(*in, c.payload);
    const auto other = other_class.find(c.name);
    EXPECT_EQ(got.what, other == other_class.end() ? c.what : other->second) << got.text;
    const bool words = other == other_class.end() && !other_text.contains(c.name);
    if (words) {
      EXPECT_EQ(comparable(got.text), comparable(c.text));
    }
  }
}

TEST(SerpentCases, skipping_finds_what_reading_finds) {
  const auto in = make_serpent_reader();
  for (const test_case& c : python_cases()) {
    SCOPED_TRACE(c.name);
    const outcome read = read_all(*in, c.payload), skipped = skip_all(*in, c.payload);
    EXPECT_EQ(skipped.what, read.what);
    if (read.what != "=") {
      EXPECT_EQ(skipped.text, read.text);
    }
  }
}

TEST(SerpentCases, an_empty_text_is_a_syntax_error) {
  const auto in = make_serpent_reader();
  const outcome got = read_all(*in, "");
  EXPECT_EQ(got.what, "SyntaxError");
  EXPECT_EQ(got.text, "invalid syntax (<unknown>, line 0)");
}

TEST(SerpentCases, every_truncation_is_read_or_refused_within_the_text) {
  const auto in = make_serpent_reader();
  for (const test_case& c : python_cases()) {
    if (c.payload.size() > 300) continue;
    for (std::size_t size = 0; size < c.payload.size(); ++size) {
      // A buffer of just that size, so that a sanitizer sees any byte read behind it.
      const std::vector<char> cut(c.payload.begin(), c.payload.begin() + static_cast<std::ptrdiff_t>(size));
      const outcome read = read_all(*in, {cut.data(), cut.size()});
      if (read.what != "=") {
        EXPECT_LE(in->error().offset, size) << c.name;
      }
      EXPECT_EQ(skip_all(*in, {cut.data(), cut.size()}).what, read.what) << c.name << " cut at " << size;
    }
  }
}

}  // namespace
}  // namespace engine
