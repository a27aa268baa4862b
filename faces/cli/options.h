// Options that several subcommands share, with the same names everywhere.
#pragma once

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "oddshot/base/error.h"
#include "oddshot/evaluation/experiment.h"
#include "oddshot/tasks/suite.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace oddshot::cli {

// The command line asks for what cannot be: exit status 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Turns an ArgumentError of `check` into a UsageError: the command line is to blame, not a file.
template <class Check>
void as_usage(const Check& check) {
  try {
    check();
  } catch (const ArgumentError& error) {
    throw UsageError(error.what());
  }
}

// Refuses "-" for a file that is written whole or not at all, which a stream cannot be.
std::string refuse_stream(const std::string& file);

// What the options below fill.
struct Settings {
  std::string suite;
  DataOptions data;
  unsigned threads = 0;  // 0: one per core
  ExperimentPlan plan;
  std::string learners = "auto";
  std::string baselines = "all";
  std::string shots = "1,5,10";
  std::string space = "scores";
  std::string hidden = "32,32";
  std::string committee;
  std::string activation = "relu";
  std::string metric = "euclidean";
  std::string contrast = "linear";
  std::string mining = "all";
  std::string optimizer = "adam";
  std::string augment = to_string(AugmentOptions());
  bool no_download = false;
  std::string output;
  bool resume = false;

  // Whether an option is on the command line, which then stands whatever --space is. Empty: all stand. Set by take_defaults_of_space.
  std::function<bool(const char*)> given;

  // Moves the texts into the plan and checks it. `of_tables`: for a suite of tables, where space table is the default. Throws
  // UsageError.
  void settle(bool of_tables = false);
  // Once the suite is known: of groups of baselines, "all" and "everywhere", those stay that have a use there;
  // what they lack on this machine is said on standard error.
  void fit_to(const TaskSuite& tasks);
  // -o, or out/SUITE.
  std::filesystem::path output_folder(const std::string& suite) const;

 private:
  // What is not on the command line is as the space has it.
  void take_defaults(bool of_tables);
};

// What is not on the command line is as its space and suite have it (default_plan).
void take_defaults_of_space(CLI::App& command, Settings& settings);
void add_suite_options(CLI::App& command, Settings& settings);       // SUITE --data --no-download
void add_common_options(CLI::App& command, Settings& settings);      // --seed --threads
void add_training_options(CLI::App& command, Settings& settings);    // --learner --shots --normals --steps ... of learners and training
void add_evaluation_options(CLI::App& command, Settings& settings);  // --baselines --repeats --query-normals --query-anomalies
void add_shots_options(CLI::App& command, Settings& settings);       // --shots --normals

// "1,5,10" as numbers. Throws UsageError naming option, value and what is wrong.
std::vector<std::size_t> parse_numbers(const std::string& option, const std::string& text);
std::vector<std::string> parse_names(const std::string& text);

// One line that says what is wrong with the command line and what to do.
std::string explain(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv);

}  // namespace oddshot::cli
