// oddshot learners: the names of the meta-learners, as --learner takes them.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "oddshot/learners/learner.h"

namespace oddshot::cli {

Command add_learners(CLI::App& parent) {
  auto explain = std::make_shared<bool>(false);  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("learners", "list the learners, as --learner takes them (baselines: likewise)");
  command->add_flag("--explain", *explain, "one a line, with what each learns");
  command->footer("Example:  oddshot run nsl-kdd --learner $(oddshot learners)");
  return [explain] {
    bool first = true;
    for (const LearnerEntry& entry : learner_table()) {
      if (entry.kind != "learner") {
        continue;
      }
      if (*explain) {
        fmt::print("{:<18} {}\n", entry.name, entry.summary);
      } else {
        fmt::print("{}{}", first ? "" : ",", entry.name);
      }
      first = false;
    }
    if (!*explain) {
      fmt::print("\n");
    }
    return kDone;
  };
}

}  // namespace oddshot::cli
