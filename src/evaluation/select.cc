#include "evaluation/select.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include <fmt/format.h>

#include "oddshot/base/error.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/tasks/folds.h"

namespace oddshot {
namespace {

// The learners that are tried, the default first. Of a committee's members a trial needs no training of their own.
constexpr std::array<std::string_view, 5> kOnScores = {"committee", "score-net", "in-context", "gate", "maml"};
constexpr std::array<std::string_view, 3> kOnColumns = {"maml", "in-context", "proto"};  // raw ones, alone or with scores
constexpr std::array<std::string_view, 1> kOnTables = {"gate"};                          // docs/results/tables.md compares it with others
std::span<const std::string_view> learners_for(Space space) {
  if (space == Space::kTable) return kOnTables;
  if (space == Space::kScores) return kOnScores;
  return kOnColumns;
}
constexpr std::array<std::string_view, 5> kSimple = {"knn", "knn-difference", "logistic", "mahalanobis", "lof"};  // in every view
constexpr std::size_t kFolds = 3;
constexpr std::size_t kLeastNormals = 100;  // of a side of a fold, beside those of a support

EvaluationOptions protocol(const TrainingOptions& training) {
  EvaluationOptions options;
  options.shots = training.shots;
  options.normals = training.episode.normals;
  options.query_normals = 500;
  options.query_anomalies = 100;
  options.repeats = 4;
  options.seed = training.seed;
  return options;
}

// AUPRC of one method at one number of shots, by left-out task.
using ByTask = std::map<std::string, double>;

double mean_of(const ByTask& values) {
  double sum = 0;
  for (const auto& [task, value] : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// What Student's t of so many tasks exceeds by chance in one of twenty times, where there is no difference (one-sided).
double critical(std::size_t tasks) {
  constexpr std::array<double, 10> kByFreedom = {6.31, 2.92, 2.35, 2.13, 2.02, 1.94, 1.89, 1.86, 1.83, 1.81};
  const std::size_t freedom = std::max<std::size_t>(tasks, 2) - 1;
  return freedom <= kByFreedom.size() ? kByFreedom[freedom - 1] : 1.75;
}

struct Difference {
  double mean = 0;
  double error = 0;  // standard error over tasks
  std::size_t tasks = 0;
  bool clear() const { return mean > critical(tasks) * error; }
};

// Of a over b, on the tasks that both have.
Difference difference(const ByTask& a, const ByTask& b) {
  std::vector<double> values;
  for (const auto& [task, value] : a) {
    if (const auto other = b.find(task); other != b.end()) values.push_back(value - other->second);
  }
  Difference result;
  result.tasks = values.size();
  if (values.size() < 2) return {0, std::numeric_limits<double>::infinity(), result.tasks};
  const auto count = static_cast<double>(values.size());
  for (const double value : values) result.mean += value / count;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.error = std::sqrt(squares / (count - 1) / count);
  return result;
}

// What was seen: of every candidate at every number of shots.
class Trials {
 public:
  Trials(std::span<const std::string_view> learned, std::vector<std::size_t> shots) : learned_(learned), shots_(std::move(shots)) {
    for (const std::string_view learner : learned_) seen_[std::string(learner)].resize(shots_.size());
  }

  std::span<const std::string_view> learned() const { return learned_; }
  bool is_learned(std::string_view name) const { return std::ranges::find(learned_, name) != learned_.end(); }
  const std::vector<std::size_t>& shots() const { return shots_; }
  const std::map<std::string, std::vector<ByTask>>& all() const { return seen_; }
  const std::vector<ByTask>& of(std::string_view method) const { return seen_.at(std::string(method)); }

  void add(const EvaluationResult& result) {
    for (const MethodResult& method : result.methods) {
      const auto s = static_cast<std::size_t>(std::find(shots_.begin(), shots_.end(), method.shots) - shots_.begin());
      auto& seen = seen_.try_emplace(method.name, shots_.size()).first->second;
      for (const TaskResult& task : method.tasks) {
        if (task.auprc) seen[s][task.task] = *task.auprc;
      }
    }
  }

  // A method's mean over the numbers of shots that `like` has too, by task.
  ByTask over_shots(std::string_view method, std::string_view like) const {
    ByTask sum;
    std::map<std::string, std::size_t> count;
    for (std::size_t s = 0; s < shots_.size(); ++s) {
      for (const auto& [task, value] : of(method)[s]) {
        if (!of(like)[s].contains(task)) continue;
        sum[task] += value;
        ++count[task];
      }
    }
    for (auto& [task, value] : sum) value /= static_cast<double>(count[task]);
    return sum;
  }

 private:
  std::span<const std::string_view> learned_;
  std::vector<std::size_t> shots_;  // rising
  std::map<std::string, std::vector<ByTask>> seen_;
};

std::vector<std::string> simple_names(std::span<const ViewSpan> views) {
  std::vector<std::string> names = {std::string(kMeanScore)};
  for (const std::string_view method : kSimple) {
    for (const ViewSpan& span : views) {
      names.push_back(span.name == kPlain ? std::string(method) : fmt::format("{}@{}", method, span.name));
    }
  }
  return names;
}

bool stopped(const TrainingHooks& hooks) { return hooks.stop != nullptr && *hooks.stop; }

bool is_member(const MetaModel& model, std::string_view name) {
  const auto whole = find_learner(model.learner)->make(model.learner_options);
  return std::ranges::any_of(whole->layout().tensors(), [&](const Tensor& one) { return one.name.starts_with(fmt::format("{}/", name)); });
}

// A member of a committee by itself.
MetaModel member(const MetaModel& committee, std::string_view name) {
  MetaModel model = committee;
  model.learner = name;
  const auto whole = find_learner(committee.learner)->make(committee.learner_options);
  const auto alone = find_learner(name)->make(committee.learner_options);
  model.learner_options = alone->options();
  model.params.assign(alone->layout().size(), 0.0F);
  for (const Tensor& tensor : alone->layout().tensors()) {
    const Tensor& source = whole->layout()[*whole->layout().find(fmt::format("{}/{}", name, tensor.name))];
    std::copy_n(committee.params.begin() + static_cast<std::ptrdiff_t>(source.offset), tensor.size(),
                model.params.begin() + static_cast<std::ptrdiff_t>(tensor.offset));
  }
  return model;
}

// Trains every learned candidate on the fold and judges all candidates on what it left out. False if stopped meanwhile.
bool try_fold(const TaskSuite& fold, const std::string& name, const LearnerOptions& options, const TrainingOptions& training,
              ThreadPool& pool, const TrainingHooks& hooks, Trials& trials) {
  const TrainingMaterial material(fold, training, pool);
  SharedSpaces spaces(fold.views.spans(), fold.reference);
  std::vector<std::unique_ptr<Method>> methods;
  std::vector<MetaModel> models;
  for (const std::string_view learner : trials.learned()) {
    if (!models.empty() && is_member(models.front(), learner)) {
      models.push_back(member(models.front(), learner));
      continue;
    }
    MetaModel& model = models.emplace_back(blank_model(learner, options, training, fold));
    const auto algorithm = find_learner(learner)->make(model.learner_options);
    TrainingState state = start_training(*algorithm, training);
    train(
        *algorithm, material.episodes(), training, state, pool,
        [&](const TrainingProgress& progress) {
          if (hooks.progress) hooks.progress(fmt::format("auto, {}: {}", name, learner), progress);
        },
        hooks.stop);
    if (stopped(hooks)) return false;
    model.params = std::move(state.params);
  }
  for (MetaModel& model : models) methods.push_back(learner_method(std::move(model), spaces));
  for (const std::string& simple : simple_names(fold.views.spans())) {
    methods.push_back(simple_method(simple, spaces));
  }
  try {
    trials.add(evaluate(fold.name, {}, fold.held_out, methods, protocol(training), pool));
  } catch (const ArgumentError&) {
    return true;  // no task of this fold is large enough to be judged on: it teaches nothing
  }
  return !stopped(hooks);
}

std::string best_learner(const Trials& trials) {
  const std::string_view standard = trials.learned().front();
  std::string best(standard);
  for (const std::string_view learner : trials.learned()) {
    const ByTask its = trials.over_shots(learner, standard);
    const ByTask best_yet = trials.over_shots(best, standard);
    if (learner != standard && mean_of(its) > mean_of(best_yet) && difference(its, trials.over_shots(standard, learner)).clear()) {
      best = learner;
    }
  }
  return best;
}

Selection conclude(const Trials& trials, const std::string& learner, std::size_t folds, std::size_t tasks) {
  Selection selection;
  selection.folds = folds;
  selection.tasks = tasks;
  selection.shots = trials.shots();
  const std::size_t count = selection.shots.size();
  for (std::size_t s = 0; s < count; ++s) {
    const ByTask& own = trials.of(learner)[s];
    std::string best = learner;
    double highest = own.empty() ? -1 : mean_of(own);
    for (const auto& [name, seen] : trials.all()) {
      if (trials.is_learned(name) || seen[s].empty() || !(mean_of(seen[s]) > highest)) continue;
      if (!own.empty() && !difference(seen[s], own).clear()) continue;
      best = name;
      highest = mean_of(seen[s]);
    }
    selection.chosen.push_back(best);
  }
  std::vector<std::pair<double, Selection::Candidate>> candidates;
  for (const auto& [name, seen] : trials.all()) {
    Selection::Candidate candidate{name, std::vector<std::optional<double>>(count), std::vector<std::optional<double>>(count)};
    double lead = 0;
    std::size_t compared = 0;
    for (std::size_t s = 0; s < count; ++s) {
      if (seen[s].empty()) continue;
      candidate.auprc[s] = mean_of(seen[s]);
      if (!trials.of(learner)[s].empty()) {
        lead += *candidate.auprc[s] - mean_of(trials.of(learner)[s]);
        ++compared;
      }
      const Difference to_own = difference(seen[s], trials.of(learner)[s]);
      if (name != learner && std::isfinite(to_own.error)) candidate.error[s] = to_own.error;
    }
    candidates.emplace_back(compared == 0 ? 0 : lead / static_cast<double>(compared), std::move(candidate));
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (auto& [lead, candidate] : candidates) selection.candidates.push_back(std::move(candidate));
  return selection;
}

}  // namespace

std::string_view default_learner(Space space) { return learners_for(space).front(); }

std::optional<std::pair<std::string, Selection>> select_method(const LearnerOptions& options, const TrainingOptions& training,
                                                               const TaskSuite& suite, ThreadPool& pool, const TrainingHooks& hooks) {
  TrainingOptions sorted = training;
  std::sort(sorted.shots.begin(), sorted.shots.end());
  sorted.shots.erase(std::unique(sorted.shots.begin(), sorted.shots.end()), sorted.shots.end());
  const std::size_t count = sorted.shots.size();
  const std::size_t tasks = suite.training.size();
  const bool table = training.space == Space::kTable;
  if (table || tasks < 2) {
    const std::string name(default_learner(training.space));
    const std::vector<std::optional<double>> nothing(count);
    return std::pair(name, Selection{0, 0, sorted.shots, {{name, nothing, nothing}}, std::vector(count, name)});
  }
  const std::size_t folds = std::min(kFolds, tasks);
  const auto suites = leave_tasks_out(suite, folds, training.episode.normals + kLeastNormals, training.seed);
  Trials trials(learners_for(training.space), sorted.shots);
  for (std::size_t f = 0; f < folds; ++f) {
    if (!try_fold(suites[f], fmt::format("fold {} of {}", f + 1, folds), options, sorted, pool, hooks, trials)) return std::nullopt;
  }
  const std::string learner = best_learner(trials);
  return std::pair(learner, conclude(trials, learner, folds, tasks));
}

}  // namespace oddshot
