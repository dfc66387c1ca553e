// Has the words of a text counted, by one counter and by all of them: distributed_computing2_client FILE.
#include <algorithm>
#include <fstream>
#include <iostream>

#include "distributed_computing2.hpp"

namespace {

void print_top_five(const word_counts& totals) {
  std::vector<std::pair<std::int64_t, std::string>> sorted;
  for (const auto& [word, times] : totals) sorted.emplace_back(-times, word);
  std::ranges::sort(sorted);
  std::cout << "Top five words:\n";
  for (std::size_t i = 0; i < std::min<std::size_t>(5, sorted.size()); ++i) std::cout << "  " << sorted[i].second << " (" << -sorted[i].first << ")\n";
}

}  // namespace

int main(int argc, char** argv) {
  std::ifstream book(argc > 1 ? argv[1] : "alice.txt");
  text_lines lines;
  for (std::string line; std::getline(book, line);) lines.emplace_back(line);
  std::cout << "(book text consists of " << lines.size() << " lines total)\n";
  engine::proxy<WordCounter> counter{"PYRONAME:example.dc.wordcount.1"};
  std::cout << "\nCounting the words using a single counter...\n";
  print_top_five(counter.count(lines));
  engine::proxy<Dispatcher> dispatcher{"PYRONAME:example.dc.dispatcher"};
  std::cout << "\nCounting words using multiple parallel counters...\n";
  print_top_five(dispatcher.count(lines));
}
