#include "output.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "interrupt.h"
#include "oddshot/base/error.h"
#include "oddshot/evaluation/evaluate.h"
#include "oddshot/evaluation/examples.h"
#include "oddshot/model_io/atomic_file.h"
#include "progress.h"

namespace oddshot::cli {

std::optional<MetaModel> train_with_progress(const std::string& learner, const ExperimentPlan& plan, const TaskSuite& suite,
                                             ThreadPool& pool, const std::filesystem::path& file, bool resume) {
  LearnerOptions options = plan.learner;
  options.encoder.inputs = std::max<std::size_t>(suite.preprocessor.width(), 1);  // the space decides in the end
  const TrainingOptions training = shots_for(learner, options, plan.training);
  ProgressLine line;
  TrainingHooks hooks;
  hooks.stop = &stop_on_interrupt();
  hooks.progress = [&](std::string_view name, const TrainingProgress& p) {
    if (p.step == p.steps || line.due()) {
      line.show(fmt::format("{}: step {} of {}, loss {:.4f}, {:.0f} tasks/s, {} left", name, p.step, p.steps, p.loss, p.tasks_per_second,
                            duration(p.seconds_left)),
                p.step == p.steps);
    }
  };
  MetaModel model = train_model(learner, options, training, suite, pool, hooks, file, resume);
  if (model.adam_m) {
    line.show(fmt::format("{}: interrupted after step {} of {}{}", learner, model.steps_done, training.steps,
                          file.empty() || model.params.empty() ? "" : fmt::format("; {} holds it: go on with --resume", file.string())),
              true);
    return std::nullopt;
  }
  return model;
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder)) {
    throw IoError(fmt::format("the folder {} cannot be made: {}", folder.string(), error ? error.message() : "a file of that name exists"));
  }
}

void judge(const SuiteRows& rows, const TaskSuite& suite, const ExperimentPlan& plan, const std::vector<MetaModel>& models,
           const MetaModel* pooled, ThreadPool& pool, const std::filesystem::path& folder) {
  const auto methods = plan_methods(plan, models, pooled, suite.views.spans(), suite.reference);
  ProgressLine line;
  EvaluationResult result = evaluate(suite.name, suite.training, suite.held_out, methods, plan.evaluation, pool, [&](double share) {
    if (line.due()) {
      line.show(fmt::format("evaluating {} methods on {} held-out tasks: {:.0f}%", methods.size(), suite.held_out.size(), 100 * share));
    }
  });
  line.show(fmt::format("evaluated {} methods on {} held-out tasks in {}", methods.size(), suite.held_out.size(), duration(result.seconds)),
            true);
  result.examples = explained_examples(result, suite, methods, pool);
  RunSettings settings = run_settings(rows, suite, plan);
  for (const MetaModel& model : models) {
    settings.training_seconds += model.training_seconds;
  }
  write_file_atomically(folder / "results.json", results_json(result, settings));
  write_file_atomically(folder / "report.html", report_html(result, settings));
  if (settings.simulated) {
    fmt::print("These rows are SIMULATED: the results show that the program works, not how good a method is on real data.\n\n");
  }
  fmt::print("{}", results_table(result));
  if (settings.simulated) {
    fmt::print("\nThese rows are SIMULATED.\n");
  }
  std::fflush(stdout);
  fmt::print(stderr, "report: {}\n", (folder / "report.html").string());
}

}  // namespace oddshot::cli
