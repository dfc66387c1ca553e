// Looks for stock markets in the name server and shows some of their quotes, ten or as many as the argument says.
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <engine/engine.hpp>
#include <naming/locate.hpp>

class StockMarket {
 public:
  std::string name;
  engine::stream<std::pair<std::string, double>> quotes();
};
ENGINE_EXPOSE(StockMarket, name, quotes)

int main(int argc, char** argv) {
  std::map<std::string, engine::stream<std::pair<std::string, double>>> quote_sources;
  for (const auto& [name, uri] : engine::locate_name_server().list("example.stockmarket.")) {
    std::cout << "found market " << name << '\n';
    engine::proxy<StockMarket> market{uri};
    quote_sources.emplace(market.name(), market.quotes());
  }
  const std::set<std::string> symbols{"IBM", "AAPL", "MSFT"};
  for (int left = argc > 1 ? std::atoi(argv[1]) : 10; left > 0;) {
    for (auto& [market, quotes] : quote_sources) {
      const auto quote = quotes.get();
      if (!quote || !symbols.contains(quote->first)) continue;
      std::cout << market << '.' << quote->first << ": " << quote->second << std::endl;
      --left;
    }
    if (quote_sources.empty()) break;
  }
}
