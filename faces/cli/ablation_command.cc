// oddshot ablation SUITE: what the score network loses without each view and each family of scores.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "count_option.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/ablation.h"
#include "options.h"
#include "progress.h"

namespace oddshot::cli {
namespace {

std::string_view kind_of(AblationRow::Without without) {
  switch (without) {
    case AblationRow::Without::kNothing:
      return "everything";
    case AblationRow::Without::kSeed:
      return "another-seed";
    case AblationRow::Without::kView:
      return "view";
    case AblationRow::Without::kFamily:
      return "family";
  }
  return {};
}

int run(Settings& settings) {
  settings.settle();
  if (settings.plan.evaluation.shots.size() != 1) {
    throw UsageError(fmt::format("--shots {}: an ablation is at one number of shots", settings.shots));
  }
  settings.plan.training.shots = TrainingOptions().shots;  // of training episodes, as in a run
  const SuiteManifest manifest = load_manifest(find_manifest(settings.suite));
  const TaskSuite suite = encode(read_suite(manifest, settings.data));
  ThreadPool pool(settings.threads);
  ProgressLine line;
  const std::vector<AblationRow> rows = ablation(settings.plan, suite, pool, [&](const std::string& what, double share) {
    line.show(fmt::format("ablation of {}: {:.0f}%, {}", manifest.name, 100 * share, what));
  });
  line.show(fmt::format("ablation of {}: done", manifest.name), true);
  fmt::print("without,name,columns,auprc,difference,error\n");
  for (const AblationRow& row : rows) {
    fmt::print("{},{},{},{:.4f},{:.4f},{:.4f}\n", kind_of(row.without), row.name, row.columns, row.auprc, row.auprc - rows.front().auprc,
               row.error);
  }
  return kDone;
}

}  // namespace

Command add_ablation(CLI::App& parent) {
  auto settings = std::make_shared<Settings>();  // shared by the parser and the command
  settings->shots = "5";
  settings->learners = "score-net";
  settings->baselines = "none";
  CLI::App* command = parent.add_subcommand("ablation", "what score-net loses without each view and each family of scores, as CSV");
  command->group("");  // for those who work on Oddshot: help fits a screen
  add_suite_options(*command, *settings);
  add_shots_options(*command, *settings);
  add_count(*command, "--steps", settings->plan.training.steps, "outer steps of meta-training")->capture_default_str();
  add_count(*command, "--episodes", settings->plan.training.episodes, "training episodes made once and drawn from")->capture_default_str();
  add_count(*command, "--repeats", settings->plan.evaluation.repeats, "draws from each held-out task")->capture_default_str();
  add_common_options(*command, *settings);
  command->footer("Example:  oddshot ablation tep > tep.csv\nWhat the scores are: docs/score-space.md");
  return [settings] { return run(*settings); };
}

}  // namespace oddshot::cli
