#include "evaluation/fit_profile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "evaluation/draws.h"
#include "evaluation/measure.h"
#include "oddshot/base/error.h"
#include "oddshot/evaluation/methods.h"

namespace oddshot {
namespace {

constexpr std::size_t kDraws = 60;         // at one number of shots
constexpr std::size_t kCalibrators = 200;  // of one draw, at most
constexpr std::size_t kFewestNormals = 10;
constexpr std::size_t kFirstRepeat = 1000;  // draws of thresholds have numbers below
constexpr std::size_t kNewtonSteps = 50;
constexpr double kPull = 1e-3;  // of a slope's square, beside a mean loss

using Vector = std::array<double, 3>;

struct Example {
  Vector x;  // 1, standardised score, tail
  double label = 0;
  double weight = 0;
};

std::vector<Example> examples_of(std::span<const JudgedDraw> draws) {
  std::vector<Example> out;
  for (const JudgedDraw& draw : draws) {
    const auto anomalies = static_cast<double>(std::ranges::count(draw.labels, std::uint8_t{1}));
    const double normals = static_cast<double>(draw.labels.size()) - anomalies;
    for (std::size_t i = 0; i < draw.scores.size(); ++i) {
      const bool anomaly = draw.labels[i] == 1;
      const double share = 0.5 / static_cast<double>(draws.size()) / (anomaly ? anomalies : normals);
      const double score = draw.scores[i];
      out.push_back({{1, draw.scale.standardised(score), draw.scale.tail(score)}, anomaly ? 1.0 : 0.0, share});
    }
  }
  return out;
}

// Solves the symmetric positive definite 3 x 3 system by elimination.
Vector solved(std::array<Vector, 3> a, Vector b) {
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t i = k + 1; i < 3; ++i) {
      const double factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j < 3; ++j) a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = 3; k-- > 0;) {
    for (std::size_t j = k + 1; j < 3; ++j) b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
  return b;
}

double loss(const std::vector<Example>& examples, const Vector& beta) {
  double sum = kPull * (beta[1] * beta[1] + beta[2] * beta[2]) / 2;
  for (const Example& e : examples) {
    const double odds = beta[0] + beta[1] * e.x[1] + beta[2] * e.x[2];
    sum += e.weight * (std::max(odds, 0.0) - odds * e.label + std::log1p(std::exp(-std::fabs(odds))));
  }
  return sum;
}

// The logistic regression on the columns that are free; the others stay 0.
Vector logistic(const std::vector<Example>& examples, const std::array<bool, 3>& free) {
  Vector beta{};
  double now = loss(examples, beta);
  for (std::size_t step = 0; step < kNewtonSteps; ++step) {
    Vector gradient{};
    std::array<Vector, 3> hessian{};
    for (std::size_t i = 0; i < 3; ++i) hessian[i][i] = free[i] ? (i == 0 ? 1e-9 : kPull) : 1;
    for (std::size_t i = 1; i < 3; ++i) gradient[i] = kPull * beta[i];
    for (const Example& e : examples) {
      const double p = 1 / (1 + std::exp(-(beta[0] + beta[1] * e.x[1] + beta[2] * e.x[2])));
      for (std::size_t i = 0; i < 3; ++i) {
        if (!free[i]) continue;
        gradient[i] += e.weight * (p - e.label) * e.x[i];
        for (std::size_t j = 0; j < 3; ++j) hessian[i][j] += free[j] ? e.weight * p * (1 - p) * e.x[i] * e.x[j] : 0;
      }
    }
    for (std::size_t i = 0; i < 3; ++i) gradient[i] = free[i] ? gradient[i] : 0;
    const Vector move = solved(hessian, gradient);
    // Halved until it does not climb: the loss is convex, so that it ends.
    double length = 1;
    Vector next = beta;
    double then = now;
    for (int halving = 0; halving < 30; ++halving, length /= 2) {
      for (std::size_t i = 0; i < 3; ++i) next[i] = beta[i] - length * move[i];
      then = loss(examples, next);
      if (then <= now) break;
    }
    if (!(then < now)) break;
    const bool ended = now - then < 1e-12;
    beta = next;
    now = then;
    if (ended) break;
  }
  return beta;
}

double quantile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
}

