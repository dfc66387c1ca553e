// An awesome library, whose author allows no change of its source: it knows nothing of remote objects.
#pragma once

#include <iostream>
#include <string>

struct WeirdReturnType {
  std::string value;
};

class AwesomeClass {
 public:
  std::string method(const std::string& arg) {
    std::cout << "Awesome object is called with: " << arg << std::endl;
    return "awesome";
  }
  std::string private_() {
    std::cout << "This should be a private method..." << std::endl;
    return "boo";
  }
  WeirdReturnType weird() {
    std::cout << "Weird!" << std::endl;
    return {"awesome"};
  }
};
