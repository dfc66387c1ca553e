// The banks. What goes wrong is thrown as the exceptions Pyro's clients of them expect.
#include <iostream>
#include <stdexcept>

#include <naming/locate.hpp>

#include "banks.hpp"

std::string Bank::name() { return bank_; }

double& Bank::account(const std::string& name) {
  const auto found = accounts_.find(name);
  if (found == accounts_.end()) throw engine::raised("KeyError", {"unknown account"});
  return found->second;
}

void Bank::createAccount(std::string name) {
  if (!accounts_.emplace(std::move(name), 0).second) throw std::invalid_argument("Account already exists");  // a ValueError elsewhere
}

void Bank::deleteAccount(std::string name) {
  account(name);
  accounts_.erase(name);
}

void Bank::deposit(std::string name, double amount) { account(name) += amount; }

void Bank::withdraw(std::string name, double amount) {
  double& balance = account(name);
  if (amount > balance && !may_overdraw_) throw std::invalid_argument("insufficent balance");
  balance -= amount;
}

double Bank::balance(std::string name) { return account(name); }
std::map<std::string, double> Bank::allAccounts() { return accounts_; }

int main() {
  Bank rabobank{"Rabobank", true}, abn{"ABN bank", false};
  engine::daemon daemon;
  auto names = engine::locate_name_server();
  names.enroll("example.banks.rabobank", daemon.expose(rabobank));
  names.enroll("example.banks.abn", daemon.expose(abn));
  std::cout << "available banks:\n";
  for (const auto& [name, uri] : names.list("example.banks.")) std::cout << name << '\n';
  std::cout << "Banks are ready for customers." << std::endl;
  daemon.run();
}