double median_of_anomalies(const JudgedDraw& draw) {
  std::vector<double> values;
  for (std::size_t i = 0; i < draw.scores.size(); ++i) {
    if (draw.labels[i] == 1) values.push_back(draw.scale.standardised(draw.scores[i]));
  }
  return quantile(std::move(values), 0.5);
}

}  // namespace

std::optional<JudgedDraw> judged(std::span<const float> scores, std::span<const std::uint8_t> labels) {
  std::vector<float> calibrators;
  std::vector<float> others;
  std::vector<std::uint8_t> other_labels;
  std::size_t normals = 0, anomalies = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!std::isfinite(scores[i])) return std::nullopt;
    const bool calibrates = labels[i] == 0 && normals % 2 == 0 && calibrators.size() < kCalibrators;
    (labels[i] == 0 ? normals : anomalies) += 1;
    if (calibrates) {
      calibrators.push_back(scores[i]);
    } else {
      others.push_back(scores[i]);
      other_labels.push_back(labels[i]);
    }
  }
  if (normals < kFewestNormals || anomalies == 0) return std::nullopt;
  return JudgedDraw{ScoreScale(calibrators), std::move(others), std::move(other_labels)};
}

void fit_log_odds(std::span<const JudgedDraw> draws, ScoreProfile::AtShots& fit) {
  fit.intercept = fit.of_score = fit.of_tail = 0;
  if (draws.empty()) return;
  const std::vector<Example> examples = examples_of(draws);
  std::array<bool, 3> free = {true, true, true};
  Vector beta = logistic(examples, free);
  for (int round = 0; round < 2 && (beta[1] < 0 || beta[2] < 0); ++round) {
    free[beta[1] < beta[2] ? 1 : 2] = false;
    beta = logistic(examples, free);
  }
  fit.intercept = beta[0];
  fit.of_score = std::max(0.0, beta[1]);
  fit.of_tail = std::max(0.0, beta[2]);
}

std::optional<ScoreProfile> fit_profile(const MetaModel& model, std::span<const Task> training, ThreadPool& pool) {
  if (training.empty()) return std::nullopt;
  const std::unique_ptr<Method> method = learner_method(model);
  std::vector<std::size_t> shots = model.training.shots;
  std::ranges::sort(shots);
  shots.erase(std::ranges::unique(shots).begin(), shots.end());
  ScoreProfile profile;
  for (const std::size_t s : shots) {
    if (s < method->minimum_shots()) continue;
    const EpisodeSpec spec = {
        .shots = s, .normals = model.training.episode.normals, .query_normals = 2 * kCalibrators, .query_anomalies = kCalibrators};
    std::vector<std::optional<JudgedDraw>> found(kDraws);
    // Every task in turn; where there are more tasks than draws, evenly spaced ones.
    pool.parallel_for(kDraws, [&](std::size_t i, unsigned) {
      const std::size_t task = training.size() > kDraws ? i * training.size() / kDraws : i % training.size();
      const std::size_t repeat = training.size() > kDraws ? 0 : i / training.size();
      try {
        Draw draw = draw_episode(training[task], spec, model.training.seed, {Purpose::kThreshold, task, kFirstRepeat + repeat, s});
        found[i] = judged(adapt_and_score(*method, draw).scores, draw.episode.query_labels);
      } catch (const ArgumentError&) {
        found[i].reset();  // too few rows
      }
    });
    std::vector<JudgedDraw> draws;
    for (auto& one : found) {
      if (one) draws.push_back(std::move(*one));
    }
    if (draws.empty()) continue;
    ScoreProfile::AtShots& fit = profile.shots.emplace_back();
    fit.shots = s;
    fit.draws = draws.size();
    fit_log_odds(draws, fit);
    std::vector<double> middles, medians;
    for (const JudgedDraw& draw : draws) {
      middles.push_back(draw.scale.middle());
      medians.push_back(median_of_anomalies(draw));
    }
    fit.normal_low = quantile(middles, 0.05);
    fit.normal_high = quantile(middles, 0.95);
    fit.anomaly_low = quantile(medians, 0.1);
  }
  if (profile.shots.empty()) return std::nullopt;
  return profile;
}

}  // namespace oddshot
