#include "evaluation/report_view.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "evaluation/order.h"

namespace oddshot {
namespace {

constexpr std::string_view kLearner = "learner";
constexpr std::array<std::string_view, 4> kLearnerStyles = {"c0", "c1", "c2", "c3"};

template <class T>
void add_once(std::vector<T>& list, const T& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

}  // namespace

AnomalyNouns nouns_of(std::string_view domain) {
  if (domain == "network") return {"an", "attack type", "attack types"};
  if (domain == "finance") return {"a", "fraud pattern", "fraud patterns"};
  if (domain == "industry") return {"a", "fault", "faults"};
  if (domain == "medicine") return {"a", "diagnosis", "diagnoses"};
  return {"a", "kind of anomaly", "kinds of anomaly"};
}

std::optional<double> task_auprc(const MethodResult& method, std::string_view task) {
  for (const TaskResult& t : method.tasks) {
    if (t.task == task) return t.auprc;
  }
  return std::nullopt;
}

ReportView::ReportView(const EvaluationResult& result, const RunSettings& settings)
    : result_(result), settings_(settings), nouns_(nouns_of(settings.domain)) {
  for (const MethodResult& m : result.methods) {
    add_once(shots_, m.shots);
    if (m.kind == kLearner && std::find(methods_.begin(), methods_.end(), m.name) == methods_.end()) ++learners_;
    add_once(methods_, m.name);
    for (const TaskResult& t : m.tasks) add_once(tasks_, t.task);
  }
  std::sort(shots_.begin(), shots_.end());
  if (shots_.empty()) return;
  const bool has_five = std::find(shots_.begin(), shots_.end(), std::size_t{5}) != shots_.end();
  lead_ = has_five ? 5 : shots_[shots_.size() / 2];

  if (const MethodResult* base = best_baseline(lead_)) styles_[base->name] = "base";
  std::size_t used = 0;
  for (const MethodResult* m : ranked(lead_)) {
    if (m->kind == kLearner && used < kLearnerStyles.size()) styles_[m->name] = kLearnerStyles[used++];
  }
}

const MethodResult* ReportView::find(std::string_view method, std::size_t shots) const {
  for (const MethodResult& m : result_.methods) {
    if (m.name == method && m.shots == shots) return &m;
  }
  return nullptr;
}

std::vector<const MethodResult*> ReportView::ranked(std::size_t shots) const {
  std::vector<const MethodResult*> rows;
  for (const MethodResult& m : result_.methods) {
    if (m.shots == shots) rows.push_back(&m);
  }
  return by_falling(std::move(rows), [](const MethodResult* m) { return m->auprc ? m->auprc->mean : -1.0; });
}

const MethodResult* ReportView::best(std::size_t shots, bool learner) const {
  for (const MethodResult* m : ranked(shots)) {
    if ((m->kind == kLearner) == learner && m->auprc) return m;
  }
  return nullptr;
}

const MethodResult* ReportView::best_learner(std::size_t shots) const { return best(shots, true); }

const MethodResult* ReportView::best_baseline(std::size_t shots) const {
  // The one the differences were measured against, so that words and numbers speak of the same.
  if (const MethodResult* learner = best(shots, true)) {
    if (const MethodResult* named = find(learner->best_baseline, shots)) return named;
  }
  return best(shots, false);
}

Standing ReportView::standing(std::size_t shots) const {
  const MethodResult* learner = best_learner(shots);
  if (learner == nullptr || !learner->auprc_over_best_baseline) return Standing::kNotCompared;
  if (learner->auprc_over_best_baseline->low > 0) return Standing::kWins;
  return learner->auprc_over_best_baseline->high < 0 ? Standing::kLoses : Standing::kUnclear;
}

std::optional<double> ReportView::chance(std::size_t shots) const {
  for (const MethodResult& m : result_.methods) {  // the same for every method
    if (m.shots != shots || m.tasks.empty()) continue;
    double sum = 0;
    for (const TaskResult& t : m.tasks) sum += t.prevalence;
    if (sum > 0) return sum / static_cast<double>(m.tasks.size());
  }
  return std::nullopt;
}

std::string_view ReportView::style(std::string_view method) const {
  const auto found = styles_.find(method);
  return found == styles_.end() ? "other" : found->second;
}

bool ReportView::is_learner(std::string_view method) const {
  return std::any_of(result_.methods.begin(), result_.methods.end(),
                     [&](const MethodResult& m) { return m.name == method && m.kind == kLearner; });
}

}  // namespace oddshot
