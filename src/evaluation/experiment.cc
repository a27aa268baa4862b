#include "oddshot/evaluation/experiment.h"

#include <algorithm>
#include <chrono>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "oddshot/evaluation/methods.h"

namespace oddshot {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

void check_known(const char* what, std::string_view name, std::span<const std::string_view> known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) {
    return;
  }
  const auto near = nearest(name, known);
  throw ArgumentError(near ? fmt::format("there is no {} \"{}\"; did you mean \"{}\"?", what, name, *near)
                           : fmt::format("there is no {} \"{}\"; choose from {}", what, name, fmt::join(known, ", ")));
}

// "knn@whitened" taken apart; without "@" the view is the plain one.
struct BaselineName {
  std::string_view method;
  std::string_view view = kPlain;

  explicit BaselineName(std::string_view name) : method(name.substr(0, name.find('@'))) {
    if (method.size() < name.size()) {
      view = name.substr(method.size() + 1);
    }
  }
};

void check_baseline(std::string_view name) {
  const BaselineName parts(name);
  const std::vector<std::string_view> known = baseline_names();
  check_known("baseline", parts.method, known);
  check_known("view", parts.view, kViewNames);
  const LearnerEntry* entry = find_learner(parts.method);
  if (entry != nullptr && parts.view != kPlain) {
    throw ArgumentError(fmt::format("baseline \"{}\" is trained on plain rows; it has no other view", parts.method));
  }
}

void check_distinct(const char* what, const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) {
      throw ArgumentError(fmt::format("{} \"{}\" is named twice", what, name));
    }
  }
}

std::vector<std::string> task_names(const std::vector<Task>& tasks) {
  std::vector<std::string> names;
  for (const Task& task : tasks) {
    names.push_back(task.name);
  }
  return names;
}

EpisodeSpec largest_episode(const TrainingOptions& training) {
  EpisodeSpec spec = training.episode;
  spec.shots = *std::max_element(training.shots.begin(), training.shots.end());
  return spec;
}

// Whether training can go on from `found` to where `wanted` leads.
void check_same_training(const MetaModel& found, const MetaModel& wanted, const std::filesystem::path& file) {
  const auto refuse = [&](std::string_view what, std::string_view was, std::string_view is) {
    throw ArgumentError(fmt::format("{} cannot be resumed: it was trained with {} {}, not {}; give the same settings or another file",
                                    file.string(), what, was, is));
  };
  if (found.learner != wanted.learner) {
    refuse("learner", found.learner, wanted.learner);
  }
  const auto before = training_settings(found.learner_options, found.training);
  const auto now = training_settings(wanted.learner_options, wanted.training);
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (before[i].second != now[i].second) {
      refuse(now[i].first, before[i].second, now[i].second);
    }
  }
  if (found.suite != wanted.suite) {
    refuse("suite", found.suite, wanted.suite);
  }
  if (found.training_tasks != wanted.training_tasks) {
    refuse("tasks", fmt::format("{}", fmt::join(found.training_tasks, ", ")), fmt::format("{}", fmt::join(wanted.training_tasks, ", ")));
  }
  if (!see_alike(found, wanted)) {
    refuse("features of", "other data", "these");
  }
}

}  // namespace

void ExperimentPlan::validate() const {
  std::vector<std::string_view> known;
  for (const LearnerEntry& entry : learner_table()) {
    if (entry.kind == "learner") {
      known.push_back(entry.name);
    }
  }
  for (const std::string& name : learners) {
    check_known("learner", name, known);
  }
  check_distinct("learner", learners);
  for (const std::string& name : baselines) {
    check_baseline(name);
  }
  check_distinct("baseline", baselines);
  if (learners.empty() && baselines.empty()) {
    throw ArgumentError("there is nothing to evaluate: name a learner or a baseline");
  }
  LearnerOptions options = learner;
  options.encoder.inputs = std::max<std::size_t>(options.encoder.inputs, 1);  // known only once the features are
  options.validate();
  training.validate();
  evaluation.validate();
  for (const std::string& name : learners) {
    shots_for(name, options, training);
  }
}

void use_raw_settings(LearnerOptions& learner, TrainingOptions& training) {
  learner.encoder.hidden = {128, 128};
  training.space = Space::kRaw;
  training.steps = 300;
  training.episodes = 0;
  training.dropout = 0;
  training.rate = 1e-3F;
  training.warmup = 0;
  training.weight_decay = 0;
}

