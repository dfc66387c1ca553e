// Two banks: one lets its customers overdraw their accounts, the other does not.
#pragma once

#include <map>
#include <string>

#include <engine/engine.hpp>

class Bank {
 public:
  Bank(std::string bank, bool may_overdraw) : bank_(std::move(bank)), may_overdraw_(may_overdraw) {}
  std::string name();
  void createAccount(std::string name);
  void deleteAccount(std::string name);
  void deposit(std::string name, double amount);
  void withdraw(std::string name, double amount);
  double balance(std::string name);
  std::map<std::string, double> allAccounts();

 private:
  double& account(const std::string& name);
  const std::string bank_;
  const bool may_overdraw_;
  std::map<std::string, double> accounts_{};
};
ENGINE_EXPOSE(Bank, name, createAccount, deleteAccount, deposit, withdraw, balance, allAccounts)
