// oddshot evaluate SUITE MODEL...: judge trained models on a suite's held-out tasks, beside the baselines.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "oddshot/base/error.h"
#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/methods.h"
#include "options.h"
#include "output.h"

namespace oddshot::cli {
namespace {

// The models, which must have been trained on the same features, so that every method sees the same rows.
std::vector<MetaModel> load_models(const std::vector<std::string>& files) {
  std::vector<MetaModel> models;
  for (const std::string& file : files) {
    models.push_back(load_model(file));
    if (models.back().adam_m) {
      throw FormatError(fmt::format("{} is a checkpoint after step {} of {}; finish it with oddshot train --resume", file,
                                    models.back().steps_done, models.back().training.steps));
    }
    if (!see_alike(models.back(), models.front())) {
      throw ArgumentError(fmt::format("{} and {} were trained on different features; evaluate them one at a time", files.front(), file));
    }
  }
  return models;
}

int evaluate_models(Settings& settings, const std::vector<std::string>& files) {
  std::vector<MetaModel> models = load_models(files);
  // What a pooled baseline is trained with, and what the report says of training: the first model's settings.
  settings.learners.clear();
  for (const MetaModel& model : models) {
    settings.learners += (settings.learners.empty() ? "" : ",") + (model.selection ? std::string(kAutoLearner) : model.learner);
  }
  const SuiteManifest manifest = load_manifest(find_manifest(settings.suite));
  settings.settle(manifest.cut == Cut::kTable);
  settings.plan.learner = models.front().learner_options;
  settings.plan.training = models.front().training;
  as_usage([&] { settings.plan.validate(); });
  const std::filesystem::path folder = settings.output_folder(manifest.name);
  make_folder(folder);
  const auto rows = std::make_shared<const SuiteRows>(read_suite(manifest, settings.data));  // shared with the suite's pool
  const MetaModel& first = models.front();
  const TaskSuite suite =
      first.training.space == Space::kTable ? encode(rows) : encode(rows, first.preprocessor, first.views, first.reference);
  settings.fit_to(suite);
  ThreadPool pool(settings.threads);
  std::optional<MetaModel> pooled;
  if (needs_pooled(settings.plan)) {
    pooled = train_with_progress("pooled", settings.plan, suite, pool, {}, false);
    if (!pooled) {
      return kInterrupted;
    }
  }
  judge(*rows, suite, settings.plan, models, pooled ? &*pooled : nullptr, pool, folder);
  return kDone;
}

}  // namespace

Command add_evaluate(CLI::App& parent) {
  auto settings = std::make_shared<Settings>();  // shared by the parser and the command
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* command = parent.add_subcommand("evaluate", "judge trained models on held-out tasks, beside the baselines");
  take_defaults_of_space(*command, *settings);
  add_suite_options(*command, *settings);
  command->add_option("MODEL", *files, "model files of oddshot train or oddshot run")->required();
  add_shots_options(*command, *settings);
  add_evaluation_options(*command, *settings);
  add_common_options(*command, *settings);
  command->add_option("-o,--output", settings->output, "folder for report.html and results.json (default: out/SUITE)");
  command->footer("Example:  oddshot evaluate nsl-kdd maml.safetensors --shots 5 -o out/maml");
  return [settings, files] { return evaluate_models(*settings, *files); };
}

}  // namespace oddshot::cli
