// One-class support vector machine with a Gaussian kernel: the region that holds most normals, as a weighted density of some of them.
//   minimise over a   a^T K a / 2   with  0 <= a_i <= 1 / (nu N),  sum of a = 1,   K(x, y) = exp(-g |x - y|^2),  nu = 1/2
//   score(x) = -log(sum over i of a_i K(x, x_i))
// The decision function is a constant less that sum; the logarithm ranks alike and keeps rows apart that are so far away that the sum is 0
// to rounding. g = 1 / the sum of the columns' variances, scikit-learn's gamma="scale" but for the origin, which does not matter here.
// Solved by two of `a` at a time (sequential minimal optimisation), the second chosen by second order. On at most 512 normals, evenly
// chosen, as the kernel is a matrix of N^2.
// Fitting scores: leave-one-out by refitting, up to 64 normals; of more, rows are left out in 64 parts.
// Source: Schoelkopf, Platt, Shawe-Taylor, Smola, Williamson 2001, "Estimating the support of a high-dimensional distribution"; Fan, Chen,
// Lin 2005, "Working set selection using second order information" (the choice of two).
//   O(N^2 D + steps N) to fit, O(N D) a row to score.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "experts/cross_fit.h"
#include "experts/fitted.h"
#include "kernels/kernels.h"

namespace oddshot {
namespace {

using DoubleMatrix = BasicMatrix<double>;

constexpr double kNu = 0.5;
constexpr std::size_t kMostNormals = 512;
constexpr std::size_t kParts = 64;
constexpr std::size_t kBlock = 64;          // rows scored at a time
constexpr double kEnough = 1e-9;            // how far from the optimum's conditions, in units of the kernel
constexpr std::size_t kStepsPerRow = 1000;  // a bound that usual supports stay far below
constexpr double kLeastCurvature = 1e-12;

DoubleMatrix chosen_rows(MatrixView normals) {
  const std::size_t n = std::min(normals.rows, kMostNormals);
  DoubleMatrix rows(n, normals.cols);
  for (std::size_t i = 0; i < n; ++i) std::ranges::copy(normals.row(i * normals.rows / n), rows.row(i).begin());
  return rows;
}

// 1 / the sum of the columns' variances; identical rows have the columns' own unit.
double inverse_scale(const DoubleMatrix& rows) {
  const auto n = static_cast<double>(rows.rows());
  double sum = 0;
  for (std::size_t c = 0; c < rows.cols(); ++c) {
    double mean = 0;
    for (std::size_t r = 0; r < rows.rows(); ++r) mean += rows(r, c) - rows(0, c);
    mean /= n;
    for (std::size_t r = 0; r < rows.rows(); ++r) sum += (rows(r, c) - rows(0, c) - mean) * (rows(r, c) - rows(0, c) - mean) / n;
  }
  return sum > 0 ? 1 / sum : 1 / static_cast<double>(rows.cols());
}

DoubleMatrix squared_distances(BasicMatrixView<double> x, BasicMatrixView<double> y) {
  DoubleMatrix out(x.rows, y.rows);
  kernels::table<double>().squared_distances(x.rows, y.rows, x.cols, x.data, x.stride, y.data, y.stride, out.data(), out.cols());
  return out;
}

// The weights a [N] of a kernel [N x N].
std::vector<double> solve(const DoubleMatrix& kernel) {
  const std::size_t n = kernel.rows();
  const double most = 1 / (kNu * static_cast<double>(n));
  std::vector<double> a(n, 1 / static_cast<double>(n));
  std::vector<double> slope(n);  // K a
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) slope[i] += kernel(i, j) * a[j];
  }
  for (std::size_t step = 0; step < kStepsPerRow * n; ++step) {
    // What can grow and has the least slope; of what can shrink, the one with which most is gained.
    std::size_t up = n;
    for (std::size_t i = 0; i < n; ++i) {
      if (a[i] < most && (up == n || slope[i] < slope[up])) up = i;
    }
    if (up == n) break;
    std::size_t down = n;
    double best = 0;
    double change = 0;
    double worst = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const double difference = slope[j] - slope[up];
      if (a[j] <= 0 || difference <= 0) continue;
      worst = std::max(worst, difference);
      const double curvature = std::max(kernel(up, up) + kernel(j, j) - 2 * kernel(up, j), kLeastCurvature);
      if (difference * difference / curvature <= best) continue;
      best = difference * difference / curvature;
      down = j;
      change = difference / curvature;
    }
    if (worst < kEnough) break;
    change = std::min({change, most - a[up], a[down]});
    a[up] = change == most - a[up] ? most : a[up] + change;
    a[down] = change == a[down] ? 0 : a[down] - change;
    for (std::size_t i = 0; i < n; ++i) slope[i] += change * (kernel(i, up) - kernel(i, down));
  }
  return a;
}

class FittedOneClassSvm final : public Fitted {
 public:
  FittedOneClassSvm(std::string_view name, MatrixView normals) : Fitted(name, normals.cols), normals_(copied(normals)) {
    const DoubleMatrix rows = chosen_rows(normals);
    inverse_scale_ = inverse_scale(rows);
    DoubleMatrix kernel = squared_distances(rows, rows);
    for (std::size_t i = 0; i < rows.rows() * rows.rows(); ++i) kernel.data()[i] = std::exp(-inverse_scale_ * kernel.data()[i]);
    const std::vector<double> a = solve(kernel);
    std::vector<std::uint32_t> used;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i] <= 0) continue;
      used.push_back(static_cast<std::uint32_t>(i));
      log_weights_.push_back(std::log(a[i]));
    }
    vectors_ = gathered(rows.view(), std::span<const std::uint32_t>(used));
  }

  std::vector<float> fitting_scores() const override {
    return cross_fitted(normals_, kParts, [](const Matrix& rest) { return std::make_unique<FittedOneClassSvm>("one-class-svm", rest); });
  }

 private:
  void score_rows(MatrixView rows, std::span<float> out) const override {
    DoubleMatrix block(std::min(kBlock, rows.rows), columns());
    for (std::size_t first = 0; first < rows.rows; first += kBlock) {
      const std::size_t count = std::min(kBlock, rows.rows - first);
      for (std::size_t r = 0; r < count; ++r) std::ranges::copy(rows.row(first + r), block.row(r).begin());
      DoubleMatrix terms = squared_distances(block.view().slice(0, count), vectors_);
      for (std::size_t r = 0; r < count; ++r) out[first + r] = static_cast<float>(-log_sum(terms.row(r)));
    }
  }

  // log of the sum over i of a_i K(x, x_i), from the squared distances [vectors], which are overwritten.
  double log_sum(std::span<double> terms) const {
    double largest = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < terms.size(); ++i) {
      terms[i] = log_weights_[i] - inverse_scale_ * terms[i];
      largest = std::max(largest, terms[i]);
    }
    double sum = 0;
    for (const double term : terms) sum += std::exp(term - largest);
    return largest + std::log(sum);
  }

  Matrix normals_;
  double inverse_scale_ = 1;         // g
  DoubleMatrix vectors_;             // the rows with a weight
  std::vector<double> log_weights_;  // log a_i of these
};

class OneClassSvm final : public Expert {
 public:
  std::string_view name() const override { return "one-class-svm"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedOneClassSvm>(name(), normals);
  }
};

}  // namespace

const Expert& one_class_svm_expert() {
  static const OneClassSvm expert;
  return expert;
}

}  // namespace oddshot
