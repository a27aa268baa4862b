// An experiment: the learners of a plan trained on a suite's training tasks and judged on its held-out tasks, beside the baselines.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oddshot/base/thread_pool.h"
#include "oddshot/evaluation/evaluate.h"
#include "oddshot/model_io/model_file.h"
#include "oddshot/tasks/suite.h"

namespace oddshot {

struct ExperimentPlan {
  std::vector<std::string> learners = {"auto"};  // of learner_table(), or kAutoLearner
  // Of baseline_names(), usable on this machine; what takes_views() also on another view than the plain one: "knn@whitened".
  std::vector<std::string> baselines;
  LearnerOptions learner;  // encoder.inputs is set by the features
  TrainingOptions training;
  EvaluationOptions evaluation;

  // Throws ArgumentError for a name that is not known (with the nearest that is), a name given twice, or a setting out of range.
  void validate() const;
  // Training draws its episodes as evaluation does: with the same seed, shots and normals.
  void train_as_judged();
};

// Of a suite of tables, or of tasks that share their columns.
Space default_space(bool of_tables);
// The settings that stand where nothing else is chosen: what is good in that space, and for suites of tables, of which there are many.
// Throws ArgumentError for a suite of tables in another space than kTable, for they have no columns in common.
ExperimentPlan default_plan(Space space, bool of_tables = false);

// What is good on plain columns, where the defaults are what is good on scores: wider networks, smaller steps, fresh episodes.
void use_raw_settings(LearnerOptions& learner, TrainingOptions& training);

// The settings that shape a training, as (option, value), in a fixed order: for reports, and to tell whether a checkpoint fits.
std::vector<std::pair<std::string, std::string>> training_settings(const LearnerOptions& learner, const TrainingOptions& training);

struct TrainingHooks {
  std::function<void(std::string_view learner, const TrainingProgress&)> progress;  // may be empty
  const std::atomic<bool>* stop = nullptr;  // once true, training ends at the next step and the checkpoint is written; may be null
  double checkpoint_seconds = 30;           // a checkpoint at least so often
};

// Trains one learner on the suite's training tasks; of kAutoLearner the one that is chosen by leaving some of them out (the model keeps the
// selection). With a `file`, leaves checkpoints there while it trains and the finished model at the
// end (atomically). With `resume`, goes on from that file if it exists: the result has the bits of an uninterrupted training. Throws
// ArgumentError if the file was trained on other settings, tasks or features (naming the first that differs). The model returned has Adam's
// moments if it was stopped before its end.
MetaModel train_model(std::string_view learner, const LearnerOptions& options, const TrainingOptions& training, const TaskSuite& suite,
                      ThreadPool& pool, const TrainingHooks& hooks = {}, const std::filesystem::path& file = {}, bool resume = false);

// Options of `training` with the shots that this learner can be trained on. Throws ArgumentError if there is none.
TrainingOptions shots_for(std::string_view learner, const LearnerOptions& options, TrainingOptions training);

// The baselines that a list of names stands for, each once, in order. Among the names may be groups of all those that this machine can use:
//   "all"         every baseline, on the plain columns
//   "everywhere"  every simple method on every view: what takes_views(), and kMeanScore
std::vector<std::string> expanded_baselines(std::span<const std::string> names);
// The same for one suite: without those that groups stand for and that have no use there (views that its columns do not have; on tables,
// whose views are the plain one and ranks among a support's normals, what does not take views). Throws ArgumentError for one that is named
// itself and has no use there.
std::vector<std::string> expanded_baselines(std::span<const std::string> names, const TaskSuite& suite);

// The methods of a plan in the order of tables: models, then baselines. `pooled` serves both pooled baselines; it may be null if neither is
// asked for. `views` and `reference` are of the joined rows that the methods will be given; throws ArgumentError for a baseline on a view
// that is not among them (columns without numeric features have neither "rank" nor "whitened"). Without views, which a suite of tables has
// none of, rows are plain columns of any number.
std::vector<std::unique_ptr<Method>> plan_methods(const ExperimentPlan& plan, const std::vector<MetaModel>& models, const MetaModel* pooled,
                                                  std::span<const ViewSpan> views, const Matrix& reference);

// Whether one of the plan's baselines rests on the pooled network.
bool needs_pooled(const ExperimentPlan& plan);

// What results and report say of the suite and the plan.
RunSettings run_settings(const SuiteRows& rows, const TaskSuite& suite, const ExperimentPlan& plan);

}  // namespace oddshot
