// What --help prints: the options most used, a screen of them; --help-all prints every one.
#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>

namespace CLI {
class App;
class FormatterBase;
}  // namespace CLI

namespace oddshot::cli {

// Lines of 80 characters.
std::shared_ptr<CLI::FormatterBase> help_format();

// Of a command with too many options for a screen: those that --help shows.
void often_used(CLI::App& command, std::initializer_list<std::string_view> names);

}  // namespace oddshot::cli
