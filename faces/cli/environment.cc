#include "environment.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "oddshot/base/text.h"
#include "options.h"

namespace oddshot::cli {
namespace {

// Options that go by other rules: $ODDSHOT_DATA is one place among several, and the others are no settings.
constexpr std::array<std::string_view, 4> kNotFromEnvironment = {"data", "help", "help-all", "version"};
// Variables that are no options; docs/command-line.md.
constexpr std::array<std::string_view, 4> kOtherVariables = {"ODDSHOT_DATA", "ODDSHOT_MODELS", "ODDSHOT_SUITES", "ODDSHOT_TARGET"};
constexpr std::string_view kPrefix = "ODDSHOT_";

std::string variable_of(const std::string& name) {
  std::string variable(kPrefix);
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

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// The variables that set options of any subcommand.
void add_variables(const CLI::App& app, std::vector<std::string>& variables) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (std::ranges::find(kNotFromEnvironment, name) == kNotFromEnvironment.end()) variables.push_back(variable_of(name));
    }
  }
  for (const CLI::App* command : commands_of(app)) add_variables(*command, variables);
}

// A variable that is an option of the command but for a slip would be passed over in silence. Others that begin as ours may be somebody
// else's.
void refuse_slips(const CLI::App& app, const CLI::App& command) {
  std::vector<std::string> known, own;
  for (const CLI::App* any : commands_of(app)) add_variables(*any, known);
  add_variables(command, own);
  std::vector<std::string_view> names;
  for (const std::string& variable : own) names.push_back(std::string_view(variable).substr(kPrefix.size()));
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view variable = *entry;
    variable = variable.substr(0, variable.find('='));
    if (!variable.starts_with(kPrefix) || std::ranges::find(kOtherVariables, variable) != kOtherVariables.end()) continue;
    if (std::ranges::find(known, variable) != known.end()) continue;
    const auto near = nearest(variable.substr(kPrefix.size()), names);
    if (near) throw UsageError(fmt::format("${} is the name of no option; did you mean {}{}?", variable, kPrefix, *near));
  }
}

// The subcommand among the words; the end if there is none.
std::vector<std::string>::iterator place_of_command(const CLI::App& app, std::vector<std::string>& words) {
  const std::vector<const CLI::App*> commands = commands_of(app);
  return std::ranges::find_if(
      words, [&](const std::string& word) { return std::ranges::any_of(commands, [&](const auto* c) { return c->get_name() == word; }); });
}

const CLI::App* command_called(const CLI::App& app, const std::string& name) {
  const std::vector<const CLI::App*> commands = commands_of(app);
  return *std::ranges::find_if(commands, [&](const auto* c) { return c->get_name() == name; });
}

// Whether help or the version is asked for, so that no subcommand will run.
bool asks_to_print(const std::vector<std::string>& words) {
  return std::ranges::any_of(
      words, [](const std::string& word) { return word == "-h" || word == "--help" || word == "--help-all" || word == "--version"; });
}

bool is_number(const std::string& word) {
  double number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc{} && end == word.data() + word.size();
}

}  // namespace

std::vector<std::string> with_environment(const CLI::App& app, std::vector<std::string> words) {
  const auto place = place_of_command(app, words);
  if (place == words.end() || asks_to_print(words)) return words;
  const CLI::App* command = command_called(app, *place);
  refuse_slips(app, *command);
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

std::vector<std::string> with_left_out_values(const CLI::App& app, std::vector<std::string> words) {
  const auto place = place_of_command(app, words);
  if (place == words.end()) return words;
  const CLI::App* command = command_called(app, *place);
  for (auto word = place + 1; word != words.end(); ++word) {
    const CLI::Option* option = word->starts_with("--") ? command->get_option_no_throw(*word) : nullptr;
    if (option == nullptr || option->get_expected_min() != 0 || option->get_items_expected_max() == 0) continue;
    if (word + 1 == words.end() || !is_number(word[1])) *word += "=" + option->get_default_str();
  }
  return words;
}

}  // namespace oddshot::cli
