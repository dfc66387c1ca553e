// The shop and its carts. A cart that its customer hands over is a proxy here too; one that is known by its customer's name is called directly.
#include <ctime>
#include <iostream>

#include <naming/locate.hpp>

#include "shoppingcart.hpp"

namespace {

const std::map<std::string, double> inventory = {{"paper", 1.25}, {"bread", 1.50}, {"meat", 5.99}, {"milk", 0.80},
                                                 {"fruit", 2.65}, {"chocolate", 3.99}, {"pasta", 0.50}, {"sauce", 1.20},
                                                 {"vegetables", 1.40}, {"cookies", 1.99}, {"pizza", 3.60}, {"shampoo", 2.22},
                                                 {"whiskey", 24.99}};

std::string receipt_for(const std::vector<std::string>& items) {
  const std::time_t now = std::time(nullptr);
  std::string receipt = std::string("Receipt Date: ") + std::ctime(&now);
  double total = 0;
  const auto line = [&](const std::string& what, double price) {
    char text[64];
    std::snprintf(text, sizeof text, "%13s  %.2f", what.c_str(), price);
    receipt += text;
  };
  for (const std::string& item : items) {
    line(item, inventory.at(item));
    receipt += '\n';
    total += inventory.at(item);
  }
  receipt += '\n';
  line("total:", total);
  return receipt;
}

}  // namespace

void ShoppingCart::purchase(std::string item) {
  std::cout << "(" << item << " put into shoppingcart " << number_ << ")" << std::endl;
  contents_.push_back(std::move(item));
}
void ShoppingCart::empty() { contents_.clear(); }
std::vector<std::string> ShoppingCart::getContents() { return contents_; }

std::shared_ptr<ShoppingCart> Shop::enter(std::string name) {
  std::cout << "Customer " << name << " enters the store.\nCustomer takes a shopping cart." << std::endl;
  auto cart = std::make_shared<ShoppingCart>(++carts_taken_);
  engine::this_daemon().expose(cart);
  return carts_[name] = cart;
}

std::vector<std::string> Shop::customers() {
  std::vector<std::string> all;
  for (const auto& [name, cart] : carts_) all.push_back(name);
  return all;
}

std::map<std::string, double> Shop::goods() { return inventory; }

std::shared_ptr<ShoppingCart> Shop::cart_of(const std::string& name) {
  const auto found = carts_.find(name);
  if (found == carts_.end()) throw engine::raised("KeyError", {name});
  return found->second;
}

std::string Shop::payByName(std::string name) {
  std::cout << "Customer " << name << " goes to the counter to pay." << std::endl;
  const auto cart = cart_of(name);
  const std::string receipt = receipt_for(cart->getContents());
  cart->empty();
  return "Receipt for " + name + ".\n" + receipt;
}

std::string Shop::payCart(engine::proxy<ShoppingCart> cart) {
  const std::string receipt = receipt_for(cart.getContents());
  cart.empty();
  return receipt;
}

void Shop::leave(std::string name) {
  const auto cart = cart_of(name);
  const auto contents = cart->getContents();
  std::cout << "Customer " << name << " leaves, with " << contents.size() << " things in the cart." << std::endl;
  if (!contents.empty()) throw engine::raised("Exception", {"attempt to steal a full cart prevented"});
  carts_.erase(name);
  engine::this_daemon().unregister(*cart);
}

int main() {
  Shop shop;
  engine::daemon daemon;
  engine::locate_name_server().enroll("example.shop", daemon.expose(shop));
  std::cout << "The shop is open." << std::endl;
  daemon.run();
}
