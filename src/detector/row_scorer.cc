#include "oddshot/detector/row_scorer.h"

#include <utility>

#include <fmt/format.h>

#include "oddshot/base/error.h"

namespace oddshot {

RowScorer::RowScorer(const Detector& detector, RowScorerOptions options, ThreadPool& pool, DriftWatch* watch)
    : detector_(detector), options_(std::move(options)), pool_(pool), watch_(watch) {
  const Calibration& calibration = detector.calibration();
  if (options_.max_false_alarms && options_.false_discovery_rate) {
    throw ArgumentError("alerts are told by a rate of false alarms or by a false discovery rate, not by both");
  }
  if (!options_.weight.empty() && !calibration.weighted()) {
    throw ArgumentError("weights of rows need a calibration with weights: adapt with --weight-column too");
  }
  if (options_.anomaly_share) probability_.emplace(detector, *options_.anomaly_share);
  if (options_.reasons) {
    if (options_.reasons->columns == 0) throw ArgumentError("reasons of 0 columns");
    explainer_ = explainer_of(detector, options_.reasons->explain);
  }
  if (options_.false_discovery_rate) {
    check_rate(*options_.false_discovery_rate, "the false discovery rate");
    if (!calibration.present()) calibration.threshold(0.5);  // throws
    if (calibration.weighted()) throw ArgumentError("a false discovery rate cannot be promised with a weighted calibration");
    tells_alerts_ = true;
    return;
  }
  rate_ = options_.max_false_alarms ? options_.max_false_alarms : detector.max_false_alarms();
  if (!rate_) {
    if (explainer_ && options_.reasons->alerts_alone) {
      throw ArgumentError("reasons of alerts are asked for, and nothing says which rows are alerts: ask for a rate of false alarms too");
    }
    return;
  }
  check_rate(*rate_, "the false-alarm rate");
  if (!calibration.weighted()) threshold_ = calibration.threshold(*rate_);
  tells_alerts_ = true;
}

RowReadOptions RowScorer::reading() const {
  RowReadOptions read;
  read.numeric = detector_.preprocessor().numeric_columns();
  read.category = detector_.preprocessor().category_columns();
  read.inferred = detector_.preprocessor().window_columns();
  if (!options_.weight.empty()) read.numeric.push_back(options_.weight);
  read.whole = !detector_.preprocessor().windows().empty();
  return read;
}

std::vector<AddedColumn> RowScorer::columns() const {
  std::vector<AddedColumn> columns{{"score", std::vector<float>()}};
  if (detector_.calibration().present()) columns.push_back({"p_value", std::vector<double>()});
  if (probability_) columns.push_back({"probability", std::vector<double>()});
  if (tells_alerts_) columns.push_back({"alert", std::vector<bool>()});
  if (explainer_) columns.push_back({"reasons", std::vector<std::string>()});
  return columns;
}

RowScorer::Scored RowScorer::scored(const RowBatch& batch) {
  Scored out;
  out.encoded = detector_.encode(batch.typed);
  out.scores = detector_.score_encoded(out.encoded, pool_);
  const Calibration& calibration = detector_.calibration();
  if (!calibration.present()) return out;
  const Column* weights = options_.weight.empty() ? nullptr : &batch.typed.column(options_.weight);
  for (std::size_t r = 0; r < out.scores.size(); ++r) {
    std::optional<float> weight;
    if (weights != nullptr) {
      weight = weights->numbers[r];
      if (!(*weight >= 0)) {
        throw FormatError(fmt::format("{}, column \"{}\": a weight must be a number of 0 or more", batch.typed.place(r), options_.weight));
      }
    }
    out.p_values.push_back(calibration.p_value(out.scores[r], weight));
  }
  return out;
}

bool RowScorer::alert(float score, double p) const {
  if (threshold_) return score > *threshold_;
  return rate_ && p <= *rate_ * (1 + 1e-9);
}

void RowScorer::count(const RowBatch& batch) {
  for (const double p : scored(batch).p_values) batch_.add(p);
}

std::vector<std::string> RowScorer::reasons_of(const Table& rows, const std::vector<bool>& alerts) {
  const ReasonOptions& options = *options_.reasons;
  std::vector<std::uint32_t> asked;
  for (std::uint32_t r = 0; r < alerts.size(); ++r) {
    if (alerts[r] || !options.alerts_alone) asked.push_back(r);
  }
  if (options.limit > 0 && asked.size() > options.limit - explained_) {
    unexplained_ += asked.size() - (options.limit - explained_);
    asked.resize(options.limit - explained_);
  }
  explained_ += asked.size();
  std::vector<std::string> out(alerts.size());
  if (asked.empty()) return out;
  for (const Explanation& one : explain(detector_, *explainer_, rows, asked, pool_)) out[one.row] = reasons(one, options.columns);
  return out;
}

std::vector<AddedColumn> RowScorer::score(const RowBatch& batch) {
  if (options_.false_discovery_rate && !cut_known_) {
    cut_known_ = true;
    rate_ = batch_.cut(*options_.false_discovery_rate);
  }
  Scored out = scored(batch);
  std::vector<bool> alerts(out.scores.size());
  if (tells_alerts_) {
    for (std::size_t r = 0; r < alerts.size(); ++r) {
      alerts[r] = alert(out.scores[r], out.p_values[r]);
      alerts_ += alerts[r] ? 1 : 0;
    }
  }
  if (watch_ != nullptr) watch_->add(out.encoded, out.scores);
  rows_ += out.scores.size();
  std::vector<AddedColumn> columns;
  std::vector<std::string> reasons;
  if (explainer_) reasons = reasons_of(batch.typed, alerts);
  std::vector<double> probabilities;
  if (probability_) {
    for (const float score : out.scores) probabilities.push_back((*probability_)(score));
  }
  columns.push_back({"score", std::move(out.scores)});
  if (detector_.calibration().present()) columns.push_back({"p_value", std::move(out.p_values)});
  if (probability_) columns.push_back({"probability", std::move(probabilities)});
  if (tells_alerts_) columns.push_back({"alert", std::move(alerts)});
  if (explainer_) columns.push_back({"reasons", std::move(reasons)});
  return columns;
}

}  // namespace oddshot
