// Class-balanced ridge regression of the class (normal -1, anomaly 1) on the columns, in its dual form:
//   G = X X^T / d + 1 + lambda diag(c),  alpha = G^-1 y,  f(x) = sum_i alpha_i (x_i . x / d + 1)
//   c_i = rows of i's class * 2 / rows, so that either class weighs the same
// and each support row's prediction without itself in closed form: y_i - alpha_i / (G^-1)_ii. O((n + k)^3 + (n + k)^2 d); on at most 256
// normals, evenly chosen, beyond which the answer hardly moves.
// Source: Saunders, Gammerman, Vovk 1998, "Ridge regression learning algorithm in dual variables"; Cawley, Talbot 2004, "Fast exact
// leave-one-out cross-validation of sparse least-squares support vector machines" (the closed form).
#include <Eigen/Cholesky>
#include <algorithm>
#include <array>

#include "experts/scores/view_task.h"

namespace oddshot::scores {
namespace {

constexpr std::array<std::string_view, 1> kNames = {"ridge"};
constexpr float kLambda = 1.0F;
constexpr std::size_t kMostNormals = 256;

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

void score_ridge(const ViewTask& task, const ViewRow& row, float* out) { *out = linear_score(task.ridge, row); }

}  // namespace

const ScoreFamily kRidge{kNames, score_ridge};

LinearFit fit_ridge(const ViewTask& task) {
  LinearFit fit;
  const std::size_t d = task.columns;
  const std::size_t n = task.normal_count();
  const std::size_t k = task.anomaly_count();
  if (k == 0) return fit;
  const std::size_t used = std::min(n, kMostNormals);
  const std::size_t rows = used + k;
  const auto chosen = [&](std::size_t i) { return i * n / used; };  // normals, evenly

  const auto index = [](std::size_t i) { return static_cast<Eigen::Index>(i); };
  RowMajor x(index(rows), index(d));
  Eigen::VectorXf y(index(rows));
  Eigen::VectorXf balance(index(rows));
  const float scale = 1.0F / std::sqrt(static_cast<float>(d));
  for (std::size_t i = 0; i < rows; ++i) {
    const auto row = i < used ? task.normals.row(chosen(i)) : task.anomalies.row(i - used);
    for (std::size_t j = 0; j < d; ++j) x(index(i), index(j)) = row[j] * scale;
    y[index(i)] = i < used ? -1.0F : 1.0F;
    balance[index(i)] = 2.0F * static_cast<float>(i < used ? used : k) / static_cast<float>(rows);
  }
  RowMajor g = x * x.transpose();
  g.array() += 1.0F;
  g.diagonal() += kLambda * balance;
  // G = L L^T: with V = L^-1, alpha = V^T (V y) and (G^-1)_ii is the squared length of V's column i.
  const RowMajor v = g.llt().matrixL().solve(RowMajor::Identity(index(rows), index(rows)));
  const Eigen::VectorXf alpha = v.transpose() * (v * y);
  const Eigen::VectorXf inverse_diagonal = v.colwise().squaredNorm();
  const Eigen::VectorXf weights = x.transpose() * alpha * scale;
  fit.weights.assign(weights.data(), weights.data() + d);
  fit.bias = alpha.sum();

  const auto left_out = [&](std::size_t i) { return y[index(i)] - alpha[index(i)] / inverse_diagonal[index(i)]; };
  fit.normals_left_out.resize(n);
  for (std::size_t i = 0; i < n; ++i) {  // one that was not chosen is left out as it is
    fit.normals_left_out[i] = fit.predict(task.normals.row(i));
  }
  for (std::size_t i = 0; i < used; ++i) fit.normals_left_out[chosen(i)] = left_out(i);
  fit.anomalies_left_out.resize(k);
  for (std::size_t i = 0; i < k; ++i) fit.anomalies_left_out[i] = left_out(used + i);
  return fit;
}

}  // namespace oddshot::scores
