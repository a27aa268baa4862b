// What the sections of the report share: which shots lead, who is compared with whom, and which methods carry a colour.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oddshot/evaluation/evaluate.h"

namespace oddshot {

// What an anomaly of this domain is called.
struct AnomalyNouns {
  std::string_view article, one, many;  // "an", "attack type", "attack types"
};
AnomalyNouns nouns_of(std::string_view domain);

// How the best learner stands against the best method without meta-learning, at one number of shots.
enum class Standing { kWins, kUnclear, kLoses, kNotCompared };

// Borrows result and settings.
class ReportView {
 public:
  ReportView(const EvaluationResult& result, const RunSettings& settings);

  const EvaluationResult& result() const { return result_; }
  const RunSettings& settings() const { return settings_; }
  const AnomalyNouns& nouns() const { return nouns_; }

  const std::vector<std::size_t>& shots() const { return shots_; }      // with results, rising
  std::size_t lead_shots() const { return lead_; }                      // five where measured, else the middle; 0 if there are no results
  const std::vector<std::string>& methods() const { return methods_; }  // in order of appearance
  const std::vector<std::string>& tasks() const { return tasks_; }      // held out, in order of appearance
  std::size_t learners() const { return learners_; }

  const MethodResult* find(std::string_view method, std::size_t shots) const;  // or null
  // The rows at these shots by falling AUPRC, undefined ones last.
  std::vector<const MethodResult*> ranked(std::size_t shots) const;
  const MethodResult* best_learner(std::size_t shots) const;   // of those with a defined AUPRC; or null
  const MethodResult* best_baseline(std::size_t shots) const;  // the same of the other kinds
  Standing standing(std::size_t shots) const;
  // What guessing would reach in AUPRC: the mean share of anomalies over the tasks; nothing where no task tells it.
  std::optional<double> chance(std::size_t shots) const;

  // CSS class of a method in every chart and table: "c0" to "c3" the best four learners, "base" the best method without meta-learning
  // (both at lead_shots), else "other".
  std::string_view style(std::string_view method) const;
  bool is_learner(std::string_view method) const;

 private:
  const MethodResult* best(std::size_t shots, bool learner) const;

  const EvaluationResult& result_;
  const RunSettings& settings_;
  AnomalyNouns nouns_;
  std::vector<std::size_t> shots_;
  std::size_t lead_ = 0;
  std::vector<std::string> methods_;
  std::vector<std::string> tasks_;
  std::size_t learners_ = 0;
  std::map<std::string, std::string_view, std::less<>> styles_;
};

// AUPRC of one task, or nothing where undefined or absent.
std::optional<double> task_auprc(const MethodResult& method, std::string_view task);

}  // namespace oddshot
