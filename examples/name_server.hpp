// Registering in a name server and asking it, with nothing but calls: to a dynamic proxy it is an object like any other.
#pragma once

#include <string>

#include <engine/engine.hpp>

/// The name server at PYRO_NS_HOST and PYRO_NS_PORT (localhost:9090 where they are not set).
inline engine::proxy<> name_server() {
  const auto settings = engine::settings::from_environment();
  return engine::proxy<>{"PYRO:Pyro.NameServer@" + settings.ns_host + ":" + std::to_string(settings.ns_port)};
}

/// Other programs find `where` as PYRONAME:name from now on. An older registration of the name is replaced.
inline void register_in_name_server(const std::string& name, const engine::uri& where) { name_server()["register"](name, where.to_string()); }

/// Where the object of that name is. Throws engine::raised: NamingError "unknown name: …".
inline engine::uri look_up(const std::string& name) { return name_server()["lookup"](name).as<engine::uri>(); }
