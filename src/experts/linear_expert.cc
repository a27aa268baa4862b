#include "experts/linear_expert.h"

#include <algorithm>
#include <utility>

#include "kernels/kernels.h"

namespace oddshot {

using Eigen::Index;
using Eigen::VectorXd;

DenseRows stacked(MatrixView normals, MatrixView anomalies) {
  const auto n = static_cast<Index>(normals.rows);
  DenseRows x(n + static_cast<Index>(anomalies.rows), static_cast<Index>(normals.cols));
  for (Index r = 0; r < x.rows(); ++r) {
    const auto row = r < n ? normals.row(static_cast<std::size_t>(r)) : anomalies.row(static_cast<std::size_t>(r - n));
    x.row(r) = Eigen::Map<const Eigen::RowVectorXf>(row.data(), x.cols()).cast<double>();
  }
  return x;
}

SpannedRows::SpannedRows(DenseRows x) : turned_(x.cols() > x.rows()), columns_(x.cols()) {
  if (!turned_) {
    z_ = std::move(x);
    return;
  }
  qr_.compute(x.transpose());
  z_ = qr_.matrixQR().topRows(x.rows()).triangularView<Eigen::Upper>().transpose();
}

VectorXd SpannedRows::on_columns(const VectorXd& weights) const {
  if (!turned_) return weights;
  VectorXd w = VectorXd::Zero(columns_);
  w.head(weights.size()) = weights;
  w.applyOnTheLeft(qr_.householderQ());
  return w;
}

void FittedLinear::score_rows(MatrixView rows, std::span<float> out) const {
  const auto& kernel = kernels::table<double>();
  std::vector<double> x(columns());
  for (std::size_t r = 0; r < out.size(); ++r) {
    const auto row = rows.row(r);
    for (std::size_t c = 0; c < x.size(); ++c) x[c] = static_cast<double>(row[c]) - function_.centre[static_cast<Index>(c)];
    out[r] = static_cast<float>(kernel.dot(x.size(), x.data(), function_.weights.data()) + function_.intercept);
  }
}

}  // namespace oddshot
