// A shop whose customers get shopping carts: objects that the shop makes, which stay in the shop and travel as proxies.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <engine/engine.hpp>

class ShoppingCart {
 public:
  explicit ShoppingCart(int number) : number_(number) {}
  void purchase(std::string item);
  void empty();
  std::vector<std::string> getContents();

 private:
  const int number_;
  std::vector<std::string> contents_{};
};
ENGINE_EXPOSE(ShoppingCart, purchase, empty, getContents)

class Shop {
 public:
  std::shared_ptr<ShoppingCart> enter(std::string name);
  std::vector<std::string> customers();
  std::map<std::string, double> goods();
  std::string payByName(std::string name);
  std::string payCart(engine::proxy<ShoppingCart> cart);
  void leave(std::string name);

 private:
  std::shared_ptr<ShoppingCart> cart_of(const std::string& name);
  std::map<std::string, std::shared_ptr<ShoppingCart>> carts_{};
  int carts_taken_ = 0;
};
ENGINE_EXPOSE(Shop, enter, customers, goods, payByName, payCart, leave)
ENGINE_MARK(Shop, payCart, .blocking = true)  // it calls the cart, which is an object like any other to it
