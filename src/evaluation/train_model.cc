#include "evaluation/train_model.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "evaluation/fit_profile.h"
#include "evaluation/select.h"
#include "oddshot/base/error.h"
#include "oddshot/evaluation/methods.h"
#include "oddshot/model_io/shipped_models.h"

namespace oddshot {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

std::vector<std::string> names_of(const std::vector<Task>& tasks) {
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
  const auto learner_of = [](const MetaModel& model) {
    return model.selection ? std::string_view("auto") : std::string_view(model.learner);
  };
  if (learner_of(found) != learner_of(wanted)) {
    refuse("learner", learner_of(found), learner_of(wanted));
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
          {"committee", fmt::format("{}", fmt::join(learner.committee, ","))},
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
  const std::size_t least = learner == kAutoLearner ? 0 : find_learner(learner)->make(options)->minimum_shots();
  std::erase_if(training.shots, [&](std::size_t shots) { return shots < least; });
  if (training.shots.empty()) {
    throw ArgumentError(fmt::format("learner \"{}\" needs at least {} labelled anomal{}; add a larger number to --shots", learner, least,
                                    least == 1 ? "y" : "ies"));
  }
  return training;
}

namespace {

// Of tables with columns of their own nothing is learned but in table space, and no pseudo-task is made.
void check_fits(const TaskSuite& suite, const TrainingOptions& training) {
  if (!suite.of_tables()) return;
  if (training.space != Space::kTable) {
    throw ArgumentError(
        fmt::format("the tables of suite \"{}\" have columns of their own: nothing can be learned of them in space \"{}\", "
                    "only in space \"table\" (--space table)",
                    suite.name, to_string(training.space)));
  }
  if (training.augment != AugmentOptions::none()) {
    throw ArgumentError(
        fmt::format("the tables of suite \"{}\" have columns of their own: no pseudo-tasks are made of them (--augment none)", suite.name));
  }
}

// Where there is nothing to learn from, auto is the model of any table.
MetaModel without_training(std::string_view learner, const TaskSuite& suite, const std::filesystem::path& file) {
  if (learner != kAutoLearner) {
    throw ArgumentError(
        fmt::format("suite \"{}\" has no training tasks that learner \"{}\" could learn from; --learner auto then takes "
                    "the model \"{}\", which was trained on other tables",
                    suite.name, learner, kUniversalModel));
  }
  MetaModel model = load_model(find_model(kUniversalModel));
  std::vector<std::size_t> shots = model.training.shots;
  std::ranges::sort(shots);
  shots.erase(std::ranges::unique(shots).begin(), shots.end());
  const std::vector<std::optional<double>> nothing(shots.size());
  model.selection = Selection{0, 0, shots, {{model.learner, nothing, nothing}}, std::vector(shots.size(), model.learner)};
  if (!file.empty()) save_model(model, file);
  return model;
}

FeatureSpace features_of_suite(const TaskSuite& suite) {
  return suite.of_tables() ? FeatureSpace{} : feature_space(suite.preprocessor, suite.views);
}

}  // namespace

TrainingMaterial::TrainingMaterial(const TaskSuite& suite, const TrainingOptions& training, ThreadPool& pool)
    : space_(training.space, suite.views.spans(), suite.reference, training.scores),
      sources_(augment(suite.training, features_of_suite(suite), training.augment, largest_episode(training), training.seed, pool)),
      episodes_(sources_, training, space_, pool) {}

MetaModel blank_model(std::string_view learner, const LearnerOptions& options, const TrainingOptions& training, const TaskSuite& suite) {
  const LearnerEntry* entry = find_learner(learner);
  if (entry == nullptr) {
    throw ArgumentError(fmt::format("there is no learner \"{}\"", learner));
  }
  MetaModel model;
  model.learner = learner;
  model.learner_options = options;
  model.training = training;
  if (entry->kind == "pooled") {
    // On plain columns, as it is usually built; and a network that does not adapt cannot tell which of many pseudo-kinds is meant: their
    // labels would only contradict each other.
    if (training.space != Space::kRaw) use_raw_settings(model.learner_options, model.training);
    model.training.augment = AugmentOptions::none();
  }
  check_fits(suite, model.training);
  model.learner_options.encoder.inputs =
      InputSpace::width_of(model.training.space, suite.views.inputs(), suite.views.spans().size(), model.training.scores);
  model.learner_options = entry->make(model.learner_options)->options();
  if (model.training.space != Space::kTable) {  // which keeps nothing of the tables that it was learned on
    model.preprocessor = suite.preprocessor;
    model.views = suite.views;
    model.reference = suite.reference;
  }
  model.suite = suite.name;
  model.training_tasks = names_of(suite.training);
  model.oddshot_version = ODDSHOT_VERSION;
  return model;
}

MetaModel train_model(std::string_view learner, const LearnerOptions& asked, const TrainingOptions& given, const TaskSuite& suite,
                      ThreadPool& pool, const TrainingHooks& hooks, const std::filesystem::path& file, bool resume) {
  const auto began = Clock::now();
  if (suite.training.empty()) return without_training(learner, suite, file);
  TrainingOptions training = given;
  if (learner == kAutoLearner && suite.training.size() <= kFewKinds && given.augment == AugmentOptions{}) {
    training.augment = AugmentOptions::for_few_kinds();
  }
  std::optional<MetaModel> found;
  if (resume && std::filesystem::exists(file)) {
    found = load_model(file);
  }
  LearnerOptions options = asked;
  if (found && options.committee.empty()) options.committee = found->learner_options.committee;  // it keeps to those it began with
  std::string name(learner);
  std::optional<Selection> selection;
  if (learner == kAutoLearner && found && found->selection) {  // chosen before the interrupt
    name = found->learner;
    selection = found->selection;
  } else if (learner == kAutoLearner) {
    if (found) {
      MetaModel wanted = blank_model(default_learner(training.space), options, training, suite);
      wanted.selection.emplace();
      check_same_training(*found, wanted, file);  // refuses: the file is no model of auto
    }
    auto selected = select_method(options, training, suite, pool, hooks);
    if (!selected) {
      MetaModel stopped = blank_model(default_learner(training.space), options, training, suite);
      stopped.adam_m.emplace();
      stopped.adam_v.emplace();
      return stopped;
    }
    name = selected->first;
    selection = std::move(selected->second);
  }
  MetaModel model = blank_model(name, options, training, suite);
  model.selection = std::move(selection);

  const auto algorithm = find_learner(name)->make(model.learner_options);
  TrainingState state = start_training(*algorithm, model.training);
  double seconds_before = 0;
  if (found) {
    check_same_training(*found, model, file);
    if (!found->adam_m) {
      if (!found->profile) {  // of a file from before profiles were kept
        found->profile = fit_profile(*found, suite.training, pool);
        if (found->profile && !file.empty()) save_model(*found, file);
      }
      return std::move(*found);
    }
    seconds_before = found->training_seconds;
    state = {.step = found->steps_done,
             .params = std::move(found->params),
             .adam_m = std::move(*found->adam_m),
             .adam_v = std::move(*found->adam_v),
             .losses = std::move(found->losses)};
  }

  const TrainingMaterial material(suite, model.training, pool);
  auto last_saved = Clock::now();
  const auto fill = [&] {
    model.params = state.params;
    model.losses = state.losses;
    model.steps_done = state.step;
    model.training_seconds = seconds_before + seconds_since(began);
    const bool finished = state.step >= model.training.steps;
    if (finished) model.profile = fit_profile(model, suite.training, pool);
    model.adam_m = finished ? std::nullopt : std::optional(state.adam_m);
    model.adam_v = finished ? std::nullopt : std::optional(state.adam_v);
    if (!file.empty()) {
      save_model(model, file);
      last_saved = Clock::now();
    }
  };
  try {
    train(
        *algorithm, material.episodes(), model.training, state, pool,
        [&](const TrainingProgress& progress) {
          if (hooks.progress) {
            hooks.progress(name, progress);
          }
          if (!file.empty() && state.step < model.training.steps && seconds_since(last_saved) > hooks.checkpoint_seconds) {
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

}  // namespace oddshot
