// An option that takes a whole number. The parser would let -1 wrap around to the largest of all.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include <fmt/format.h>

namespace oddshot::cli {

template <class Number>
CLI::Option* add_count(CLI::App& command, const std::string& name, Number& value, const std::string& help) {
  return command.add_option(name, value, help)->check([](const std::string& text) {
    return text.rfind('-', 0) == 0 ? fmt::format("{} is below 0", text) : std::string();
  });
}

}  // namespace oddshot::cli
