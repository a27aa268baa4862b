// Principal components: how far a row lies from the plane in which the normals vary most, its reconstruction error.
//   score(x) = |v - U U^T v|,   v = x - mean,   U [D x q]: the first q eigenvectors of the normals' covariance
// q: as few as hold nine tenths of the variance, fewer than columns, and at most a quarter as many as there are normals: beyond, they
// describe these normals and no others. Up to 64 normals the fitting scores are leave-one-out, by refitting; of more, rows are left out in
// 64 parts.
// Source: Jackson, Mudholkar 1979, "Control procedures for residuals associated with principal component analysis".
//   O(N D min(N, D)) to fit, O(D q) a row to score.
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "experts/cross_fit.h"
#include "experts/linear_expert.h"
#include "kernels/kernels.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using Eigen::Index;

constexpr double kShare = 0.9;  // of the variance
constexpr std::size_t kNormalsEach = 4;
constexpr std::size_t kParts = 64;

class FittedPca final : public Fitted {
 public:
  FittedPca(std::string_view name, MatrixView normals) : Fitted(name, normals.cols), normals_(copied(normals)) {
    DenseRows y = stacked(normals, {});
    mean_ = y.colwise().mean();
    y.rowwise() -= mean_.transpose();
    const std::size_t most = std::min(normals.rows / kNormalsEach, normals.cols - 1);
    if (most == 0) return;
    const SpannedRows rows(std::move(y));
    const DenseRows& z = rows.z();
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(Eigen::MatrixXd(z.transpose() * z));
    if (solver.info() != Eigen::Success) throw NumericError("pca: the eigenvalues of the covariance were not found");
    const Eigen::VectorXd values = solver.eigenvalues().cwiseMax(0);  // rising
    double held = 0;
    for (std::size_t q = 0; q < most && held < kShare * values.sum(); ++q) {
      const Index k = values.size() - 1 - static_cast<Index>(q);
      held += values[k];
      directions_.push_back(rows.on_columns(solver.eigenvectors().col(k)));
    }
  }

  std::vector<float> fitting_scores() const override {
    return cross_fitted(normals_, kParts, [](const Matrix& rest) { return std::make_unique<FittedPca>("pca", rest); });
  }

 private:
  void score_rows(MatrixView rows, std::span<float> out) const override {
    const auto& kernel = kernels::table<double>();
    std::vector<double> v(columns());
    for (std::size_t r = 0; r < out.size(); ++r) {
      for (std::size_t c = 0; c < v.size(); ++c) v[c] = static_cast<double>(rows(r, c)) - mean_[static_cast<Index>(c)];
      for (const Eigen::VectorXd& u : directions_) kernel.axpy(v.size(), -kernel.dot(v.size(), v.data(), u.data()), u.data(), v.data());
      out[r] = static_cast<float>(std::sqrt(kernel.dot(v.size(), v.data(), v.data())));
    }
  }

  Matrix normals_;
  Eigen::VectorXd mean_;                     // [D]
  std::vector<Eigen::VectorXd> directions_;  // [q] of [D]
};

class Pca final : public Expert {
 public:
  std::string_view name() const override { return "pca"; }
  bool uses_labels() const override { return false; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedPca>(name(), normals);
  }
};

}  // namespace

const Expert& pca_expert() {
  static const Pca expert;
  return expert;
}

}  // namespace oddshot
