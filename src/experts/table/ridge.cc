// Class-balanced ridge regression of the class, -1 or 1, with a free constant: on [q, z], and on the scores of the experts that come first.
//   minimise sum_i c_i (f(x_i) - y_i)^2 + lambda |w|^2,   c_i = 1 / (2 rows of i's class),   f(x) = w (x - m) + b,   m = sum_i c_i x_i
// with lambda 0.05 and a quarter of the columns, and a support row's prediction without itself in closed form:
//   (f(x_i) - h_i y_i) / (1 - h_i),   h_i = c_i (1 + (x_i - m) A^-1 (x_i - m)),   A = sum_i c_i (x_i - m)(x_i - m)^T + lambda I
// (the other rows keep their c_i). Of more than 256 columns, those of z alone.   O((n + k) p^2 + p^3) for p columns.
// Source: Cook 1977, "Detection of influential observation in linear regression" (the closed form); Hoerl, Kennard 1970, "Ridge
// regression".
#include <Eigen/Cholesky>
#include <array>
#include <limits>

#include "experts/table/task.h"

namespace oddshot::table {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"ridge/light", "ridge/heavy", "ridge/scores-light", "ridge/scores-heavy"};
constexpr double kLight = 0.05;
constexpr double kHeavy = 0.25;  // of the columns
constexpr std::size_t kMostColumns = 256;
constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();

// Row-major, so that a row's columns lie side by side.
using Dense = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
Eigen::Index at(std::size_t i) { return static_cast<Eigen::Index>(i); }

struct Fit {
  Eigen::VectorXd weights;
  double bias = 0;  // f(x) = weights x + bias
  std::vector<float> normals_left_out, anomalies_left_out;
};

// x [n + k x p], normals first.
Fit fit_ridge(const Dense& x, std::size_t n, std::size_t k, double lambda) {
  const std::size_t rows = n + k;
  const auto target = [n](std::size_t i) { return i < n ? -1.0 : 1.0; };
  const double normal_share = 0.5 / static_cast<double>(n);
  const double anomaly_share = 0.5 / static_cast<double>(k);
  const auto share = [&](std::size_t i) { return i < n ? normal_share : anomaly_share; };
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(x.cols());
  for (std::size_t i = 0; i < rows; ++i) mean += share(i) * x.row(at(i)).transpose();
  Eigen::MatrixXd centred = (x.rowwise() - mean.transpose()).transpose();  // [p x rows]
  Dense scaled = centred.transpose();
  Eigen::VectorXd right = Eigen::VectorXd::Zero(x.cols());
  for (std::size_t i = 0; i < rows; ++i) {
    right += share(i) * target(i) * centred.col(at(i));
    scaled.row(at(i)) *= share(i);
  }
  Eigen::MatrixXd a = centred * scaled;
  a.diagonal().array() += lambda;
  const Eigen::LLT<Eigen::MatrixXd> factor(a);
  Fit fit;
  fit.weights = factor.solve(right);
  fit.bias = -fit.weights.dot(mean);
  const Eigen::VectorXd predicted = centred.transpose() * fit.weights;
  factor.matrixL().solveInPlace(centred);
  for (std::size_t i = 0; i < rows; ++i) {
    const double h = std::min(share(i) * (1 + centred.col(at(i)).squaredNorm()), 1 - 1e-9);
    const auto without = static_cast<float>((predicted[at(i)] - h * target(i)) / (1 - h));
    (i < n ? fit.normals_left_out : fit.anomalies_left_out).push_back(without);
  }
  return fit;
}

class Ridge final : public Family {
 public:
  explicit Ridge(const Task& task) : task_(task) {
    if (task.k == 0) return;
    const auto fit = [&](std::size_t columns, auto fill) {
      Dense x(at(task.n + task.k), at(columns));
      for (std::size_t i = 0; i < task.n; ++i) fill(task.normals, i, x.row(at(i)).data());
      for (std::size_t i = 0; i < task.k; ++i) fill(task.anomalies, i, x.row(at(task.n + i)).data());
      fits_.push_back(fit_ridge(x, task.n, task.k, kLight));
      fits_.push_back(fit_ridge(x, task.n, task.k, kHeavy * static_cast<double>(columns)));
    };
    fit(columns(), [this](const Block& block, std::size_t b, double* out) { fill_columns(block, b, out); });
    fit(task.normals.scores.cols(), fill_scores);
  }
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    std::vector<double> x(columns());
    std::vector<double> scores(block.scores.cols());
    for (std::size_t b = 0; b < block.rows; ++b) {
      const bool known = task_.anomalies_for(block, b) > 0;
      if (known) {
        fill_columns(block, b, x.data());
        fill_scores(block, b, scores.data());
      }
      for (std::size_t f = 0; f < kNames.size(); ++f) {
        out(b, first + f) = !known                           ? kNothing
                            : block.normal_of(b) != kNobody  ? fits_[f].normals_left_out[block.normal_of(b)]
                            : block.anomaly_of(b) != kNobody ? fits_[f].anomalies_left_out[block.anomaly_of(b)]
                                                             : predict(fits_[f], f < 2 ? x : scores);
      }
    }
  }

 private:
  bool both() const { return 2 * task_.d <= kMostColumns; }
  std::size_t columns() const { return both() ? 2 * task_.d : task_.d; }
  void fill_columns(const Block& block, std::size_t b, double* out) const {
    for (const float value : block.planes.z.row(b)) *out++ = static_cast<double>(value);
    if (!both()) return;
    for (const float value : block.planes.q.row(b)) *out++ = static_cast<double>(value);
  }
  static void fill_scores(const Block& block, std::size_t b, double* out) {
    for (const float value : block.scores.row(b)) *out++ = static_cast<double>(value);
  }
  static float predict(const Fit& fit, std::span<const double> x) {
    double sum = fit.bias;
    for (std::size_t j = 0; j < x.size(); ++j) sum += fit.weights[at(j)] * x[j];
    return static_cast<float>(sum);
  }

  const Task& task_;
  std::vector<Fit> fits_;  // as named
};

}  // namespace

const FamilyEntry kRidge{kNames, [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<Ridge>(task); }};

}  // namespace oddshot::table
