#include "oddshot/evaluation/experiment.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "oddshot/base/error.h"
#include "oddshot/base/text.h"
#include "oddshot/evaluation/methods.h"

namespace oddshot {
namespace {

constexpr std::string_view kRank = kViewNames[1];

void check_known(const char* what, std::string_view name, std::span<const std::string_view> known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) {
    return;
  }
  const auto near = nearest(name, known);
  throw ArgumentError(near ? fmt::format("there is no {} \"{}\"; did you mean \"{}\"?", what, name, *near)
                           : fmt::format("there is no {} \"{}\"; choose from {}", what, name, fmt::join(known, ", ")));
}

void check_baseline(std::string_view name) {
  const SimpleName parts(name);
  check_known("baseline", parts.method, baseline_names());
  check_known("view", parts.view, kViewNames);
  if (const std::string_view missing = missing_for(name); !missing.empty()) {
    throw ArgumentError(fmt::format("baseline \"{}\" {}", parts.method, missing));
  }
  if (parts.view != kPlain && !takes_views(parts.method)) {
    throw ArgumentError(fmt::format("baseline \"{}\" {}; it has no other view", parts.method,
                                    parts.method == kMeanScore ? "takes all views" : "is trained on plain rows"));
  }
}

std::unique_ptr<Method> scratch_method(const ExperimentPlan& plan) {
  LearnerOptions options = plan.learner;
  TrainingOptions training = plan.training;
  if (training.space != Space::kRaw) use_raw_settings(options, training);
  return mlp_scratch_method({.encoder = options.encoder});
}

// Whether a baseline has a use on a suite of tables: simple methods on the plain view and on ranks among the support's normals.
bool serves_tables(std::string_view baseline) {
  const SimpleName parts(baseline);
  return takes_views(parts.method) && (parts.view == kPlain || (parts.view == kRank && parts.method != "mlp-scratch"));
}

void check_serves_tables(std::string_view baseline) {
  if (serves_tables(baseline)) return;
  throw ArgumentError(
      fmt::format("baseline \"{}\" has no use on tables with columns of their own: simple methods have the views plain and rank there, and "
                  "the tables share nothing to be trained on",
                  baseline));
}

// What a name of a list of baselines stands for: itself, or the group's.
std::vector<std::string> members(const std::string& name) {
  if (name != kAllBaselines && name != kEverywhere) return {name};
  std::vector<std::string> found;
  for (const std::string_view baseline : baseline_names()) {
    if (!missing_for(baseline).empty()) continue;
    if (name == kAllBaselines) {
      found.emplace_back(baseline);
    } else if (takes_views(baseline)) {
      for (const std::string_view view : kViewNames) {
        found.push_back(view == kPlain ? std::string(baseline) : fmt::format("{}@{}", baseline, view));
      }
    } else if (baseline == kMeanScore) {
      found.emplace_back(baseline);
    }
  }
  return found;
}

bool has_use(std::string_view baseline, const TaskSuite& suite) {
  if (suite.of_tables()) return serves_tables(baseline);
  const std::string_view view = SimpleName(baseline).view;
  return std::ranges::any_of(suite.views.spans(), [&](const ViewSpan& span) { return span.name == view; });
}

// keep(member, name): whether a member of the group of that name stays.
template <class Keep>
std::vector<std::string> expanded(std::span<const std::string> names, const Keep& keep) {
  std::vector<std::string> all;
  for (const std::string& name : names) {
    const std::vector<std::string> found = members(name);
    const bool group = found.size() != 1 || found.front() != name;
    for (const std::string& member : found) {
      const bool known = std::ranges::find(all, member) != all.end() || (group && std::ranges::find(names, member) != names.end());
      if (!group || (!known && keep(member))) all.push_back(member);  // what is named twice stays so, for validate() to tell
    }
  }
  return all;
}

// A baseline on rows that are nothing but plain columns.
std::unique_ptr<Method> plain_method(const std::string& name, const ExperimentPlan& plan) {
  check_serves_tables(name);
  const SimpleName parts(name);
  if (parts.method == "mlp-scratch") return scratch_method(plan);
  return parts.view == kPlain ? simple_method(parts.method) : on_ranks(simple_method(parts.method));
}

void check_distinct(const char* what, const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) {
      throw ArgumentError(fmt::format("{} \"{}\" is named twice", what, name));
    }
  }
}

}  // namespace

void ExperimentPlan::validate() const {
  std::vector<std::string_view> known = {kAutoLearner};
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

std::vector<std::string> expanded_baselines(std::span<const std::string> names) {
  return expanded(names, [](const std::string& /*member*/) { return true; });
}

std::vector<std::string> expanded_baselines(std::span<const std::string> names, const TaskSuite& suite) {
  std::vector<std::string> all = expanded(names, [&](const std::string& member) { return has_use(member, suite); });
  for (const std::string& name : all) {
    if (suite.of_tables()) check_serves_tables(name);
  }
  return all;
}

bool needs_pooled(const ExperimentPlan& plan) {
  return std::any_of(plan.baselines.begin(), plan.baselines.end(), [](const std::string& name) {
    const LearnerEntry* entry = find_learner(SimpleName(name).method);
    return entry != nullptr && entry->kind == "pooled";
  });
}

std::vector<std::unique_ptr<Method>> plan_methods(const ExperimentPlan& plan, const std::vector<MetaModel>& models, const MetaModel* pooled,
                                                  std::span<const ViewSpan> views, const Matrix& reference) {
  std::vector<std::unique_ptr<Method>> methods;
  SharedSpaces spaces(views, reference);
  for (const MetaModel& model : models) {
    methods.push_back(learner_method(model, spaces));
  }
  for (const std::string& name : plan.baselines) {
    const SimpleName parts(name);
    if (views.empty()) {
      methods.push_back(plain_method(name, plan));
    } else if (parts.method == "mlp-scratch") {
      methods.push_back(on_view(scratch_method(plan), find_view(views, parts.view)));
    } else if (find_learner(parts.method) == nullptr) {
      methods.push_back(simple_method(name, spaces));
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
  for (const Task& task : suite.training) settings.training_tasks.push_back(task.name);
  settings.settings = {{"learner", fmt::format("{}", fmt::join(plan.learners, ","))},
                       {"baselines", fmt::format("{}", fmt::join(plan.baselines, ","))}};
  for (auto& setting : training_settings(plan.learner, plan.training)) {
    settings.settings.push_back(std::move(setting));
  }
  settings.settings.emplace_back("features", suite.of_tables() ? "of each table" : fmt::format("{}", suite.preprocessor.width()));
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
