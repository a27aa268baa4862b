#include "oddshot/evaluation/metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

void check(std::span<const float> scores, std::span<const std::uint8_t> labels) {
  if (scores.size() != labels.size()) {
    throw ShapeError(std::to_string(scores.size()) + " scores for " + std::to_string(labels.size()) + " labels");
  }
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (labels[i] > 1) {
      throw ArgumentError("label " + std::to_string(labels[i]) + " of row " + std::to_string(i) + " is neither 0 (normal) nor 1 (anomaly)");
    }
    if (std::isnan(scores[i])) throw NumericError("the score of row " + std::to_string(i) + " is not a number");
  }
}

double ratio(std::size_t part, std::size_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

std::optional<double> ratio_if(std::size_t part, std::size_t whole) {
  return whole == 0 ? std::nullopt : std::optional(ratio(part, whole));
}

}  // namespace

Sweep::Sweep(std::span<const float> scores, std::span<const std::uint8_t> labels) {
  check(scores, labels);
  std::vector<float> anomalies;
  std::vector<float> normals;
  for (std::size_t i = 0; i < scores.size(); ++i) (labels[i] != 0 ? anomalies : normals).push_back(scores[i]);
  std::sort(anomalies.begin(), anomalies.end(), std::greater<>());
  std::sort(normals.begin(), normals.end(), std::greater<>());
  anomalies_ = anomalies.size();
  normals_ = normals.size();
  steps_.reserve(scores.size());
  Step step;
  while (step.true_positives < anomalies_ || step.false_positives < normals_) {
    float next = -std::numeric_limits<float>::infinity();
    if (step.true_positives < anomalies_) next = std::max(next, anomalies[step.true_positives]);
    if (step.false_positives < normals_) next = std::max(next, normals[step.false_positives]);
    while (step.true_positives < anomalies_ && anomalies[step.true_positives] == next) ++step.true_positives;
    while (step.false_positives < normals_ && normals[step.false_positives] == next) ++step.false_positives;
    steps_.push_back(step);
  }
}

std::optional<double> Sweep::auroc() const {
  if (one_class()) return std::nullopt;
  // Twice the number of (anomaly, normal) pairs in the right order, a tie counting one.
  std::uint64_t won = 0;
  Step last;
  for (const Step& step : steps_) {
    const std::uint64_t anomalies_here = step.true_positives - last.true_positives;
    const std::uint64_t below = normals_ - step.false_positives;
    const std::uint64_t tied = step.false_positives - last.false_positives;
    won += anomalies_here * (2 * below + tied);
    last = step;
  }
  return static_cast<double>(won) / (2.0 * static_cast<double>(anomalies_) * static_cast<double>(normals_));
}

std::optional<double> Sweep::average_precision() const {
  if (one_class()) return std::nullopt;
  double sum = 0;
  std::size_t found = 0;
  for (const Step& step : steps_) {
    sum += static_cast<double>(step.true_positives - found) * ratio(step.true_positives, step.true_positives + step.false_positives);
    found = step.true_positives;
  }
  return sum / static_cast<double>(anomalies_);
}

std::optional<double> Sweep::recall_at_false_alarms(double rate) const {
  if (!(rate >= 0 && rate <= 1)) throw ArgumentError("a false-alarm rate of " + std::to_string(rate) + " is outside [0, 1]");
  if (one_class()) return std::nullopt;
  std::size_t found = 0;
  for (const Step& step : steps_) {
    if (ratio(step.false_positives, normals_) > rate) break;
    found = step.true_positives;
  }
  return ratio(found, anomalies_);
}

std::vector<CurvePoint> Sweep::roc_curve() const {
  std::vector<CurvePoint> curve;
  if (one_class()) return curve;
  curve.reserve(steps_.size() + 1);
  curve.push_back({0, 0});
  for (const Step& step : steps_) curve.push_back({ratio(step.false_positives, normals_), ratio(step.true_positives, anomalies_)});
  return curve;
}

std::vector<CurvePoint> Sweep::precision_recall_curve() const {
  std::vector<CurvePoint> curve;
  if (one_class()) return curve;
  curve.reserve(steps_.size());
  for (const Step& step : steps_) {
    curve.push_back({ratio(step.true_positives, anomalies_), ratio(step.true_positives, step.true_positives + step.false_positives)});
  }
  return curve;
}

std::optional<double> auroc(std::span<const float> scores, std::span<const std::uint8_t> labels) { return Sweep(scores, labels).auroc(); }

