// See error.hpp.
#include <engine/object/error.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <new>
#include <system_error>
#include <utility>

#include <codec/convert.hpp>
#include <codec/pickle.hpp>
#include <engine/object/error_classes.hpp>

namespace engine {

namespace {

constexpr std::string_view builtins = "builtins.", pyro4_errors = "Pyro4.errors.", pyro5_errors = "Pyro5.errors.";

struct pyro_class {
  std::string_view type, base;
  std::exception_ptr (*make)(wire_exception&&);
};

template <class Error> std::exception_ptr make(wire_exception&& e) { return std::make_exception_ptr(Error(std::move(e))); }

// Pyro's hierarchy: SerializeError is a ProtocolError there, and a CommunicationError by that.
constexpr std::array<pyro_class, 10> pyro_classes = {{
    {wire_class::pyro_error, "", &make<error>},
    {wire_class::communication_error, wire_class::pyro_error, &make<communication_error>},
    {wire_class::connection_closed, wire_class::communication_error, &make<connection_closed>},
    {wire_class::timeout_error, wire_class::communication_error, &make<timed_out>},
    {wire_class::protocol_error, wire_class::communication_error, &make<protocol_error>},
    {wire_class::message_too_large, wire_class::protocol_error, &make<message_too_large>},
    {wire_class::serialize_error, wire_class::protocol_error, &make<serialize_error>},
    {wire_class::naming_error, wire_class::pyro_error, &make<naming_error>},
    {wire_class::daemon_error, wire_class::pyro_error, &make<daemon_error>},
    {wire_class::security_error, wire_class::pyro_error, &make<security_error>},
}};

const pyro_class* find_pyro_class(std::string_view type) {
  const auto at = std::ranges::find(pyro_classes, type, &pyro_class::type);
  return at == pyro_classes.end() ? nullptr : at;
}

// One name per class: Pyrolite sends Pyro's own bare, Python 2 says `exceptions`, Pyro5 has a module of its own (WIRE §5.2, §17).
std::string full_name(std::string_view type) {
  if (type.starts_with(pyro5_errors)) return std::string(pyro4_errors).append(type.substr(pyro5_errors.size()));
  if (type.starts_with("exceptions.")) return std::string(builtins).append(type.substr(type.find('.') + 1));
  if (type.find('.') != std::string_view::npos) return std::string(type);
  std::string pyro = std::string(pyro4_errors).append(type);
  return find_pyro_class(pyro) ? pyro : std::string(builtins).append(type);
}

std::string_view bare_name(std::string_view type) { return type.substr(type.rfind('.') + 1); }

// As a Python traceback ends: builtins without their module.
std::string headline(const wire_exception& e) {
  const std::string name(e.type.starts_with(builtins) ? bare_name(e.type) : std::string_view(e.type));
  const std::string text = e.text();
  return text.empty() ? name : name + ": " + text;
}

wire_exception named(std::string_view type, std::string text) { return {.type = std::string(type), .args = {value(std::move(text))}}; }

wire_exception describe_system_error(const std::system_error& e) {
  return {.type = "builtins.OSError", .args = {value(e.code().value()), value(e.what())}};
}

}  // namespace

// ---- as it travels

std::string wire_exception::text() const {
  if (args.empty()) return {};
  if (args.size() > 1) return to_repr(value::tuple(args.items()));
  // A KeyError shows its key, not its text.
  const auto* only = args[0].get_if<std::string>();
  return only && type != "builtins.KeyError" ? *only : to_repr(args[0]);
}

bool wire_exception::is_a(std::string_view wire_class) const {
  for (const pyro_class* c = find_pyro_class(type); c; c = find_pyro_class(c->base))
    if (c->type == wire_class) return true;
  return type == wire_class;
}

void wire_exception::thrown_in(std::string_view method) {
  constexpr std::string_view heading = "Traceback (most recent call last):\n";
  // An exception that came from a third program brings a whole traceback: its frames follow ours.
  const bool whole = !traceback.empty() && traceback.front() == heading;
  if (whole) traceback.erase(traceback.begin());
  traceback.insert(traceback.begin(), {std::string(heading), "  File \"<C++>\", in " + std::string(method) + "\n"});
  if (!whole) traceback.push_back(headline(*this) + "\n");
}

// Python's two constructors want the text itself and more; their base takes what we have, and is all that can be raised again there.
wire_exception wire_exception::from(const decode_error& e) {
  const bool unicode = e.type == wire_class::unicode_decode_error || e.type == wire_class::unicode_encode_error;
  return named(unicode ? "builtins.UnicodeError" : e.type, e.text);
}

wire_exception wire_exception::describe(std::exception_ptr thrown) {
  if (auto known = detail::describe_known(thrown)) return *std::move(known);
  try {
    std::rethrow_exception(thrown);
  } catch (const error& e) {
    return e.described();
  } catch (const bad_value& e) {
    return named(e.type(), e.what());
  } catch (const std::system_error& e) {
    return describe_system_error(e);
  } catch (const std::out_of_range& e) {
    return named(wire_class::index_error, e.what());
  } catch (const std::invalid_argument& e) {
    return named("builtins.ValueError", e.what());
  } catch (const std::domain_error& e) {
    return named("builtins.ValueError", e.what());
  } catch (const std::overflow_error& e) {
    return named("builtins.OverflowError", e.what());
  } catch (const std::bad_alloc&) {
    return named("builtins.MemoryError", "out of memory");
  } catch (const std::exception& e) {
    return named("builtins.RuntimeError", e.what());
  } catch (...) {
    return named("builtins.RuntimeError", "an exception that is no std::exception");
  }
}

wire_exception wire_exception::unserializable(const wire_exception& original, std::string_view why) {
  wire_exception e = named(wire_class::pyro_error, "Error serializing exception: " + std::string(why) + ". Original exception: <class '" +
                                                       std::string(bare_name(original.type)) + "'>: " + original.text());
  e.traceback = original.traceback;
  return e;
}

namespace {

wire_exception without_its_class(const wire_exception& e) {
  wire_exception general = named(wire_class::pyro_error, e.type + ": " + e.text());
  general.traceback = e.traceback;
  return general;
}

}  // namespace

bool codec_of<wire_exception>::decode(reader& in, wire_exception& out) {
  const auto name = in.class_name();
  if (!name) return in.fail(wire_class::type_error, "exceptions must derive from BaseException");
  out = {.type = full_name(*name), .received = true};
  std::size_t hint = 0;
  if (!in.enter_dict(hint)) return false;
  while (in.more()) {
    value key;
    if (!engine::decode(in, key)) return false;
    const auto* word = key.get_if<std::string>();
    if (word && *word == "args") {
      value args;
      if (!engine::decode(in, args)) return false;
      if (args.kind() == kind::list || args.kind() == kind::tuple) {
        for (const value& a : args) out.args.push_back(a);
      } else if (!args.is_none()) {
        out.args.push_back(std::move(args));
      }
    } else if (word && *word == "attributes" && in.peek() == kind::dict) {
      value attributes;
      if (!engine::decode(in, attributes)) return false;
      out.attributes = std::move(attributes.get<value::dict>());
    } else if (!in.skip()) {
      return false;
    }
  }
  if (!in.ok()) return false;
  if (const value* lines = out.attributes.find("_pyroTraceback")) {
    if (lines->kind() == kind::list || lines->kind() == kind::tuple) {
      for (const value& line : *lines)
        if (const auto* text = line.get_if<std::string>()) out.traceback.push_back(*text);
    }
    out.attributes.erase("_pyroTraceback");
  }
  return true;
}

void codec_of<wire_exception>::encode(writer& out, const wire_exception& e) {
  // Who reads a pickle calls what it names, and this name comes from elsewhere.
  if (e.received && out.format() == "pickle" && !is_called_as_exceptions(e.type)) return encode(out, without_its_class(e));
  if (!e.received) out.own_exception();
  out.begin(kind::dict, 4);
  out.string("__class__");
  out.string(e.type);
  out.string("__exception__");
  out.boolean(true);
  out.string("args");
  out.begin(kind::tuple, e.args.size());
  for (const value& a : e.args) engine::encode(out, a);
  out.end();
  out.string("attributes");
  out.begin(kind::dict, e.attributes.size() + 1);
  for (const auto& [key, item] : e.attributes) {
    engine::encode(out, key);
    engine::encode(out, item);
  }
  out.string("_pyroTraceback");
  engine::encode(out, e.traceback);
  out.end();
  out.end();
}

// ---- as it is thrown

error::error(wire_exception described)
    : std::runtime_error(described.text()), described_(std::make_shared<const wire_exception>(std::move(described))) {}

bool error::is(std::string_view name) const { return type() == name || bare_name(type()) == name; }

std::string error::traceback() const {
  std::string text;
  for (const std::string& line : described_->traceback) text += line;
  return text;
}

raised::raised(std::string_view type, value::list args, std::source_location where)
    : error([&] {
        wire_exception e{.type = full_name(type), .args = std::move(args)};
        e.traceback.push_back("  File \"" + std::string(where.file_name()) + "\", line " + std::to_string(where.line()) + ", in " +
                              where.function_name() + "\n");
        return e;
      }()) {}

std::string failure::type() const { return wire_exception::describe(cause_).type; }
std::string failure::text() const { return wire_exception::describe(cause_).text(); }

std::exception_ptr exception_of(wire_exception described) {
  if (const pyro_class* known = find_pyro_class(described.type)) return known->make(std::move(described));
  if (auto known = detail::make_known(described)) return known;
  return make<raised>(std::move(described));
}

void rethrow(wire_exception described) { std::rethrow_exception(exception_of(std::move(described))); }

std::string get_traceback_text(const error& e) {
  std::string text = headline(e.described()) + "\n";
  if (e.described().traceback.empty()) return text;
  text += " +--- This exception occured remotely (Pyro) - Remote traceback:";
  for (std::string_view line : e.described().traceback) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    for (std::size_t start = 0; start <= line.size();) {
      const auto end = std::min(line.find('\n', start), line.size());
      text.append("\n | ").append(line.substr(start, end - start));
      start = end + 1;
    }
  }
  return text + "\n +--- End of remote traceback\n";
}

std::string get_traceback_text(const std::exception_ptr& e) {
  try {
    std::rethrow_exception(e);
  } catch (const error& known) {
    return get_traceback_text(known);
  } catch (...) {
    return headline(wire_exception::describe(e)) + "\n";
  }
}

void print_uncaught_exceptions() {
  static const std::terminate_handler before = std::get_terminate();
  std::set_terminate([] {
    if (const auto thrown = std::current_exception()) std::fputs(get_traceback_text(thrown).c_str(), stderr);
    before();
  });
}

}  // namespace engine
