#include "data/whitening.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "kernels/kernels.h"
#include "oddshot/base/error.h"

namespace oddshot::data {
namespace {

using Dense = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::size_t kBlock = 256;  // rows at a time: their doubles (256 x 384 x 8 bytes) stay in L2

// Mean variances below it are no scale but rounding; the matrix then stays within float.
constexpr double kNoVariance = 1e-20;

double trace(const BasicMatrix<double>& m) {
  double sum = 0;
  for (std::size_t i = 0; i < m.rows(); ++i) sum += m(i, i);
  return sum;
}

}  // namespace

Scatter scatter(MatrixView rows, std::span<const std::uint32_t> columns, float limit) {
  const std::size_t d = columns.size();
  Scatter out{std::vector<double>(d), BasicMatrix<double>(d, d)};
  const auto value = [&](std::size_t r, std::size_t c) { return static_cast<double>(std::clamp(rows(r, columns[c]), -limit, limit)); };
  for (std::size_t r = 0; r < rows.rows; ++r) {
    for (std::size_t c = 0; c < d; ++c) out.mean[c] += value(r, c);
  }
  const auto n = static_cast<double>(rows.rows);
  for (double& mean : out.mean) mean /= n;

  // S += Y^T Y / N, a block of centred rows Y at a time.
  BasicMatrix<double> centred(std::min(kBlock, rows.rows), d);
  for (std::size_t first = 0; first < rows.rows; first += kBlock) {
    const std::size_t count = std::min(kBlock, rows.rows - first);
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t c = 0; c < d; ++c) centred(r, c) = value(first + r, c) - out.mean[c];
    }
    kernels::Product<double> product;
    product.m = product.n = d;
    product.k = count;
    product.a = product.b = centred.data();
    product.a_row = 1;
    product.a_col = product.ldb = d;
    product.addend = product.c = out.covariance.data();
    product.ld_addend = product.ldc = d;
    product.alpha = 1 / n;
    kernels::table<double>().product(product);
  }
  return out;
}

double shrinkage(const BasicMatrix<double>& covariance, std::size_t n, double least) {
  const auto d = static_cast<double>(covariance.rows());
  const double t = trace(covariance);
  double squares = 0;  // trace(S^2)
  for (std::size_t i = 0; i < covariance.rows(); ++i) {
    for (const double value : covariance.row(i)) squares += value * value;
  }
  const auto rows = static_cast<double>(n);
  const double numerator = (1 - 2 / d) * squares + t * t;
  const double denominator = (rows + 1 - 2 / d) * (squares - t * t / d);
  const double oas = numerator < denominator ? numerator / denominator : 1;
  return std::max(least, std::min(oas, (d / rows) * (d / rows)));
}

Matrix whitening_matrix(const BasicMatrix<double>& covariance, double s) {
  const std::size_t d = covariance.rows();
  const auto size = static_cast<Eigen::Index>(d);
  const Eigen::SelfAdjointEigenSolver<Dense> solver(Eigen::Map<const Dense>(covariance.data(), size, size));
  if (solver.info() != Eigen::Success) throw NumericError("views: the eigenvalues of the covariance were not found");
  const double mean = trace(covariance) / static_cast<double>(d);
  const bool spread = mean > kNoVariance;
  Matrix out(d, d);
  for (std::size_t k = 0; k < d; ++k) {
    const auto from = static_cast<Eigen::Index>(d - 1 - k);  // ascending there
    const double value = spread ? (1 - s) * std::max(0.0, solver.eigenvalues()[from]) + s * mean : 1;
    const auto vector = solver.eigenvectors().col(from);
    Eigen::Index largest = 0;
    vector.cwiseAbs().maxCoeff(&largest);
    const double scale = (vector[largest] < 0 ? -1 : 1) / std::sqrt(value);
    for (std::size_t c = 0; c < d; ++c) out(c, k) = static_cast<float>(scale * vector[static_cast<Eigen::Index>(c)]);
  }
  return out;
}

}  // namespace oddshot::data
