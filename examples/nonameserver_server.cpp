// Two objects and no name server: one under an id the daemon makes, one under a name of our own.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

class QuoteGen {
 public:
  std::string quote() { return "It is not the fall that kills you; it is the sudden stop.\n"; }
};
ENGINE_EXPOSE(QuoteGen, quote)

int main() {
  engine::daemon daemon;
  QuoteGen quote1, quote2;
  const engine::uri uri1 = daemon.expose(quote1);
  const engine::uri uri2 = daemon.expose(quote2, "example.quotegen");
  std::cout << "QuoteGen is ready, not using the Name Server.\n"
            << "You can use the following two URIs to connect to me:\n"
            << uri1 << '\n'
            << uri2 << std::endl;
  daemon.run();
}
