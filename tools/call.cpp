// engine-call: calls any method of any object from the shell, reads and assigns attributes, lists what an object offers. Results
// are printed as JSON, a stream's items one on each line. Arguments are Python literals (1, 2.5, 'text', [1,2], {'a':1}); what is none is taken as text.
#include <algorithm>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>

#include <codec/serializer.hpp>
#include <engine/engine.hpp>

#include "json_text.hpp"

namespace {

using engine::value;

value parse_literal(const std::string& text) {
  const auto in = engine::serpent().make_reader();
  in->start(std::as_bytes(std::span(text)));
  value v;
  if (engine::decode(*in, v) && in->finish()) return v;
  return text;
}

// name=literal, where name is a word.
bool is_keyword(const std::string& text) {
  const auto equals = text.find('=');
  return equals != std::string::npos && equals > 0 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == equals;
}

// CLI11 would take "[1, 2]" for two arguments and -1 for an option: a blank in front hides them, and is taken off again.
std::string hide(std::string word) {
  const bool list = word.starts_with('[') && word.ends_with(']');
  const bool negative = word.size() > 1 && word[0] == '-' && std::string_view(".0123456789").find(word[1]) != std::string_view::npos;
  return list || negative ? " " + word : word;
}
std::string shown(std::string word) { return word.starts_with(' ') && hide(word.substr(1)) == word ? word.substr(1) : word; }

void list_members(const engine::proxy<>& object) {
  const auto offered = engine::members_of(object);
  const auto names = [](const std::vector<std::string>& from) {
    value::list list;
    for (const std::string& name : from) list.push_back(name);
    return list;
  };
  value::dict all;
  all.set("methods", names(offered.methods));
  all.set("oneway", names(offered.oneway));
  all.set("attributes", names(offered.attributes));
  std::cout << engine::tools::to_json(all, 2) << '\n';
}

struct call_arguments {
  value::list positional{};
  value::dict keywords{};
};

call_arguments parse_arguments(const std::vector<std::string>& words, bool all_text) {
  call_arguments made;
  for (const std::string& word : words) {
    if (!all_text && is_keyword(word)) {
      const auto equals = word.find('=');
      made.keywords.set(word.substr(0, equals), parse_literal(word.substr(equals + 1)));
    } else {
      made.positional.push_back(all_text ? value(word) : parse_literal(word));
    }
  }
  return made;
}

/// A stream's items come as they are made, each on a line of its own.
void print(engine::value_or_stream answer) {
  if (const value* const one = std::get_if<value>(&answer)) std::cout << engine::tools::to_json(*one, 2) << '\n';
  else
    for (const value& item : std::get<engine::stream<value>>(answer)) std::cout << engine::tools::to_json(item) << std::endl;
}

/// One call after the other for so long, and how long each took. The first one, which connects, does not count.
void measure(const engine::proxy<>& object, const std::string& method, const call_arguments& with, double seconds) {
  using clock = std::chrono::steady_clock;
  constexpr std::size_t most_remembered = 10'000'000;
  const auto member = object[method];
  member.call(with.positional, with.keywords);
  std::vector<double> took;
  const auto begin = clock::now(), end = begin + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
  auto now = begin;
  while (now < end && took.size() < most_remembered) {
    member.call(with.positional, with.keywords);
    const auto before = std::exchange(now, clock::now());
    took.push_back(std::chrono::duration<double, std::micro>(now - before).count());
  }
  std::ranges::sort(took);
  const auto at = [&](double part) { return took.empty() ? 0.0 : took[static_cast<std::size_t>(part * static_cast<double>(took.size() - 1))]; };
  const double lasted = std::chrono::duration<double>(now - begin).count();
  std::cout << std::fixed << std::setprecision(0) << took.size() << " calls, " << static_cast<double>(took.size()) / lasted << " calls/s, "
            << std::setprecision(1) << "microseconds: half " << at(0.5) << ", 99% " << at(0.99) << ", most " << at(1) << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Call a method of a remote object and print the result as JSON. Without a method: list what the object offers.", "engine-call"};
  std::string uri, method, serializer, key;
  std::vector<std::string> arguments;
  double timeout = 0, bench = 0;
  bool text = false, attribute = false, traceback = false;
  app.add_option("uri", uri, "PYRO:object@host:port")->required();
  app.add_option("method", method, "method to call, or attribute with -a");
  app.add_option("arguments", arguments, "Python literals or plain text; name=literal is a keyword argument");
  app.add_option("-s,--serializer", serializer, "serpent, msgpack, …");
  app.add_option("-t,--timeout", timeout, "seconds to wait at most, 0 = for ever");
  app.add_option("-k,--key", key, "HMAC key (better: the environment variable PYRO_HMAC_KEY)");
  app.add_flag("-x,--text", text, "take every argument as text");
  app.add_flag("-a,--attribute", attribute, "read the attribute, or assign it if a value is given");
  app.add_flag("-T,--traceback", traceback, "print the remote traceback of an exception");
  app.add_option("-b,--bench", bench, "call it again and again for so many seconds and print how fast it was")->check(CLI::Range(0.001, 86400.0));
  app.positionals_at_end(false);
  std::vector<std::string> words;
  for (int i = argc; i-- > 1;) words.push_back(hide(argv[i]));  // parse() wants the last one first
  try {
    app.parse(words);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  std::ranges::transform(arguments, arguments.begin(), shown);
  try {
    if (key.empty())
      if (const char* set = std::getenv("PYRO_HMAC_KEY")) key = set;
    engine::proxy_options options{.serializer = serializer, .hmac_key = key};
    if (timeout > 0) options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(timeout * 1000));
    const engine::proxy<> object{uri, options};
    if (method.empty()) {
      list_members(object);
    } else if (!attribute) {
      const call_arguments with = parse_arguments(arguments, text);
      if (bench > 0) measure(object, method, with, bench);
      else print(object[method].call<engine::value_or_stream>(with.positional, with.keywords));
    } else if (arguments.empty()) {
      print(object[method].get<engine::value_or_stream>());
    } else {
      object[method].set(text ? value(arguments.front()) : parse_literal(arguments.front()));
    }
  } catch (const engine::raised& e) {
    std::cerr << "Error: " << e.type() << " - " << e.what() << '\n';
    if (traceback) std::cerr << engine::get_traceback_text(e);
    return 1;
  } catch (const std::exception& e) {
    std::cerr << "Error: " << e.what() << '\n';
    return 1;
  }
}
