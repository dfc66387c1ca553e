// Customers of the shop: one pays by name, one hands over the cart, one tries to leave without paying.
#include <iostream>

#include "shoppingcart.hpp"

namespace {

void buy(engine::proxy<ShoppingCart>& cart, const char* who, std::initializer_list<const char*> items) {
  for (const char* item : items) {
    std::cout << who << ' ' << item << '\n';
    cart.purchase(item);
  }
}

template <class Call> void refused(Call call) {
  try {
    call();
    std::cout << "!!! Succeeded?!? That is an error\n";
  } catch (const engine::error& e) {
    std::cout << "refused: " << e.what() << '\n';
  }
}

}  // namespace

int main() {
  engine::proxy<Shop> shop{"PYRONAME:example.shop"};
  std::cout << "Simulating some customers.\n";
  engine::proxy<ShoppingCart> harrys = shop.enter("Harry"), sallys = shop.enter("Sally"), shoplifters = shop.enter("shoplifter");
  buy(harrys, "Harry buys", {"paper", "milk", "milk", "whiskey"});
  buy(sallys, "Sally buys", {"bread", "meat", "fruit", "pizza", "cookies"});
  buy(shoplifters, "Shoplifter takes", {"whiskey", "whiskey", "chocolate"});
  std::cout << "Customers currently in the shop: " << shop.customers().size() << '\n';

  std::cout << "Harry got this receipt:\n" << shop.payByName("Harry") << '\n';
  std::cout << "Harry payed. The cart now contains " << harrys.getContents().size() << " things (should be empty)\n";
  std::cout << "Sally got this receipt:\n" << shop.payCart(sallys) << '\n';
  std::cout << "Sally payed. The cart now contains " << sallys.getContents().size() << " things (should be empty)\n";
  std::cout << "Harry is leaving.\n";
  shop.leave("Harry");
  std::cout << "Sally is leaving.\n";
  shop.leave("Sally");
  std::cout << "Shoplifter is leaving. (should be impossible i.e. give an error)\n";
  refused([&] { shop.leave("shoplifter"); });
  std::cout << "Harry is attempting to put stuff back in his cart again, which does no longer exist.\n";
  refused([&] { harrys.purchase("crap"); });
}
