// Customers of all the banks that the name server knows: they are found by the beginning of their names.
#include <iomanip>
#include <iostream>
#include <vector>

#include <naming/locate.hpp>

#include "banks.hpp"

namespace {

/// Succeeds, or says what was thrown.
template <class Call> bool tried(const char* failed, Call call) {
  try {
    call();
    return true;
  } catch (const engine::raised& e) {
    std::cout << failed << e.what() << '\n';
    return false;
  }
}

void do_business(engine::proxy<Bank>& bank, const std::string& name) {
  std::cout << "\n*** " << name << " is doing business with " << bank.name() << ":\nCreating account\n";
  if (!tried("Failed: ", [&] { bank.createAccount(name); })) {
    std::cout << "Removing account and trying again\n";
    bank.deleteAccount(name);
    bank.createAccount(name);
  }
  std::cout << "Deposit money\n";
  bank.deposit(name, 200.00);
  std::cout << "Deposit money\n";
  bank.deposit(name, 500.75);
  std::cout << "Balance=" << bank.balance(name) << "\nWithdraw money\n";
  bank.withdraw(name, 400.00);
  std::cout << "Withdraw money (overdraw)\n";
  tried("Failed: ", [&] { bank.withdraw(name, 400.00); });
  std::cout << "End balance=" << bank.balance(name) << "\nWithdraw money from non-existing account\n";
  if (tried("Failed as expected: ", [&] { bank.withdraw("GOD", 2222.22); })) std::cout << "!!! Succeeded?!? That is an error\n";
  std::cout << "Deleting non-existing account\n";
  if (tried("Failed as expected: ", [&] { bank.deleteAccount("GOD"); })) std::cout << "!!! Succeeded?!? That is an error\n";
}

}  // namespace

int main() {
  std::vector<engine::proxy<Bank>> banks;
  std::cout << std::fixed << std::setprecision(2) << '\n';
  for (const auto& [name, uri] : engine::locate_name_server().list("example.banks.")) {
    std::cout << "Contacting bank: " << name << '\n';
    banks.emplace_back(uri);
  }
  if (banks.empty()) throw engine::error("There are no banks to do business with!");
  for (auto& bank : banks) {
    do_business(bank, "Irmen");
    do_business(bank, "Suzy");
  }
  std::cout << '\n';
  for (auto& bank : banks) {
    std::cout << "The accounts in the " << bank.name() << ":\n";
    for (const auto& [name, balance] : bank.allAccounts()) std::cout << "  " << name << " : " << balance << '\n';
  }
}
