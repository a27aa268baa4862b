#include "environment.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include "options.h"

namespace oddshot::cli {
namespace {

// Options that go by other rules: $ODDSHOT_DATA is one place among several, and the others are no settings.
constexpr std::array<std::string_view, 3> kNotFromEnvironment = {"data", "help", "version"};

std::string variable_of(const std::string& name) {
  std::string variable = "ODDSHOT_";
  for (const char c : name) variable += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return variable;
}

bool given(const CLI::Option& option, const std::vector<std::string>& words) {
  const auto is = [&](const std::string& name) {
    return std::ranges::any_of(words, [&](const std::string& word) { return word == name || word.starts_with(name + "="); });
  };
  return std::ranges::any_of(option.get_lnames(), [&](const std::string& name) { return is("--" + name); }) ||
         std::ranges::any_of(option.get_snames(), [&](const std::string& name) {
           return std::ranges::any_of(words, [&](const std::string& word) { return word.starts_with("-" + name); });
         });
}

}  // namespace

std::vector<std::string> with_environment(const CLI::App& app, std::vector<std::string> words) {
  const std::vector<const CLI::App*> commands = app.get_subcommands([](const CLI::App*) { return true; });
  const auto place = std::ranges::find_if(
      words, [&](const std::string& word) { return std::ranges::any_of(commands, [&](const auto* c) { return c->get_name() == word; }); });
  if (place == words.end()) return words;
  const CLI::App* command = *std::ranges::find_if(commands, [&](const auto* c) { return c->get_name() == *place; });
  std::vector<std::string> more;
  for (const CLI::Option* option : command->get_options()) {
    if (option->get_lnames().empty() || given(*option, words)) continue;
    const std::string& name = option->get_lnames().front();
    if (std::ranges::find(kNotFromEnvironment, name) != kNotFromEnvironment.end()) continue;
    const char* value = std::getenv(variable_of(name).c_str());
    if (value == nullptr) continue;
    const std::string_view text = value;
    if (option->get_items_expected_max() > 0) {
      more.push_back(fmt::format("--{}={}", name, text));
    } else if (text == "1" || text == "true") {
      more.push_back("--" + name);
    } else if (!text.empty() && text != "0" && text != "false") {
      throw UsageError(fmt::format("${} is \"{}\"; --{} takes no value: set it to 1 or 0", variable_of(name), text, name));
    }
  }
  words.insert(place + 1, more.begin(), more.end());
  return words;
}

}  // namespace oddshot::cli
