// Calls an object by its URI alone.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

class QuoteGen {
 public:
  std::string quote();  // declared here, defined wherever the object lives
};
ENGINE_EXPOSE(QuoteGen, quote)

int main(int argc, char** argv) {
  std::string uri = argc > 1 ? argv[1] : "";
  if (uri.empty()) {
    std::cout << "Enter the URI of the quote object: " << std::flush;
    std::cin >> uri;
  }
  engine::proxy<QuoteGen> quotegen{uri};
  std::cout << "Getting some quotes...\n" << quotegen.quote() << '\n' << quotegen.quote() << '\n';
}
