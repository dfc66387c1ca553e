// engine-check-config: prints the settings that daemons and proxies have in this environment, under Pyro's names (WIRE §12), and what their
// loops are made of on this machine.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

#include <engine/object/daemon.hpp>

namespace {

std::string backend_of(const engine::settings& settings) {
  try {
    return engine::daemon{{.settings = settings}}.backend();
  } catch (const std::exception& e) {
    return std::string("no daemon can be opened: ") + e.what();
  }
}

std::string variable(const char* name) {
  const char* const said = std::getenv(name);
  return said ? said : "None";
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    std::cout << "Prints what the PYRO_* and ENGINE_* environment variables make of the settings. Takes no arguments.\n";
    return 0;
  }
  try {
    const auto settings = engine::settings::from_environment();
    auto all = settings.as_list();
    all.emplace_back("LOGFILE", variable("PYRO_LOGFILE"));
    all.emplace_back("LOGLEVEL", variable("PYRO_LOGLEVEL"));
    std::ranges::sort(all);
    std::cout << "engine version: " ENGINE_VERSION "\nProtocol version: 48\nBackend: " << backend_of(settings)
              << "\nCurrently active configuration settings:\n";
    for (const auto& [name, said] : all) std::cout << name << " = " << said << '\n';
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
