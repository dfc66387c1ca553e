// A library whose books know their authors: one object leads to the next, which is what pipelining is for. Known to both sides.
#pragma once

#include <string>
#include <string_view>

#include <engine/engine.hpp>

class Author {
 public:
  explicit Author(std::string name) : name_(std::move(name)) {}
  std::string name() { return name_; }

 private:
  std::string name_;
};
ENGINE_EXPOSE(Author, name)

class Book {
 public:
  Book(std::string title, Author& by) : title_(std::move(title)), by_(by) {}
  std::string page(int number, std::string_view mark) { return title_ + ", page " + std::to_string(number) + std::string(mark); }
  Author& author() { return by_; }

 private:
  std::string title_;
  Author& by_;
};
ENGINE_EXPOSE(Book, page, author)

class Library {
 public:
  Book& find(std::string_view title);
};
ENGINE_EXPOSE(Library, find)
