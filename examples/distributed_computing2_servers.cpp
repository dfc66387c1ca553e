// Five word counters and the dispatcher. Which counters there are the dispatcher asks the name server at every call.
#include <algorithm>
#include <array>
#include <cctype>
#include <iostream>
#include <ranges>
#include <set>
#include <string_view>

#include <naming/locate.hpp>

#include "distributed_computing2.hpp"

namespace {

const std::set<std::string_view> dull = {
    "a",  "an",  "at",  "the", "i",    "he",   "she",  "s",   "but",  "was", "has",  "had", "have", "and",  "are",  "as",   "be",   "by",
    "for", "if", "in",  "is",  "it",   "of",   "or",   "that", "to",  "with", "his", "all", "any",  "this", "not",  "from", "on",   "me",
    "him", "her", "their", "so", "you", "there", "now", "then", "no", "yes", "one",  "were", "they", "them", "which", "what", "when", "who",
    "how", "where", "some", "my", "into", "up", "out", "we", "us", "t", "do"};

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)); }
bool parts_words(char c) { return std::isspace(static_cast<unsigned char>(c)) || std::ispunct(static_cast<unsigned char>(c)); }

void count_words(const std::string& line, word_counts& counts) {
  for (auto at = line.begin(); at != line.end();) {
    const auto begin = std::find_if_not(at, line.end(), parts_words);
    at = std::find_if(begin, line.end(), parts_words);
    std::string word(begin, at);
    if (word.empty() || !std::ranges::all_of(word, is_letter)) continue;
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!dull.contains(word)) ++counts[word];
  }
}

}  // namespace

word_counts WordCounter::count(const text_lines& lines) {
  word_counts counts;
  for (const auto& line : lines)
    if (line) count_words(*line, counts);
  return counts;
}

word_counts Dispatcher::count(const text_lines& lines) {
  std::vector<engine::proxy<WordCounter>> counters;
  for (const auto& [name, uri] : engine::locate_name_server().list("example.dc.wordcount.")) counters.emplace_back(uri);
  if (counters.empty()) throw engine::naming_error("there are no word counters");
  constexpr std::size_t piece = 100;
  std::vector<engine::future<word_counts>> on_their_way;
  for (std::size_t begin = 0; begin < lines.size(); begin += piece) {
    const text_lines some(lines.begin() + static_cast<std::ptrdiff_t>(begin), lines.begin() + static_cast<std::ptrdiff_t>(std::min(begin + piece, lines.size())));
    on_their_way.push_back(engine::async(counters[on_their_way.size() % counters.size()]).count(some));
  }
  std::cout << "Collecting " << on_their_way.size() << " results..." << std::endl;
  word_counts totals;
  for (auto& counted : on_their_way)
    for (const auto& [word, times] : counted.get()) totals[word] += times;
  return totals;
}

int main() {
  std::array<WordCounter, 5> counters;
  Dispatcher dispatcher;
  engine::daemon daemon;
  auto names = engine::locate_name_server();
  for (std::size_t i = 0; i < counters.size(); ++i) names.enroll("example.dc.wordcount." + std::to_string(i + 1), daemon.expose(counters[i]));
  names.enroll("example.dc.dispatcher", daemon.expose(dispatcher));
  std::cout << "The counters and their dispatcher are registered." << std::endl;
  daemon.run();
}
