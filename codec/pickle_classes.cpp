// See pickle_classes.hpp.
#include <codec/pickle_classes.hpp>

#include <algorithm>
#include <array>

#include <codec/pickle.hpp>

namespace engine {

/// Python's own are all called so, and by custom everybody's.
bool is_called_as_exceptions(std::string_view wire_class) {
  constexpr std::array<std::string_view, 7> others{"GeneratorExit", "KeyboardInterrupt", "StopIteration", "StopAsyncIteration",
                                                   "SystemExit", "ExceptionGroup", "BaseExceptionGroup"};
  const std::string_view name = wire_class.substr(wire_class.rfind('.') + 1);
  return name.ends_with("Error") || name.ends_with("Exception") || name.ends_with("Warning") || std::ranges::find(others, name) != others.end();
}

}  // namespace engine

namespace engine::detail::pickle {

namespace {

constexpr known_class classes[] = {
    {class_id::complex, "builtins.complex"},
    {class_id::set, "builtins.set"},
    {class_id::frozenset, "builtins.frozenset"},
    {class_id::bytearray, "builtins.bytearray"},
    {class_id::bytes, "builtins.bytes"},
    {class_id::list, "builtins.list"},
    {class_id::dict, "builtins.dict"},
    {class_id::tuple, "builtins.tuple"},
    {class_id::range, "builtins.range"},
    {class_id::range, "builtins.xrange"},
    {class_id::inert, "builtins.object"},
    {class_id::inert, "builtins.int"},
    {class_id::inert, "builtins.long"},
    {class_id::inert, "builtins.float"},
    {class_id::inert, "builtins.bool"},
    {class_id::inert, "builtins.str"},
    {class_id::inert, "builtins.unicode"},
    {class_id::dill_type, "dill._dill._load_type"},
    {class_id::dill_repr, "dill._dill._eval_repr"},
    {class_id::encode, "_codecs.encode"},
    {class_id::reconstructor, "copyreg._reconstructor"},
    {class_id::newobj, "copyreg.__newobj__"},
    {class_id::ordered_dict, "collections.OrderedDict"},
    {class_id::deque, "collections.deque"},
    {class_id::default_dict, "collections.defaultdict"},
    {class_id::counter, "collections.Counter"},
    {class_id::date, "datetime.date"},
    {class_id::time, "datetime.time"},
    {class_id::datetime, "datetime.datetime"},
    {class_id::timedelta, "datetime.timedelta"},
    {class_id::timezone, "datetime.timezone"},
    {class_id::decimal, "decimal.Decimal"},
    {class_id::uuid, "uuid.UUID"},
    {class_id::fraction, "fractions.Fraction"},
    {class_id::array, "array.array"},
    {class_id::array_reconstructor, "array._array_reconstructor"},
    {class_id::uri, "Pyro4.core.URI"},
    {class_id::proxy, "Pyro4.core.Proxy"},
    {class_id::daemon, "Pyro4.core.Daemon"},
    {class_id::exception_wrapper, "Pyro4.futures._ExceptionWrapper"},
    {class_id::uri, "Pyro5.core.URI"},
    {class_id::proxy, "Pyro5.client.Proxy"},
    {class_id::daemon, "Pyro5.server.Daemon"},
    {class_id::exception_wrapper, "Pyro5.core._ExceptionWrapper"},
    {class_id::serializer, "Pyro4.util.SerpentSerializer"},
    {class_id::serializer, "Pyro4.util.JsonSerializer"},
    {class_id::serializer, "Pyro4.util.MarshalSerializer"},
    {class_id::serializer, "Pyro4.util.MsgpackSerializer"},
    {class_id::serializer, "Pyro4.util.PickleSerializer"},
    {class_id::serializer, "Pyro4.util.DillSerializer"},
    {class_id::serializer, "Pyro4.util.CloudpickleSerializer"},
};

bool is_called(const known_class& c, std::string_view module, std::string_view name) {
  return c.name.size() == module.size() + 1 + name.size() && c.name.starts_with(module) && c.name[module.size()] == '.' && c.name.ends_with(name);
}

}  // namespace

bool is_picklers(std::string_view module) { return module == "dill._dill" || module == "cloudpickle.cloudpickle"; }

std::string_view current_module(std::string_view module) {
  if (module == "__builtin__" || module == "exceptions") return "builtins";
  return module == "copy_reg" ? "copyreg" : module;
}

std::string_view current_exception(std::string_view module, std::string_view name) {
  if (module != "builtins") return name;
  if (name == "StandardError") return "Exception";
  return name == "IOError" || name == "EnvironmentError" || name == "WindowsError" ? "OSError" : name;
}

std::optional<known_class> find_class(std::string_view module, std::string_view name) {
  const auto found = std::ranges::find_if(classes, [&](const known_class& c) { return is_called(c, module, name); });
  if (found != std::end(classes)) return *found;
  if (is_called_as_exceptions(name)) return known_class{class_id::exception, {}};
  return std::nullopt;
}

}  // namespace engine::detail::pickle
