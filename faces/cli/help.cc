#include "help.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace oddshot::cli {
namespace {

constexpr const char* kMore = "More options";
constexpr std::size_t kColumn = 28;         // where descriptions begin
constexpr std::size_t kCommandColumn = 14;  // of subcommands
constexpr std::size_t kWidth = 80;

bool has_more(const CLI::App* app) {
  return !app->get_options([](const CLI::Option* option) { return option->get_group() == kMore; }).empty();
}

// "  name   text", the text wrapped from the column on; below the name if that reaches so far.
std::string wrapped(const std::string& name, std::string text, std::size_t column) {
  std::string out = "  " + name;
  std::string line = out.size() + 2 > column ? std::string(column, ' ') : out + std::string(column - out.size(), ' ');
  out = out.size() + 2 > column ? out + "\n" : "";
  while (!text.empty()) {
    std::size_t end = text.size();
    if (end > kWidth - column) {
      end = text.rfind(' ', kWidth - column);
      if (end == std::string::npos) end = std::min(text.find(' '), text.size());
    }
    out += line + text.substr(0, end) + "\n";
    line.assign(column, ' ');
    text.erase(0, std::min(text.find_first_not_of(' ', end), text.size()));
  }
  return out;
}

class Format : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool positional) const override {
    return wrapped(make_option_name(option, positional) + make_option_opts(option), make_option_desc(option), kColumn);
  }

  std::string make_subcommand(const CLI::App* command) const override {
    return wrapped(command->get_name(), command->get_description(), kCommandColumn);
  }

  std::string make_option_usage(const CLI::Option* option) const override {
    const std::string name = make_option_name(option, true) + (option->get_items_expected_max() > 1 ? "..." : "");
    return option->get_required() ? name : "[" + name + "]";
  }

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    if (mode != CLI::AppFormatMode::Normal) return CLI::Formatter::make_help(app, std::move(name), mode);
    std::string out = make_description(app) + make_usage(app, std::move(name)) + make_positionals(app);
    for (const std::string& group : app->get_groups()) {
      const auto options =
          app->get_options([&](const CLI::Option* option) { return option->get_group() == group && option->nonpositional(); });
      if (!group.empty() && group != kMore && !options.empty()) out += make_group(group, false, options);
    }
    out += make_subcommands(app, mode) + "\n";
    if (has_more(app)) out += fmt::format("More options:  oddshot {} --help-all\n", app->get_name());
    return out + make_footer(app);
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_format() { return std::make_shared<Format>(); }  // shared by the parsers of the subcommands

void often_used(CLI::App& command, std::initializer_list<std::string_view> names) {
  for (CLI::Option* option : command.get_options([](const CLI::Option* one) { return one->nonpositional(); })) {
    if (option == command.get_help_ptr() || option == command.get_help_all_ptr()) continue;
    const auto named = [&](const std::string& name) { return std::ranges::find(names, name) != names.end(); };
    if (std::ranges::none_of(option->get_lnames(), named)) option->group(kMore);
  }
}

}  // namespace oddshot::cli
