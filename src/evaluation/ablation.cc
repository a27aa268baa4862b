#include "oddshot/evaluation/ablation.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "evaluation/train_model.h"
#include "oddshot/base/error.h"
#include "oddshot/evaluation/methods.h"

namespace oddshot {
namespace {

using Without = AblationRow::Without;

constexpr std::string_view kLearner = "score-net";

void erase(Matrix& rows, std::span<const std::uint32_t> columns) {
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    for (const std::uint32_t column : columns) rows(r, column) = 0;
  }
}

// Scores rows of score space without some of their columns.
class ErasingScorer final : public Scorer {
 public:
  ErasingScorer(std::unique_ptr<Scorer> scorer, std::span<const std::uint32_t> columns)
      : scorer_(std::move(scorer)), columns_(columns.begin(), columns.end()) {}
  void score(MatrixView rows, std::span<float> out) const override {
    Matrix left = copied(rows);
    erase(left, columns_);
    scorer_->score(left, out);
  }

 private:
  std::unique_ptr<Scorer> scorer_;
  std::vector<std::uint32_t> columns_;
};

// A method of score space that does without some of its columns, under a name of its own.
class ErasingMethod final : public Method {
 public:
  ErasingMethod(std::unique_ptr<Method> method, std::string name, std::vector<std::uint32_t> columns)
      : method_(std::move(method)), name_(std::move(name)), columns_(std::move(columns)) {}

  std::string name() const override { return name_; }
  std::string kind() const override { return method_->kind(); }
  std::size_t minimum_shots() const override { return method_->minimum_shots(); }
  const InputSpace* space(const Support& joined) const override { return method_->space(joined); }
  std::unique_ptr<Scorer> adapt(const Support& /*joined*/, Stream /*stream*/) const override {
    throw ArgumentError("an ablation is judged on rows of score space alone");
  }
  std::unique_ptr<Scorer> adapt_mapped(const Support& mapped, Stream stream, std::size_t steps) const override {
    Matrix rows = copied(mapped.rows);
    erase(rows, columns_);
    return std::make_unique<ErasingScorer>(method_->adapt_mapped({rows, mapped.labels}, stream, steps), columns_);
  }

 private:
  std::unique_ptr<Method> method_;
  std::string name_;
  std::vector<std::uint32_t> columns_;
};

// Groups in the order in which they first occur.
template <class NameOf>
std::vector<ScoreGroup> grouped(std::span<const std::string> names, const NameOf& name_of) {
  std::vector<ScoreGroup> groups;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t slash = names[i].find('/');
    if (slash == std::string::npos) throw ArgumentError(fmt::format("the score \"{}\" names no view", names[i]));
    std::string name = name_of(names[i], slash);
    auto group = std::ranges::find(groups, name, &ScoreGroup::name);
    if (group == groups.end()) group = groups.insert(groups.end(), {std::move(name), {}});
    group->columns.push_back(static_cast<std::uint32_t>(i));
  }
  return groups;
}

std::string without_number(const std::string& name) {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string::npos || dash + 1 == name.size()) return name;
  const bool number = std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dash) + 1, name.end(),
                                  [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
  return number ? name.substr(0, dash) : name;
}

struct Variant {
  AblationRow row;
  std::vector<std::uint32_t> columns;

  std::string method_name() const { return fmt::format("{}/{}", static_cast<int>(row.without), row.name); }
};

std::vector<Variant> variants_of(std::span<const std::string> names) {
  std::vector<Variant> variants = {{{Without::kNothing, {}, 0, 0, 0}, {}}, {{Without::kSeed, {}, 0, 0, 0}, {}}};
  const auto add = [&](Without without, std::vector<ScoreGroup> groups) {
    for (ScoreGroup& group : groups) {
      const std::size_t count = group.columns.size();
      if (count < names.size()) variants.push_back({{without, std::move(group.name), count, 0, 0}, std::move(group.columns)});
    }
  };
  add(Without::kView, views_of(names));
  add(Without::kFamily, families_of(names));
  return variants;
}

double standard_error(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const auto count = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (count - 1) / count);
}

}  // namespace

std::vector<ScoreGroup> views_of(std::span<const std::string> names) {
  return grouped(names, [](const std::string& name, std::size_t slash) { return name.substr(0, slash); });
}

std::vector<ScoreGroup> families_of(std::span<const std::string> names) {
  return grouped(names, [](const std::string& name, std::size_t slash) { return without_number(name.substr(slash + 1)); });
}

std::vector<AblationRow> ablation(const ExperimentPlan& plan, const TaskSuite& suite, ThreadPool& pool,
                                  const std::function<void(const std::string&, double)>& progress) {
  if (plan.training.space != Space::kScores) {
    throw ArgumentError(fmt::format("an ablation is of space \"scores\", not \"{}\"", to_string(plan.training.space)));
  }
  if (plan.evaluation.shots.size() != 1) {
    throw ArgumentError(fmt::format("an ablation is at one number of shots, not {}", plan.evaluation.shots.size()));
  }
  const auto say = [&](const std::string& what, double share) {
    if (progress) progress(what, share);
  };
  say("making episodes", 0);
  const TrainingMaterial material(suite, plan.training, pool);
  std::vector<Variant> variants = variants_of(ScoreSpace(suite.views.spans(), suite.reference).names());
  SharedSpaces spaces(suite.views.spans(), suite.reference);
  std::vector<std::unique_ptr<Method>> methods;
  for (const Variant& variant : variants) {
    say(variant.row.name.empty() ? "everything" : fmt::format("without {}", variant.row.name),
        static_cast<double>(methods.size()) / static_cast<double>(variants.size() + 1));
    TrainingOptions training = plan.training;
    if (variant.row.without == Without::kSeed) ++training.seed;
    MetaModel model = blank_model(kLearner, plan.learner, training, suite);
    const auto algorithm = find_learner(kLearner)->make(model.learner_options);
    TrainingState state = start_training(*algorithm, training);
    train(*algorithm, material.episodes().without(variant.columns), training, state, pool);
    model.params = std::move(state.params);
    methods.push_back(std::make_unique<ErasingMethod>(learner_method(std::move(model), spaces), variant.method_name(), variant.columns));
  }
  say("judging", static_cast<double>(methods.size()) / static_cast<double>(variants.size() + 1));
  const EvaluationResult result = evaluate(suite.name, {}, suite.held_out, methods, plan.evaluation, pool);

  const MethodResult& whole = result.methods.front();
  std::vector<AblationRow> rows;
  for (std::size_t v = 0; v < variants.size(); ++v) {
    const MethodResult& method = result.methods.at(v);
    AblationRow row = variants[v].row;
    if (!method.auprc || !whole.auprc) throw ArgumentError("no held-out task has an AUPRC at these shots");
    row.auprc = method.auprc->mean;
    std::vector<double> differences;
    for (std::size_t t = 0; t < method.tasks.size(); ++t) {
      if (method.tasks[t].auprc && whole.tasks[t].auprc) differences.push_back(*method.tasks[t].auprc - *whole.tasks[t].auprc);
    }
    row.error = standard_error(differences);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace oddshot
