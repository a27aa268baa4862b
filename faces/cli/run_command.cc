// oddshot run SUITE: train, evaluate on held-out tasks, write report.html and results.json.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "help.h"
#include "oddshot/base/thread_pool.h"
#include "options.h"
#include "output.h"

namespace oddshot::cli {
namespace {

int run(Settings& settings) {
  const SuiteManifest manifest = load_manifest(find_manifest(settings.suite));
  settings.settle(manifest.encoded_as_tables());
  const std::filesystem::path folder = settings.output_folder(manifest.name);
  make_folder(folder / "models");
  const auto rows = std::make_shared<const SuiteRows>(read_suite(manifest, settings.data));  // shared with the suite's pool
  const TaskSuite suite = encode(rows);
  settings.fit_to(suite);
  fmt::print(stderr, "{}: {} training tasks, {} held-out tasks, {}\n", suite.name, suite.training.size(), suite.held_out.size(),
             suite.of_tables() ? "each a table of its own" : fmt::format("{} features", suite.preprocessor.width()));
  ThreadPool pool(settings.threads);
  const auto trained = [&](const std::string& learner) {
    return train_with_progress(learner, settings.plan, suite, pool, folder / "models" / (learner + ".safetensors"), settings.resume);
  };
  std::vector<MetaModel> models;
  for (const std::string& learner : settings.plan.learners) {
    auto model = trained(learner);
    if (!model) {
      return kInterrupted;
    }
    models.push_back(std::move(*model));
  }
  std::optional<MetaModel> pooled;
  if (needs_pooled(settings.plan)) {
    pooled = trained("pooled");
    if (!pooled) {
      return kInterrupted;
    }
  }
  judge(*rows, suite, settings.plan, models, pooled ? &*pooled : nullptr, pool, folder);
  return kDone;
}

}  // namespace

Command add_run(CLI::App& parent) {
  auto settings = std::make_shared<Settings>();  // shared by the parser and the command
  CLI::App* command = parent.add_subcommand("run", "train on a suite, judge on its held-out tasks, write a report");
  take_defaults_of_space(*command, *settings);
  add_suite_options(*command, *settings);
  add_training_options(*command, *settings);
  add_shots_options(*command, *settings);
  add_evaluation_options(*command, *settings);
  add_common_options(*command, *settings);
  command->add_option("-o,--output", settings->output, "folder for report.html, results.json and models/ (default: out/SUITE)");
  command->add_flag("--resume", settings->resume, "go on from the models and checkpoints in the folder");
  often_used(*command, {"data", "learner", "space", "steps", "shots", "normals", "baselines", "repeats", "seed", "output", "resume"});
  command->footer("Example:  oddshot run nsl-kdd --learner maml,proto --shots 1,5,10 -o out/nsl-kdd");
  return [settings] { return run(*settings); };
}

}  // namespace oddshot::cli
