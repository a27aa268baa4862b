// How good scores are. What is undefined (a class is absent) is std::nullopt, never a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace oddshot {

// scores [N], labels [N] (1 anomaly, 0 normal), higher score = more abnormal. All throw ShapeError if sizes differ and NumericError for a
// NaN score. O(N log N).

// Area under the ROC curve: the chance that an anomaly scores above a normal row, ties counting half.
std::optional<double> auroc(std::span<const float> scores, std::span<const std::uint8_t> labels);
// Average precision: sum over distinct thresholds of (recall step) x precision; ties enter together. This is "auprc" in results.
std::optional<double> average_precision(std::span<const float> scores, std::span<const std::uint8_t> labels);
// Largest recall whose false-alarm rate does not exceed `rate` in [0, 1]; ties enter together.
std::optional<double> recall_at_false_alarms(std::span<const float> scores, std::span<const std::uint8_t> labels, double rate);

struct Confusion {
  std::size_t true_positives = 0, false_positives = 0, true_negatives = 0, false_negatives = 0;
  std::optional<double> accuracy() const;
  std::optional<double> precision() const;  // nothing if no row is called an anomaly
  std::optional<double> recall() const;     // nothing if there is no anomaly
  std::optional<double> f1() const;         // 2 TP / (2 TP + FP + FN); nothing if there is no anomaly; 0 if none is found
};
// A row is called an anomaly if its score is >= threshold.
Confusion confusion(std::span<const float> scores, std::span<const std::uint8_t> labels, float threshold);

// The threshold with the largest mean F1 over several scored episodes (each with both classes).
struct ScoredEpisode {
  std::vector<float> scores;
  std::vector<std::uint8_t> labels;
};
std::optional<float> best_f1_threshold(std::span<const ScoredEpisode> episodes);

struct CurvePoint {
  double x = 0;
  double y = 0;
};
// (false-alarm rate, recall) from (0,0) to (1,1); empty if undefined.
std::vector<CurvePoint> roc_curve(std::span<const float> scores, std::span<const std::uint8_t> labels);
// (recall, precision) by rising recall; empty if undefined.
std::vector<CurvePoint> precision_recall_curve(std::span<const float> scores, std::span<const std::uint8_t> labels);

}  // namespace oddshot