std::optional<double> average_precision(std::span<const float> scores, std::span<const std::uint8_t> labels) {
  return Sweep(scores, labels).average_precision();
}

std::optional<double> recall_at_false_alarms(std::span<const float> scores, std::span<const std::uint8_t> labels, double rate) {
  return Sweep(scores, labels).recall_at_false_alarms(rate);
}

std::vector<CurvePoint> roc_curve(std::span<const float> scores, std::span<const std::uint8_t> labels) {
  return Sweep(scores, labels).roc_curve();
}

std::vector<CurvePoint> precision_recall_curve(std::span<const float> scores, std::span<const std::uint8_t> labels) {
  return Sweep(scores, labels).precision_recall_curve();
}

std::optional<double> Confusion::accuracy() const {
  return ratio_if(true_positives + true_negatives, true_positives + false_positives + true_negatives + false_negatives);
}

std::optional<double> Confusion::precision() const { return ratio_if(true_positives, true_positives + false_positives); }

std::optional<double> Confusion::recall() const { return ratio_if(true_positives, true_positives + false_negatives); }

std::optional<double> Confusion::f1() const {
  if (true_positives + false_negatives == 0) return std::nullopt;
  return ratio(2 * true_positives, 2 * true_positives + false_positives + false_negatives);
}

Confusion confusion(std::span<const float> scores, std::span<const std::uint8_t> labels, float threshold) {
  check(scores, labels);
  if (std::isnan(threshold)) throw NumericError("the threshold is not a number");
  Confusion counts;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const bool called = scores[i] >= threshold;
    if (labels[i] != 0) {
      ++(called ? counts.true_positives : counts.false_negatives);
    } else {
      ++(called ? counts.false_positives : counts.true_negatives);
    }
  }
  return counts;
}

namespace {

struct EpisodeRow {
  float score = 0;
  std::uint32_t episode = 0;
  std::uint8_t label = 0;
};

std::vector<EpisodeRow> rows_by_falling_score(std::span<const ScoredEpisode> episodes) {
  std::vector<EpisodeRow> rows;
  for (std::size_t e = 0; e < episodes.size(); ++e) {
    const ScoredEpisode& episode = episodes[e];
    check(episode.scores, episode.labels);
    const auto anomalies = std::count(episode.labels.begin(), episode.labels.end(), std::uint8_t{1});
    if (anomalies == 0 || static_cast<std::size_t>(anomalies) == episode.labels.size()) {
      throw ArgumentError("episode " + std::to_string(e) + " has " + std::to_string(anomalies) + " anomalies among " +
                          std::to_string(episode.labels.size()) + " rows: a threshold needs both classes");
    }
    for (std::size_t i = 0; i < episode.scores.size(); ++i) {
      rows.push_back({episode.scores[i], static_cast<std::uint32_t>(e), episode.labels[i]});
    }
  }
  std::sort(rows.begin(), rows.end(), [](const EpisodeRow& a, const EpisodeRow& b) { return a.score > b.score; });
  return rows;
}

// A threshold that calls `score` an anomaly and `lower` not: midway, so that it asks least of scores not seen.
float between(float score, float lower) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const float middle = std::midpoint(std::clamp(lower, -kLargest, kLargest), std::clamp(score, -kLargest, kLargest));
  return middle > lower && middle <= score ? middle : score;
}

}  // namespace

std::optional<float> best_f1_threshold(std::span<const ScoredEpisode> episodes) {
  // F1 in units of 2^-40: the sum over episodes is then exact, whatever order it is kept up in.
  constexpr double kUnit = 1099511627776.0;
  struct Counts {
    std::size_t anomalies = 0, true_positives = 0, called = 0;
    std::int64_t f1 = 0;
  };
  const std::vector<EpisodeRow> rows = rows_by_falling_score(episodes);
  std::vector<Counts> counts(episodes.size());
  for (const EpisodeRow& row : rows) counts[row.episode].anomalies += row.label;

  std::optional<float> best;
  std::int64_t best_sum = -1;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Counts& c = counts[rows[i].episode];
    ++c.called;
    c.true_positives += rows[i].label;
    const std::int64_t f1 = std::llround(kUnit * ratio(2 * c.true_positives, c.called + c.anomalies));
    sum += f1 - c.f1;
    c.f1 = f1;
    const bool last = i + 1 == rows.size();
    if (!last && rows[i + 1].score == rows[i].score) continue;
    if (sum > best_sum) {
      best_sum = sum;
      best = last ? rows[i].score : between(rows[i].score, rows[i + 1].score);
    }
  }
  return best;
}

}  // namespace oddshot
