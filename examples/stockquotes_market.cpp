// Two stock markets, whose quotes come as a stream without end; what is asked of a market only once are attributes.
#include <chrono>
#include <cmath>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <engine/engine.hpp>

class StockMarket {
 public:
  StockMarket(std::string marketname, std::vector<std::string> with) : name(std::move(marketname)), symbols(std::move(with)) {}

  engine::stream<std::pair<std::string, double>> quotes() {
    std::mt19937 random{std::random_device{}()};
    for (;;) {
      const std::string& symbol = symbols[random() % symbols.size()];
      const std::pair quote{symbol, std::round(std::uniform_real_distribution(5.0, 150.0)(random) * 100) / 100};
      co_yield quote;
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 500));
    }
  }
  const std::string name;
  const std::vector<std::string> symbols;
};
ENGINE_EXPOSE(StockMarket, quotes, name, symbols)
ENGINE_MARK(StockMarket, quotes, .blocking = true)  // it sleeps between quotes

int main() {
  StockMarket nasdaq{"NASDAQ", {"AAPL", "CSCO", "MSFT", "GOOG"}};
  StockMarket newyork{"NYSE", {"IBM", "HPQ", "BP"}};
  engine::daemon daemon;
  daemon.expose(nasdaq, engine::enrolled_as{"example.stockmarket.nasdaq"});
  daemon.expose(newyork, engine::enrolled_as{"example.stockmarket.newyork"});
  std::cout << "Stockmarkets available." << std::endl;
  daemon.run();
}
