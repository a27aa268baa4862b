// The names of an enum's values, each way, from one visible table.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "oddshot/base/error.h"

namespace oddshot {

template <class E>
struct Choice {
  E value;
  std::string_view name;
};

// Throws ArgumentError for a value that is none of the table's; `what` is the noun that messages use.
template <class E, std::size_t kCount>
std::string_view name_of(const std::array<Choice<E>, kCount>& table, E value, std::string_view what) {
  for (const Choice<E>& choice : table) {
    if (choice.value == value) {
      return choice.name;
    }
  }
  throw ArgumentError(std::string(what) + " number " + std::to_string(static_cast<int>(value)) + " does not exist");
}

// Throws ArgumentError naming the choices.
template <class E, std::size_t kCount>
E choice_of(const std::array<Choice<E>, kCount>& table, std::string_view name, std::string_view what) {
  std::string names;
  for (const Choice<E>& choice : table) {
    if (choice.name == name) {
      return choice.value;
    }
    names += names.empty() ? "" : ", ";
    names += choice.name;
  }
  throw ArgumentError(std::string(what) + " \"" + std::string(name) + "\" does not exist; choose one of " + names);
}

}  // namespace oddshot
