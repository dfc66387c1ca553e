// What both sides of the resource tracking example know.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <engine/engine.hpp>

class Resource;

class Service {
 public:
  void allocate(std::string name);
  void free(std::string name);
  std::vector<std::string> list();

 private:
  std::set<std::shared_ptr<Resource>> resources_;
  friend class Resource;
};
ENGINE_EXPOSE(Service, allocate, free, list)
