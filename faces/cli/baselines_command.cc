// oddshot baselines: the names of the baselines, as --baselines takes them.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "oddshot/evaluation/methods.h"

namespace oddshot::cli {

Command add_baselines(CLI::App& parent) {
  auto explain = std::make_shared<bool>(false);  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("baselines", "list the baselines, as --baselines takes them");
  command->group("");  // `learners` names it: help fits a screen
  command->add_flag("--explain", *explain, "one a line, with those that this machine cannot use, and why");
  command->footer("Example:  oddshot run nsl-kdd --baselines all,knn@whitened\nWhat each is: docs/experts.md");
  return [explain] {
    bool first = true;
    for (const std::string_view name : baseline_names()) {
      const std::string_view missing = missing_for(name);
      if (*explain) {
        const char* views = takes_views(name) ? "on any view" : name == kMeanScore ? "of all views" : "on plain columns";
        fmt::print("{:<26} {}\n", name, missing.empty() ? std::string(views) : fmt::format("not to be had here: {}", missing));
      } else if (missing.empty()) {
        fmt::print("{}{}", first ? "" : ",", name);
        first = false;
      }
    }
    if (!*explain) fmt::print("\n");
    return kDone;
  };
}

}  // namespace oddshot::cli
