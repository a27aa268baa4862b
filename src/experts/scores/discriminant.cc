// The linear discriminant from the mean normal m to the mean known anomaly a, with the precision P of the reference rows: many training
// normals know how columns move together where the few rows of a support cannot.
//   f(x) = (a - m)^T P (x - (a + m) / 2)
// Without a support row in question: its class's mean moves, m' = (n m - x) / (n - 1), in closed form.
//   P = (C (1 - s) + s tr(C) / d I)^-1,  C the reference's covariance,  s = (d + 1) / (d + r) at least 0.02
// Source: Fisher 1936, "The use of multiple measurements in taxonomic problems"; shrinking as Ledoit, Wolf 2004, "A well-conditioned
// estimator for large-dimensional covariance matrices", with a simpler weight.
#include <Eigen/Cholesky>
#include <algorithm>
#include <array>

#include "experts/scores/view_task.h"

namespace oddshot::scores {
namespace {

constexpr std::array<std::string_view, 1> kNames = {"discriminant"};
constexpr double kLeastShrinkage = 0.02;

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using MatrixMap = Eigen::Map<const RowMajor>;
using VectorMap = Eigen::Map<const Eigen::VectorXf>;

MatrixMap map(const Matrix& m) { return {m.data(), static_cast<Eigen::Index>(m.rows()), static_cast<Eigen::Index>(m.cols())}; }
VectorMap map(std::span<const float> v) { return {v.data(), static_cast<Eigen::Index>(v.size())}; }

void score_discriminant(const ViewTask& task, const ViewRow& row, float* out) { *out = linear_score(task.discriminant, row); }

}  // namespace

const ScoreFamily kDiscriminant{kNames, score_discriminant};

LinearFit fit_discriminant(const ViewTask& task) {
  LinearFit fit;
  const std::size_t n = task.normal_count();
  const std::size_t k = task.anomaly_count();
  if (k == 0) return fit;
  const auto precision = map(task.reference->precision);
  const auto m = map(std::span<const float>(task.mean_normals));
  const auto a = map(std::span<const float>(task.mean_anomalies));
  const Eigen::VectorXf pm = precision * m;
  const Eigen::VectorXf pa = precision * a;
  const Eigen::VectorXf weights = pa - pm;
  fit.weights.assign(weights.data(), weights.data() + weights.size());
  fit.bias = -0.5F * weights.dot(a + m);

  // With x P x, x P m and x P a at hand, a moved mean is arithmetic.
  const float maa = a.dot(pa);
  const float mmm = m.dot(pm);
  const RowMajor pn = map(task.normals) * precision;
  fit.normals_left_out.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = map(task.normals.row(i));
    const float xx = pn.row(static_cast<Eigen::Index>(i)).dot(x);
    const float xm = x.dot(pm);
    const float xa = x.dot(pa);
    const float s = n > 1 ? static_cast<float>(n) / static_cast<float>(n - 1) : 1.0F;  // m' = s m - t x
    const float t = n > 1 ? 1.0F / static_cast<float>(n - 1) : 0.0F;
    const float new_m_x = s * xm - t * xx;                            // m' P x
    const float new_m_m = s * s * mmm - 2 * s * t * xm + t * t * xx;  // m' P m'
    fit.normals_left_out[i] = xa - new_m_x - 0.5F * (maa - new_m_m);
  }
  const RowMajor pk = map(task.anomalies) * precision;
  fit.anomalies_left_out.resize(k);
  for (std::size_t i = 0; k > 1 && i < k; ++i) {
    const auto x = map(task.anomalies.row(i));
    const float xx = pk.row(static_cast<Eigen::Index>(i)).dot(x);
    const float xm = x.dot(pm);
    const float xa = x.dot(pa);
    const float s = static_cast<float>(k) / static_cast<float>(k - 1);
    const float t = 1.0F / static_cast<float>(k - 1);
    const float new_a_x = s * xa - t * xx;
    const float new_a_a = s * s * maa - 2 * s * t * xa + t * t * xx;
    fit.anomalies_left_out[i] = new_a_x - xm - 0.5F * (new_a_a - mmm);
  }
  return fit;
}

ReferenceView summarise_reference(Matrix rows) {
  ReferenceView view;
  const std::size_t r = rows.rows();
  const std::size_t d = rows.cols();
  const auto size = static_cast<Eigen::Index>(d);
  const Eigen::MatrixXd x = map(rows).cast<double>();
  const Eigen::RowVectorXd mean = x.colwise().mean();
  const Eigen::MatrixXd centred = x.rowwise() - mean;
  Eigen::MatrixXd covariance = centred.transpose() * centred / static_cast<double>(r);
  view.variance.resize(d);
  for (std::size_t j = 0; j < d; ++j) {
    view.variance[j] = static_cast<float>(covariance(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(j)));
  }
  const double shrinkage = std::max(kLeastShrinkage, static_cast<double>(d + 1) / static_cast<double>(d + r));
  const double level = std::max(covariance.trace() / static_cast<double>(d), 1e-9);
  covariance *= 1 - shrinkage;
  covariance.diagonal().array() += shrinkage * level;
  const RowMajor precision = covariance.llt().solve(Eigen::MatrixXd::Identity(size, size)).cast<float>();
  view.precision.resize(d, d);
  std::copy_n(precision.data(), d * d, view.precision.data());
  view.rows = std::move(rows);
  return view;
}

}  // namespace oddshot::scores
