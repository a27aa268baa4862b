// Whitening by a shrunk covariance: the formulas of oddshot/data/views.h.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oddshot/base/matrix.h"

namespace oddshot::data {

// Mean and covariance [d x d] (divided by the number of rows) of some columns of `rows`, each value first clamped to [-limit, limit]; in
// double, two passes.
struct Scatter {
  std::vector<double> mean;
  BasicMatrix<double> covariance;
};
Scatter scatter(MatrixView rows, std::span<const std::uint32_t> columns, float limit);

// The share of the sphere, s, for a covariance of `n` rows that is to be shrunk by at least `least`.
double shrinkage(const BasicMatrix<double>& covariance, std::size_t n, double least);

// W^T [d x d]: (x - mean) W^T has the identity for its covariance, were the covariance (1 - s) S + s m I. Throws NumericError if the
// eigenvalues are not found.
Matrix whitening_matrix(const BasicMatrix<double>& covariance, double s);

}  // namespace oddshot::data
