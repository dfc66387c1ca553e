// Yellow pages: objects are registered with tags that say what they are, and found by them. The objects themselves do nothing.
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <engine/engine.hpp>
#include <naming/locate.hpp>

class device {
 public:
  void nothing() {}
};
ENGINE_EXPOSE(device, nothing)

namespace {

using tags = std::vector<std::string>;

struct resource {
  std::string name, type;
  tags about;
};
const std::vector<resource> resources = {{"laserprinter", "LaserPrinter", {"resource:printer", "performance:fast"}},
                                         {"matrixprinter", "MatrixPrinter", {"resource:printer", "performance:slow"}},
                                         {"photoprinter", "PhotoPrinter", {"resource:printer", "performance:slow"}},
                                         {"tapestorage", "TapeStorage", {"resource:storage", "performance:slow"}},
                                         {"diskstorage", "DiskStorage", {"resource:storage", "performance:fast"}},
                                         {"telephone", "Telephone", {"resource:communication"}},
                                         {"faxmachine", "Faxmachine", {"resource:communication"}}};

void print(const char* title, const std::map<std::string, engine::uri>& found) {
  std::cout << '\n' << title << '\n';
  for (const auto& [name, uri] : found) std::cout << "   " << name << " -> " << uri << '\n';
}

}  // namespace

int main() {
  auto names = engine::locate_name_server();
  engine::daemon daemon;
  std::vector<device> devices(resources.size());
  for (std::size_t i = 0; i < resources.size(); ++i) {
    auto [name, type, about] = resources[i];
    about.insert(about.end(), {"class:resources." + type, "class:resources.Resource"});  // as Pyro's type_meta()
    names.enroll("example.resource." + name, daemon.expose(devices[i]), false, about);
  }
  // What the typed proxy does not declare, a dynamic one of the same name server can be asked for.
  const engine::proxy<> anything{engine::uri_of(names)};
  for (const auto& [name, entry] : anything["list"](engine::kw("return_metadata", true)).as<std::map<std::string, std::pair<engine::uri, tags>>>()) {
    std::cout << name << "\n   uri: " << entry.first << "\n   meta: ";
    for (const std::string& tag : entry.second) std::cout << (&tag == &entry.second[0] ? "" : ", ") << tag;
    std::cout << "\n\n";
  }
  const auto with_all = [&](tags wanted) { return names.list(std::nullopt, std::nullopt, std::move(wanted)); };
  print("all storage:", with_all({"resource:storage"}));
  print("all FAST printers:", with_all({"resource:printer", "performance:fast"}));
  print("all storage OR communication devices :",
        names.list(std::nullopt, std::nullopt, std::nullopt, tags{"resource:storage", "resource:communication"}));

  names.set_metadata("example.resource.photoprinter",
                     tags{"resource:printer", "performance:fast", "class:resources.PhotoPrinter", "class:resources.Resource"});
  print("all FAST printers (after photoprinter upgrade):", with_all({"resource:printer", "performance:fast"}));
  print("all resource types:", with_all({"class:resources.Resource"}));

  std::cout << "\n\nPYROMETA protocol for easy yellow-pages lookup:\n\n"
            << "'any nameserver' via its class metadata:\n     " << engine::resolve("PYROMETA:class:Pyro4.naming.NameServer") << '\n'
            << "'any slow printer':\n     " << engine::resolve("PYROMETA:resource:printer,performance:slow") << '\n';
}
