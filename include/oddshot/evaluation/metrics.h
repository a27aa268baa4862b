// How good scores are. What is undefined (a class is absent) is std::nullopt, never a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace oddshot {

// scores [N], labels [N] (1 anomaly, 0 normal), higher score = more abnormal; infinite scores are in order. All throw ShapeError if sizes
// differ, ArgumentError for another label and NumericError for a NaN score. O(N log N).

// Area under the ROC curve: the chance that an anomaly scores above a normal row, ties counting half. Counted in integers: exact up to one
// rounding.
std::optional<double> auroc(std::span<const float> scores, std::span<const std::uint8_t> labels);
// Average precision: sum over distinct thresholds of (recall step) x precision; ties enter together. This is "auprc" in results.
std::optional<double> average_precision(std::span<const float> scores, std::span<const std::uint8_t> labels);
// Largest recall whose false-alarm rate does not exceed `rate`; ties enter together. Throws ArgumentError for a rate outside [0, 1].
std::optional<double> recall_at_false_alarms(std::span<const float> scores, std::span<const std::uint8_t> labels, double rate);

struct Confusion {
  std::size_t true_positives = 0, false_positives = 0, true_negatives = 0, false_negatives = 0;
  std::optional<double> accuracy() const;   // nothing if there is no row
  std::optional<double> precision() const;  // nothing if no row is called an anomaly
  std::optional<double> recall() const;     // nothing if there is no anomaly
  std::optional<double> f1() const;         // 2 TP / (2 TP + FP + FN); nothing if there is no anomaly; 0 if none is found
};
// A row is called an anomaly if its score is >= threshold. O(N). Throws NumericError for a NaN threshold too.
Confusion confusion(std::span<const float> scores, std::span<const std::uint8_t> labels, float threshold);

// The threshold with the largest mean F1 over several scored episodes, midway between the score it calls an anomaly and the next lower one;
// of several equally good the highest; nothing for no episodes. Throws ArgumentError if an episode lacks a class.
struct ScoredEpisode {
  std::vector<float> scores;
  std::vector<std::uint8_t> labels;
};
std::optional<float> best_f1_threshold(std::span<const ScoredEpisode> episodes);

struct CurvePoint {
  double x = 0;
  double y = 0;
};
// (false-alarm rate, recall) from (0,0) to (1,1), a point for each distinct score; empty if undefined.
std::vector<CurvePoint> roc_curve(std::span<const float> scores, std::span<const std::uint8_t> labels);
// (recall, precision) by rising recall, a point for each distinct score; empty if undefined.
std::vector<CurvePoint> precision_recall_curve(std::span<const float> scores, std::span<const std::uint8_t> labels);
// At most `limit` (>= 2) of a curve's points, its first and last among them: those whose loss would change the drawn line least go first.
// Source: Visvalingam, Whyatt 1993, "Line generalisation by repeated elimination of points". O(N log N).
std::vector<CurvePoint> thin_curve(std::span<const CurvePoint> curve, std::size_t limit);

// The rows by falling score, counted at each distinct one: what the ranking metrics above are read from. Several of them then cost one
// sort.
class Sweep {
 public:
  Sweep(std::span<const float> scores, std::span<const std::uint8_t> labels);

  std::optional<double> auroc() const;
  std::optional<double> average_precision() const;
  std::optional<double> recall_at_false_alarms(double rate) const;
  std::vector<CurvePoint> roc_curve() const;
  std::vector<CurvePoint> precision_recall_curve() const;

 private:
  struct Step {  // rows whose score is at least that of the step
    std::size_t true_positives = 0;
    std::size_t false_positives = 0;
  };
  bool one_class() const { return anomalies_ == 0 || normals_ == 0; }

  std::size_t anomalies_ = 0;
  std::size_t normals_ = 0;
  std::vector<Step> steps_;
};

}  // namespace oddshot
