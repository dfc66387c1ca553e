// engine-nsc: asks and changes a name server from the shell. Commands, texts and exit codes are those of pyro4-nsc (WIRE §12); it talks to
// either program's name server.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <naming/locate.hpp>

namespace {

using words = std::vector<std::string>;

/// What is wrong with the command itself: printed, exit code 1.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void expect(const words& arguments, std::size_t least, std::size_t most, const char* complaint) {
  if (arguments.size() < least || arguments.size() > most) throw usage_error(complaint);
}
constexpr std::size_t any_number = ~std::size_t{0};

/// As Python's input() has it.
engine::raised end_of_input() { return {"EOFError", {"EOF when reading a line"}}; }

std::string stripped(const std::string& text) {
  constexpr const char* blanks = " \t\r\n\v\f";
  const auto begin = text.find_first_not_of(blanks);
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// As Python prints a list of str.
std::string printed(const engine::value& tags) {
  engine::value::list sorted;
  auto all = tags.as<words>();
  std::ranges::sort(all);
  for (std::string& tag : all) sorted.push_back(std::move(tag));
  return to_repr(engine::value(std::move(sorted)));
}

class control {
 public:
  explicit control(const engine::proxy<>& names) : names_(names) {}

  void run(const std::string& command, const words& arguments) {
    static const std::map<std::string, void (control::*)(const words&)> commands = {
        {"ping", &control::ping},           {"list", &control::list},
        {"lookup", &control::lookup},       {"listmatching", &control::list_matching},
        {"register", &control::enroll},     {"listmeta_all", &control::list_with_all},
        {"remove", &control::remove},       {"listmeta_any", &control::list_with_any},
        {"setmeta", &control::set_metadata}, {"removematching", &control::remove_matching}};
    (this->*commands.at(command))(arguments);
  }

 private:
  static void print_list(const engine::value& found, const std::string& title = "") {
    std::map<std::string, engine::value> sorted;
    for (const auto& [name, at] : found.entries()) sorted.emplace(name.as<std::string>(), at);
    std::cout << "--------START LIST " << title << '\n';
    for (const auto& [name, at] : sorted) {
      std::cout << name << " --> " << at[0].as<std::string>() << '\n';
      if (at[1].size() > 0) std::cout << "    metadata: " << printed(at[1]) << '\n';
    }
    std::cout << "--------END LIST " << title << '\n';
  }
  void ping(const words&) {
    names_["ping"]();
    std::cout << "Name server ping ok.\n";
  }
  void list(const words& a) {
    if (a.empty()) return print_list(names_["list"](engine::kw("return_metadata", true)));
    print_list(names_["list"](engine::kw("prefix", a[0]), engine::kw("return_metadata", true)), "- prefix '" + a[0] + "'");
  }
  void list_matching(const words& a) {
    expect(a, 1, 1, "requires one argument: pattern");
    print_list(names_["list"](engine::kw("regex", a[0]), engine::kw("return_metadata", true)), "- regex '" + a[0] + "'");
  }
  void list_with(const char* filter, const words& tags) {
    expect(tags, 1, any_number, "requires at least one metadata tag argument");
    print_list(names_["list"](engine::kw(filter, tags), engine::kw("return_metadata", true)), " - searched by metadata");
  }
  void list_with_all(const words& tags) { list_with("metadata_all", tags); }
  void list_with_any(const words& tags) { list_with("metadata_any", tags); }
  void lookup(const words& a) {
    expect(a, 1, 1, "requires one argument: name");
    const engine::value found = names_["lookup"](a[0], engine::kw("return_metadata", true));
    std::cout << found[0].as<engine::uri>() << '\n';
    if (found[1].size() > 0) std::cout << "metadata: " << printed(found[1]) << '\n';
  }
  void enroll(const words& a) {
    expect(a, 2, 2, "requires two arguments: name uri");
    names_["register"](a[0], a[1], engine::kw("safe", true));
    std::cout << "Registered " << a[0] << '\n';
  }
  void remove(const words& a) {
    expect(a, 1, 1, "requires one argument: name");
    if (names_["remove"](a[0]).as<int>() > 0) std::cout << "Removed " << a[0] << '\n';
    else std::cout << "Nothing removed\n";
  }
  void remove_matching(const words& a) {
    expect(a, 1, 1, "requires one argument: pattern");
    std::cout << "Potentially removing lots of items from the Name server. Are you sure (y/n)?" << std::flush;
    std::string sure;
    if (!std::getline(std::cin, sure)) throw end_of_input();
    sure = stripped(sure);
    if (sure == "y" || sure == "Y") std::cout << names_["remove"](engine::kw("regex", a[0])).as<int>() << " items removed.\n";
  }
  void set_metadata(const words& a) {
    expect(a, 1, any_number, "requires at least 2 arguments: uri and zero or more meta tags");
    const words tags(a.begin() + 1, a.end());
    names_["set_metadata"](a[0], tags);
    std::cout << (tags.empty() ? "Metadata cleared\n" : "Metadata updated\n");
  }

  const engine::proxy<>& names_;
};

/// "NamingError" of "Pyro4.errors.NamingError".
std::string bare(const std::string& type) { return type.substr(type.rfind('.') + 1); }

int run(const engine::locate_options& where, bool verbose, const std::string& command, const words& arguments) {
  if (verbose) std::cout << "Locating name server...\n";
  engine::proxy<> names;
  try {
    names = engine::detail::proxy_access::around<engine::proxy<>>(engine::detail::locate(where));
  } catch (const engine::error& e) {
    std::cout << "Error: " << e.what() << std::endl;
    return 0;  // as pyro4-nsc
  }
  if (verbose) std::cout << "Name server found: " << engine::uri_of(names) << '\n';
  try {
    control(names).run(command, arguments);
  } catch (const engine::error& e) {
    std::cout << "Error: " << bare(e.type()) << " - " << e.what() << '\n';
  }
  if (verbose) std::cout << "Done.\n";
  return 0;
}

constexpr const char* commands = R"(
Commands:
  list [PREFIX]             all names, or those that begin so
  listmatching REGEX        names that match from their beginning on
  listmeta_all TAG...       names that have all of the tags
  listmeta_any TAG...       names that have at least one of them
  lookup NAME               its URI and its tags
  register NAME URI         registers a name that is not taken
  remove NAME               removes a name
  removematching REGEX      asks whether you are sure, then removes all that match
  setmeta NAME [TAG...]     replaces the tags of a name; none clears them
  ping                      whether the name server answers

Examples:
  engine-nsc list
  engine-nsc -n 192.168.1.10 lookup example.greeting
  engine-nsc setmeta example.greeting class:Greeting
)";

}  // namespace

