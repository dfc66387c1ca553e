// What the example clients want to know at start: taken from the command line, else asked for as Pyro's examples do.
#pragma once

#include <iostream>
#include <string>
#include <string_view>

/// A line of standard input without the blanks around it; empty at its end.
inline std::string ask(std::string_view question) {
  std::cout << question << std::flush;
  std::string line;
  std::getline(std::cin, line);
  const auto first = line.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
}

/// The first argument of the program, else what is typed.
inline std::string argument_or_ask(int argc, char** argv, std::string_view question) { return argc > 1 ? argv[1] : ask(question); }
