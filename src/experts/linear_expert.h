// What the linear experts (logistic, ridge-classifier, lda) share: their rows, no wider than they are many, and the scoring.
#pragma once

#include <Eigen/QR>
#include <vector>

#include "experts/fitted.h"

namespace oddshot {

using DenseRows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// [M x D] normals, then anomalies, in double.
DenseRows stacked(MatrixView normals, MatrixView anomalies);

// Rows as coordinates in their own span. The weights of a linear fit with an L2 penalty are a sum of its rows, so with more columns than
// rows they are sought there: X^T = Q R turns the rows X [M x D] into those of Z = R^T [M x M], with the same products among each other.
class SpannedRows {
 public:
  // x: rows less a centre.
  explicit SpannedRows(DenseRows x);

  const DenseRows& z() const { return z_; }  // [M x r], r = min(M, D)
  // Weights [D] on columns of the rows, from those [r] on columns of z.
  Eigen::VectorXd on_columns(const Eigen::VectorXd& weights) const;

 private:
  DenseRows z_;
  bool turned_;
  Eigen::Index columns_;
  Eigen::HouseholderQR<Eigen::MatrixXd> qr_;  // if turned_
};

// score(x) = weights (x - centre) + intercept
struct LinearFunction {
  Eigen::VectorXd centre;   // [D]
  Eigen::VectorXd weights;  // [D]
  double intercept = 0;
  std::vector<float> normals_left_out;  // [N] scores of the normals by the functions fitted without them
};

class FittedLinear final : public Fitted {
 public:
  FittedLinear(std::string_view name, LinearFunction function)
      : Fitted(name, static_cast<std::size_t>(function.weights.size())), function_(std::move(function)) {}

  std::vector<float> fitting_scores() const override { return function_.normals_left_out; }

 private:
  void score_rows(MatrixView rows, std::span<float> out) const override;

  LinearFunction function_;
};

}  // namespace oddshot