std::vector<std::pair<std::string, std::string>> training_settings(const LearnerOptions& learner, const TrainingOptions& training) {
  const auto list = [](const std::vector<std::size_t>& values) { return fmt::format("{}", fmt::join(values, ",")); };
  return {{"hidden", list(learner.encoder.hidden)},
          {"activation", std::string(to_string(learner.encoder.activation))},
          {"layer-norm", learner.encoder.layer_norm ? "yes" : "no"},
          {"embedding", fmt::format("{}", learner.embedding)},
          {"inner-steps", fmt::format("{}", learner.inner_steps)},
          {"inner-rate", fmt::format("{}", learner.inner_rate)},
          {"inner-momentum", fmt::format("{}", learner.inner_momentum)},
          {"multi-step-loss", learner.multi_step_loss ? "yes" : "no"},
          {"learn-inner-rates", learner.learn_inner_rates ? "yes" : "no"},
          {"finetune-steps", fmt::format("{}", learner.finetune_steps)},
          {"prototypes", fmt::format("{}", learner.prototypes)},
          {"metric", std::string(to_string(learner.metric))},
          {"margin", fmt::format("{}", learner.margin)},
          {"contrast", std::string(to_string(learner.contrast))},
          {"mining", std::string(to_string(learner.mining))},
          {"proximity", fmt::format("{}", learner.proximity)},
          {"conjugate-steps", fmt::format("{}", learner.conjugate_steps)},
          {"optimizer-width", fmt::format("{}", learner.optimizer_width)},
          {"members", fmt::format("{}", learner.members)},
          {"optimizer", std::string(to_string(training.optimizer))},
          {"space", std::string(to_string(training.space))},
          {"steps", fmt::format("{}", training.steps)},
          {"tasks-per-step", fmt::format("{}", training.tasks_per_step)},
          {"episodes", fmt::format("{}", training.episodes)},
          {"dropout", fmt::format("{}", training.dropout)},
          {"rate", fmt::format("{}", training.rate)},
          {"warmup", fmt::format("{}", training.warmup)},
          {"clip", fmt::format("{}", training.clip)},
          {"weight-decay", fmt::format("{}", training.weight_decay)},
          {"training-shots", list(training.shots)},
          {"normals", fmt::format("{}", training.episode.normals)},
          {"training-query-normals", fmt::format("{}", training.episode.query_normals)},
          {"training-query-anomalies", fmt::format("{}", training.episode.query_anomalies)},
          {"augment", to_string(training.augment)},
          {"seed", fmt::format("{}", training.seed)}};
}

TrainingOptions shots_for(std::string_view learner, const LearnerOptions& options, TrainingOptions training) {
  const std::size_t least = find_learner(learner)->make(options)->minimum_shots();
  std::erase_if(training.shots, [&](std::size_t shots) { return shots < least; });
  if (training.shots.empty()) {
    throw ArgumentError(fmt::format("learner \"{}\" needs at least {} labelled anomal{}; add a larger number to --shots", learner, least,
                                    least == 1 ? "y" : "ies"));
  }
  return training;
}

