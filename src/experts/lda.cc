// The linear discriminant between the mean normal m and the mean known anomaly a:
//   score(x) = (a - m)^T C^-1 (x - (a + m) / 2)
// C: covariance within the classes, of all M rows about their class's mean, shrunk towards a multiple of the identity
// (shrunk_covariance.h). The classes count as equally likely; anything else would move all scores alike. The left-out scores of the normals
// are exact, shrinkage included. With f = N / (N - 1), y = x_i - m and g = a - m, leaving out i makes
//   m_i = m - y / (N - 1),   x_i - m_i = f y,   T_i = T - f y y^T
// for the scatter T = sum of the rows' y y^T, whose eigenvectors give both traces that the shrinkage needs and the inverse of
// B = weight_i T + ridge_i I; that of B - weight_i f y y^T follows by Sherman and Morrison. Everything lies in the span of the rows.
// Source: Fisher 1936, "The use of multiple measurements in taxonomic problems".   O(M r D + r^3), r = min(M, D).
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <optional>
#include <utility>

#include "experts/linear_expert.h"
#include "experts/shrunk_covariance.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::VectorXd;

// Along the eigenvectors of T.
struct Coordinates {
  ArrayXd values;  // [r] eigenvalues of T
  DenseRows rows;  // [N x r] the normals less m
  ArrayXd gap;     // [r] g
  double sum;      // of the eigenvalues
  double squares;  // of these
  double normals;  // N
  double all;      // M
  double columns;  // D
};

// Nothing where too many digits were lost: all other rows (nearly) coincide with their class, measured by this one.
std::optional<float> left_out(const Coordinates& at, Index i) {
  const ArrayXd y = at.rows.row(i).transpose().array();
  const double f = at.normals / (at.normals - 1);
  const double k = 1 / (at.normals - 1);
  const double length = y.square().sum();
  if (at.sum > 0 && at.sum - f * length < kSafeShare * at.sum) return std::nullopt;
  const double form = (at.values * y.square()).sum();
  const ShrunkCovariance shrunk(at.sum - f * length, at.squares - 2 * f * form + f * f * length * length, at.all - 1, at.columns);
  const ArrayXd inverse = (shrunk.weight * at.values + shrunk.ridge).inverse();
  const double q = (y.square() * inverse).sum();
  const double p = (y * at.gap * inverse).sum();
  const double s = (at.gap.square() * inverse).sum();
  const double update = shrunk.weight * f / (1 - shrunk.weight * f * q);
  const double along = p + k * q;  // y^T B^-1 (a - m_i)
  const double to_row = along * (1 + update * q);
  const double to_gap = s + 2 * k * p + k * k * q + update * along * along;
  return static_cast<float>(f * to_row - to_gap / 2);
}

enum class LeftOut : bool { kNo, kYes };

LinearFunction fit_lda(MatrixView normals, MatrixView anomalies, LeftOut asked) {
  LinearFunction function;
  const auto n = static_cast<Index>(normals.rows);
  const auto k = static_cast<Index>(anomalies.rows);
  DenseRows x = stacked(normals, anomalies);
  function.centre = x.topRows(n).colwise().mean();
  x.rowwise() -= function.centre.transpose();
  const SpannedRows rows(std::move(x));
  const VectorXd gap = rows.z().bottomRows(k).colwise().mean();
  DenseRows within = rows.z();
  within.bottomRows(k).rowwise() -= gap.transpose();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(Eigen::MatrixXd(within.transpose() * within));
  if (solver.info() != Eigen::Success) throw NumericError("lda: the eigenvalues of the covariance were not found");

  Coordinates at{solver.eigenvalues().array().max(0),
                 {},
                 (solver.eigenvectors().transpose() * gap).array(),
                 0,
                 0,
                 static_cast<double>(n),
                 static_cast<double>(n + k),
                 static_cast<double>(normals.cols)};
  at.sum = at.values.sum();
  at.squares = at.values.square().sum();
  const ShrunkCovariance shrunk(at.sum, at.squares, at.all, at.columns);
  const ArrayXd along = at.gap / (shrunk.weight * at.values + shrunk.ridge);
  function.weights = rows.on_columns(solver.eigenvectors() * along.matrix());
  function.intercept = -(along * at.gap).sum() / 2;
  if (asked == LeftOut::kNo) return function;

  at.rows = within.topRows(n) * solver.eigenvectors();
  for (Index i = 0; i < n; ++i) {
    std::optional<float> score = left_out(at, i);
    if (!score) {
      Matrix rest(normals.rows - 1, normals.cols);
      const auto gone = static_cast<std::size_t>(i);
      for (std::size_t r = 0; r < rest.rows(); ++r) std::ranges::copy(normals.row(r < gone ? r : r + 1), rest.row(r).begin());
      const LinearFunction refitted = fit_lda(rest, anomalies, LeftOut::kNo);
      const Eigen::Map<const Eigen::RowVectorXf> row(normals.row(gone).data(), static_cast<Index>(normals.cols));
      score = static_cast<float>((row.cast<double>() - refitted.centre.transpose()).dot(refitted.weights) + refitted.intercept);
    }
    function.normals_left_out.push_back(*score);
  }
  return function;
}

class Lda final : public Expert {
 public:
  std::string_view name() const override { return "lda"; }
  bool uses_labels() const override { return true; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedLinear>(name(), fit_lda(normals, anomalies, LeftOut::kYes));
  }
};

}  // namespace

const Expert& lda_expert() {
  static const Lda expert;
  return expert;
}

}  // namespace oddshot
