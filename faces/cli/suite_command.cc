// oddshot suite check FILE: validate a manifest and print its tasks. oddshot suite list: the suites that ship.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "options.h"

namespace oddshot::cli {

Command add_suite(CLI::App& parent) {
  auto settings = std::make_shared<Settings>();  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("suite", "check a suite's manifest, or list the suites that ship");
  command->require_subcommand(1);
  CLI::App* check = command->add_subcommand("check", "validate a manifest, read its data, count tasks");
  add_suite_options(*check, *settings);
  check->footer("Example:  oddshot suite check my-suite.toml --data .");
  command->footer("Example:  oddshot suite list");
  const CLI::App* list = command->add_subcommand("list", "print the suites that ship, one a line");
  return [settings, list] {
    if (list->parsed()) {
      for (const std::string& name : shipped_suites()) {
        fmt::print("{:<16} {}\n", name, load_manifest(find_manifest(name)).title);
      }
      return kDone;
    }
    settings->data.download = !settings->no_download;
    const SuiteRows rows = read_suite(load_manifest(find_manifest(settings->suite)), settings->data);
    fmt::print("{}", describe(rows));
    if (rows.manifest.cut == Cut::kTable) return kDone;
    const Preprocessor preprocessor = fit_preprocessor(rows);
    fmt::print("features: {}\n", preprocessor.width());
    for (const std::string& name : preprocessor.dropped()) {
      fmt::print("dropped, constant among the training rows: {}\n", name);
    }
    return kDone;
  };
}

}  // namespace oddshot::cli