MetaModel train_model(std::string_view learner, const LearnerOptions& given_options, const TrainingOptions& given_training,
                      const TaskSuite& suite, ThreadPool& pool, const TrainingHooks& hooks, const std::filesystem::path& file,
                      bool resume) {
  const LearnerEntry* entry = find_learner(learner);
  if (entry == nullptr) {
    throw ArgumentError(fmt::format("there is no learner \"{}\"", learner));
  }
  LearnerOptions sized = given_options;
  TrainingOptions training = given_training;
  if (entry->kind == "pooled") {
    // On plain columns, as it is usually built; and a network that does not adapt cannot tell which of many pseudo-kinds is meant: their
    // labels would only contradict each other.
    if (training.space != Space::kRaw) use_raw_settings(sized, training);
    training.augment = AugmentOptions::none();
  }
  const InputSpace space(training.space, suite.views.spans(), suite.reference);
  sized.encoder.inputs = space.width();
  const auto algorithm = entry->make(sized);
  MetaModel model;
  model.learner = learner;
  model.learner_options = algorithm->options();
  model.preprocessor = suite.preprocessor;
  model.views = suite.views;
  model.reference = suite.reference;
  model.suite = suite.name;
  model.training_tasks = task_names(suite.training);
  model.training = training;

  TrainingState state = start_training(*algorithm, training);
  double seconds_before = 0;
  if (resume && std::filesystem::exists(file)) {
    MetaModel found = load_model(file);
    check_same_training(found, model, file);
    if (!found.adam_m) {
      return found;
    }
    seconds_before = found.training_seconds;
    state = {.step = found.steps_done,
             .params = std::move(found.params),
             .adam_m = std::move(*found.adam_m),
             .adam_v = std::move(*found.adam_v),
             .losses = std::move(found.losses)};
  }

  const auto began = Clock::now();
  const std::vector<TaskSource> sources = augment(suite.training, feature_space(suite.preprocessor, suite.views), training.augment,
                                                  largest_episode(training), training.seed, pool);
  const Episodes episodes(sources, training, space, pool);
  auto last_saved = Clock::now();
  const auto fill = [&] {
    model.params = state.params;
    model.losses = state.losses;
    model.steps_done = state.step;
    model.training_seconds = seconds_before + seconds_since(began);
    const bool finished = state.step >= training.steps;
    model.adam_m = finished ? std::nullopt : std::optional(state.adam_m);
    model.adam_v = finished ? std::nullopt : std::optional(state.adam_v);
    if (!file.empty()) {
      save_model(model, file);
      last_saved = Clock::now();
    }
  };
  try {
    train(
        *algorithm, episodes, training, state, pool,
        [&](const TrainingProgress& progress) {
          if (hooks.progress) {
            hooks.progress(learner, progress);
          }
          if (!file.empty() && state.step < training.steps && seconds_since(last_saved) > hooks.checkpoint_seconds) {
            fill();
          }
        },
        hooks.stop);
  } catch (const NumericError& lost) {  // the state is the last good step's: keep it
    fill();
    throw NumericError(file.empty() ? std::string(lost.what())
                                    : fmt::format("{}; the last good step, {}, is kept in {}", lost.what(), state.step, file.string()));
  }
  fill();
  return model;
}

bool needs_pooled(const ExperimentPlan& plan) {
  return std::any_of(plan.baselines.begin(), plan.baselines.end(), [](const std::string& name) {
    const LearnerEntry* entry = find_learner(BaselineName(name).method);
    return entry != nullptr && entry->kind == "pooled";
  });
}

std::vector<std::unique_ptr<Method>> plan_methods(const ExperimentPlan& plan, const std::vector<MetaModel>& models, const MetaModel* pooled,
                                                  std::span<const ViewSpan> views) {
  std::vector<std::unique_ptr<Method>> methods;
  for (const MetaModel& model : models) {
    methods.push_back(learner_method(model));
  }
  for (const std::string& name : plan.baselines) {
    const BaselineName parts(name);
    if (const Expert* expert = find_expert(parts.method)) {
      methods.push_back(on_view(expert_method(*expert), find_view(views, parts.view)));
    } else if (parts.method == "mlp-scratch") {
      LearnerOptions options = plan.learner;
      TrainingOptions training = plan.training;
      if (training.space != Space::kRaw) use_raw_settings(options, training);
      methods.push_back(on_view(mlp_scratch_method({.encoder = options.encoder}), find_view(views, parts.view)));
    } else if (pooled != nullptr) {
      methods.push_back(learner_method(*pooled, parts.method));
    } else {
      throw ArgumentError(fmt::format("baseline \"{}\" needs a pooled network", name));
    }
  }
  return methods;
}

RunSettings run_settings(const SuiteRows& rows, const TaskSuite& suite, const ExperimentPlan& plan) {
  RunSettings settings;
  settings.title = rows.manifest.title;
  settings.description = rows.manifest.description;
  settings.domain = rows.manifest.domain;
  settings.simulated = !rows.manifest.simulator.empty();
  settings.training_tasks = task_names(suite.training);
  settings.settings = {{"learner", fmt::format("{}", fmt::join(plan.learners, ","))},
                       {"baselines", fmt::format("{}", fmt::join(plan.baselines, ","))}};
  for (auto& setting : training_settings(plan.learner, plan.training)) {
    settings.settings.push_back(std::move(setting));
  }
  settings.settings.emplace_back("features", fmt::format("{}", suite.preprocessor.width()));
  settings.notes = rows.notes;
  if (!suite.preprocessor.dropped().empty()) {
    settings.notes.push_back(fmt::format("Columns dropped because they are constant among the training rows: {}.",
                                         fmt::join(suite.preprocessor.dropped(), ", ")));
  }
  for (const auto& [column, count] : suite.report.unseen_categories) {
    settings.notes.push_back(fmt::format("{} held-out rows have a value of {} that no training normal has.", count, column));
  }
  for (const auto& [column, count] : suite.report.unexpected_missing) {
    settings.notes.push_back(fmt::format("{} held-out rows miss {}, which no training normal does.", count, column));
  }
  return settings;
}

}  // namespace oddshot
