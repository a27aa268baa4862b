// The log likelihood ratio of two Gaussians with independent columns, one a class, their variances shrunk:
//   score(x) = mean over columns j of  log N(x_j; a_j, va_j (1 + 1/k)) - log N(x_j; m_j, vm_j (1 + 1/n))
//   vm  of the normals, shrunk to the reference's by 5 pseudo-rows
//   va  of the anomalies around their mean, shrunk to vm by 2 pseudo-rows
// The factors 1 + 1/k account for how well a mean is known. Without a support row in question its class's sums lose that row.
// Source: the naive Bayes rule with Gaussian columns; shrinking as a conjugate prior does (Gelman et al. 2013, "Bayesian data analysis",
// section 3.3).
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "experts/scores/view_task.h"

namespace oddshot::scores {
namespace {

constexpr std::array<std::string_view, 1> kNames = {"likelihood-ratio"};
constexpr float kNormalPrior = 5;   // pseudo-rows
constexpr float kAnomalyPrior = 2;  // pseudo-rows
constexpr float kFloor = 1e-3F;     // of a variance, in squared training deviations

struct Gaussian {
  float mean = 0;
  float variance = 1;
};

// Of `count` values with this mean and sum of squared differences from it, shrunk to `prior` by `weight` pseudo-rows, as of a new value.
Gaussian predictive(float count, float mean, float squares, float prior, float weight) {
  const float variance = (squares + weight * prior) / (count + weight) + kFloor;
  return {mean, variance * (1 + 1 / count)};
}

// The sum of squared differences from the column's mean.
float squares_of(const Matrix& rows, std::size_t column, float mean) {
  float sum = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const float difference = rows(i, column) - mean;
    sum += difference * difference;
  }
  return sum;
}

struct ClassSums {
  float count = 0, mean = 0, squares = 0;
  // Without a row of value x.
  ClassSums without(float x) const {
    const float left = count - 1;
    const float difference = x - mean;
    return {left, mean - difference / left, std::max(0.0F, squares - difference * difference * count / left)};
  }
};

// One column's a, b and c of a x^2 + b x + c + log(ratio) / 2.
struct Quadratic {
  float a = 0, b = 0, c = 0;
  float ratio = 1;  // of the normals' variance to the anomalies'
};

// The sum of logarithms, of several factors at once: variances lie between kFloor and the squares of clipped columns, 1e6 at most, so 16 of
// their ratios multiply without overflow.
class LogSum {
 public:
  void add(float factor) {
    product_ *= static_cast<double>(factor);
    if (++count_ % 16 == 0) flush();
  }
  double value() {
    flush();
    return sum_;
  }

 private:
  void flush() {
    sum_ += std::log(product_);
    product_ = 1;
  }
  double product_ = 1;
  double sum_ = 0;
  std::size_t count_ = 0;
};

Quadratic ratio_of(const ClassSums& normals, const ClassSums& anomalies, float reference_variance) {
  const Gaussian m = predictive(normals.count, normals.mean, normals.squares, reference_variance, kNormalPrior);
  const Gaussian a = predictive(anomalies.count, anomalies.mean, anomalies.squares, m.variance, kAnomalyPrior);
  const float pm = 0.5F / m.variance;
  const float pa = 0.5F / a.variance;
  return {pm - pa, 2 * (pa * a.mean - pm * m.mean), pm * m.mean * m.mean - pa * a.mean * a.mean, m.variance / a.variance};
}

void score_ratio(const ViewTask& task, const ViewRow& row, float* out) {
  const std::size_t d = task.columns;
  if (row.anomaly_count == 0) {
    *out = std::numeric_limits<float>::quiet_NaN();
    return;
  }
  double sum = 0;  // a known anomaly far off gives large terms with a small sum
  if (row.own_normal == kNobody && row.own_anomaly == kNobody) {
    sum = task.ratio.constant;
    for (std::size_t j = 0; j < d; ++j) {
      const double x = row.x[j];
      sum += (task.ratio.square[j] * x + task.ratio.linear[j]) * x;
    }
  } else {
    LogSum logs;
    for (std::size_t j = 0; j < d; ++j) {
      const float x = row.x[j];
      ClassSums normals{static_cast<float>(task.normal_count()), task.mean_normals[j], task.ratio.normal_squares[j]};
      ClassSums anomalies{static_cast<float>(task.anomaly_count()), task.mean_anomalies[j], task.ratio.anomaly_squares[j]};
      if (row.own_normal != kNobody) normals = normals.without(x);
      if (row.own_anomaly != kNobody) anomalies = anomalies.without(x);
      const Quadratic q = ratio_of(normals, anomalies, task.reference->variance[j]);
      sum += (q.a * x + q.b) * x + q.c;
      logs.add(q.ratio);
    }
    sum += 0.5 * logs.value();
  }
  *out = static_cast<float>(sum / static_cast<double>(d));
}

}  // namespace

const ScoreFamily kLikelihoodRatio{kNames, score_ratio};

RatioFit fit_ratio(const ViewTask& task) {
  RatioFit fit;
  const std::size_t d = task.columns;
  if (task.anomaly_count() == 0) return fit;
  fit.square.resize(d);
  fit.linear.resize(d);
  fit.normal_squares.resize(d);
  fit.anomaly_squares.resize(d);
  LogSum logs;
  for (std::size_t j = 0; j < d; ++j) {
    fit.normal_squares[j] = squares_of(task.normals, j, task.mean_normals[j]);
    fit.anomaly_squares[j] = squares_of(task.anomalies, j, task.mean_anomalies[j]);
    const Quadratic q =
        ratio_of({static_cast<float>(task.normal_count()), task.mean_normals[j], fit.normal_squares[j]},
                 {static_cast<float>(task.anomaly_count()), task.mean_anomalies[j], fit.anomaly_squares[j]}, task.reference->variance[j]);
    fit.square[j] = q.a;
    fit.linear[j] = q.b;
    fit.constant += q.c;
    logs.add(q.ratio);
  }
  fit.constant += static_cast<float>(0.5 * logs.value());
  return fit;
}

}  // namespace oddshot::scores
