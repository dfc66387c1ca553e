// Catches what remote methods throw, by family and by name, with the traceback of the other side.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

struct TestClass {
  double div(double arg1, double arg2);
  void error();
  void othererr();
  void complexerror();
};
ENGINE_EXPOSE(TestClass, div, error, othererr, complexerror)

int main(int argc, char** argv) {
  std::string uri = argc > 1 ? argv[1] : "";
  if (uri.empty()) {
    std::cout << "uri of the exceptions object: " << std::flush;
    std::cin >> uri;
  }
  engine::proxy<TestClass> test{uri};
  std::cout << test.div(2.0, 9.0) << '\n';
  try {
    std::cout << test.div(2, 0) << '\n';
  } catch (const engine::raised& e) {
    std::cout << "DIVIDE BY ZERO: " << e.what() << '\n';
  }
  const auto attempted = [&](auto call) {
    try {
      call();
    } catch (const engine::raised& e) {
      std::cout << e.type() << ": " << e.what() << '\n';
    }
  };
  attempted([&] { test.error(); });
  attempted([&] { test.othererr(); });
  std::cout << "\n*** invoking server method that crashes, catching traceback ***\n";
  try {
    test.complexerror();
  } catch (const engine::raised& e) {
    std::cout << "CAUGHT ERROR  >>> " << e.what() << "\nPrinting Pyro traceback >>>>>>\n"
              << engine::get_traceback_text(e) << "<<<<<<< end of Pyro traceback\n";
  }
}
