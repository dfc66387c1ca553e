// Asks a library for a book, the book for a page and its author, and the author for a name: four calls that each need the object which another
// one returns, all sent before any is answered. With a Python server the same lines wait for each answer first, and print the same.
#include <iostream>

#include "asking.hpp"
#include "pipelining.hpp"

int main(int argc, char** argv) {
  const engine::proxy<Library> library{argument_or_ask(argc, argv, "enter the library's uri: ")};
  {
    auto book = engine::async(library).find("Moby-Dick");
    auto page = engine::pipelined(book).page(17, "!");
    auto author = engine::pipelined(engine::pipelined(book).author()).name();
    std::cout << page.get() << '\n' << "by " << author.get() << '\n';
    std::cout << book.get().page(18, "?") << '\n';  // the book itself is there as well
  }
  auto missing = engine::async(library).find("Moby-Duck");
  auto nobody = engine::pipelined(engine::pipelined(missing).author()).name();
  try {
    nobody.get();
  } catch (const engine::raised& e) {
    std::cout << "no author: " << e.type() << ' ' << e.what() << '\n';
  }
}