int main(int argc, char** argv) {
  engine::locate_options where;
  std::string socket;
  words said;
  bool verbose = false;
  CLI::App app{"Asks a Pyro name server, which is looked for on this machine and then by broadcast unless --host says where it is."};
  app.footer(commands);
  app.add_option("-n,--host", where.host, "hostname of the NS");
  app.add_option("-p,--port", where.port, "port of the NS (or bc-port if host isn't specified)");
  app.add_option("-u,--unixsocket", socket, "Unix domain socket name of the NS");
  app.add_option("-k,--key", where.hmac_key, "the HMAC key to use (deprecated: anybody can see it; set PYRO_HMAC_KEY)");
  app.add_flag("-v,--verbose", verbose, "verbose output");
  app.add_option("command", said, "command and its arguments");
  try {
    app.parse(argc, argv);
    static const words known = {"register", "remove", "removematching", "list", "listmatching", "lookup", "listmeta_all", "listmeta_any", "setmeta", "ping"};
    if (said.empty() || std::ranges::find(known, said[0]) == known.end()) throw CLI::ValidationError("invalid or missing command");
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0) std::cerr << "Usage: engine-nsc [options] command [arguments]\n\n";
    return app.exit(e) == 0 ? 0 : 2;
  }
  try {
    if (const char* key = std::getenv("PYRO_HMAC_KEY")) {
      if (!where.hmac_key.empty()) throw usage_error("error: don't use -k and PYRO_HMAC_KEY at the same time");
      where.hmac_key = key;
    }
    if (!socket.empty()) where.host = "./u:" + socket;
    return run(where, verbose, said[0], words(said.begin() + 1, said.end()));
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
