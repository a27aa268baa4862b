// Ridge regression of the class, y = 1 for anomalies and -1 for normals, classes balanced, L2 penalty on the weights but not on the
// intercept:
//   minimise over w, b   |w|^2 + sum over rows of s_i (y_i - w x_i - b)^2        s_i = M / (2 x rows of i's class), M rows in all
//   score(x) = w x + b
// which is scikit-learn's RidgeClassifier(alpha=1, class_weight="balanced"). (The learner `ridge` learns an embedding for such a fit.)
// With z_i = (x_i, 1), S = diag(s), P = diag(1, .., 1, 0):   H = Z^T S Z + P,   (w, b) = H^-1 Z^T S y
// Left-out scores of the normals are exact: with the weights s' of one normal fewer, which are the same whichever is gone, and f' and H'
// of all rows under them,   f_i without i = (f'_i - h_i y_i) / (1 - h_i),   h_i = s'_i z_i^T H'^-1 z_i
// Source: Hoerl, Kennard 1970, "Ridge regression"; Allen 1974, "The relationship between variable selection and data augmentation and a
// method for prediction" (the left-out predictions).   O(M r D + M r^2), r = min(M, D).
#include <Eigen/Cholesky>
#include <algorithm>
#include <utility>

#include "experts/linear_expert.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr double kPenalty = 1;
// The penalty is at least this part of what it is added to: else rounding could make H singular. Felt by columns beyond 1e5 only.
constexpr double kLeastPenalty = 1e-13;
constexpr double kLeastRest = 1e-12;  // of 1 - h_i, where a row alone says something

struct Solution {
  Eigen::LLT<DenseRows> factor;  // of H
  VectorXd beta;                 // w, then b
};

// z [M x (r + 1)], the last column 1: first the normals, then the anomalies; each class weighs half of `counted`.
Solution solve(const DenseRows& z, Index normals, double normal_weight, double anomaly_weight) {
  VectorXd weight(z.rows());
  VectorXd y(z.rows());
  weight.head(normals).setConstant(normal_weight);
  weight.tail(z.rows() - normals).setConstant(anomaly_weight);
  y.setOnes();
  y.head(normals).setConstant(-1);
  const DenseRows scaled = weight.asDiagonal() * z;
  DenseRows h = z.transpose() * scaled;
  const double penalty = std::max(kPenalty, kLeastPenalty * h.trace());
  h.diagonal().head(z.cols() - 1).array() += penalty;
  Solution solution{Eigen::LLT<DenseRows>(h), {}};
  if (solution.factor.info() != Eigen::Success) throw NumericError("ridge-classifier: the normal equations are singular to rounding");
  solution.beta = solution.factor.solve(scaled.transpose() * y);
  return solution;
}

LinearFunction fit_ridge(MatrixView normals, MatrixView anomalies) {
  LinearFunction function;
  DenseRows x = stacked(normals, anomalies);
  function.centre = x.colwise().mean();
  x.rowwise() -= function.centre.transpose();
  const SpannedRows rows(std::move(x));
  const Index r = rows.z().cols();
  DenseRows z(rows.z().rows(), r + 1);
  z.leftCols(r) = rows.z();
  z.col(r).setOnes();

  const auto n = static_cast<Index>(normals.rows);
  const auto m = static_cast<double>(normals.rows + anomalies.rows);
  const auto weight_of = [](double all, std::size_t of_class) { return all / (2 * static_cast<double>(of_class)); };
  const Solution all = solve(z, n, weight_of(m, normals.rows), weight_of(m, anomalies.rows));
  function.weights = rows.on_columns(all.beta.head(r));
  function.intercept = all.beta[r];

  const double weight = weight_of(m - 1, normals.rows - 1);
  const Solution rest = solve(z, n, weight, weight_of(m - 1, anomalies.rows));
  const Eigen::MatrixXd half = rest.factor.matrixL().solve(Eigen::MatrixXd(z.topRows(n).transpose()));
  for (Index i = 0; i < n; ++i) {
    const double leverage = weight * half.col(i).squaredNorm();
    const double left_out = (z.row(i).dot(rest.beta) + leverage) / std::max(kLeastRest, 1 - leverage);
    function.normals_left_out.push_back(static_cast<float>(left_out));
  }
  return function;
}

class RidgeClassifier final : public Expert {
 public:
  std::string_view name() const override { return "ridge-classifier"; }
  bool uses_labels() const override { return true; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedLinear>(name(), fit_ridge(normals, anomalies));
  }
};

}  // namespace

const Expert& ridge_classifier_expert() {
  static const RidgeClassifier expert;
  return expert;
}

}  // namespace oddshot
