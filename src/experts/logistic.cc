// Logistic regression of anomaly (y = 1) against normal (y = 0), classes balanced, L2 penalty on the weights but not on the intercept:
//   minimise over w, b   |w|^2 / 2 + C sum over rows of s_i log(1 + exp(-(2 y_i - 1) f_i)),   f_i = w x_i + b,  C = 1
//   s_i = M / (2 x rows of i's class), M rows in all          score(x) = w x + b, the log odds
// which is scikit-learn's LogisticRegression(class_weight="balanced"). By Newton's method in double.
// The optimal w is a sum of (centred) rows, so with more columns than rows it is sought in their span: X^T = Q R turns the rows into those
// of R^T, no longer than rows are many, and w = Q v (linear_expert.h). Centring changes the intercept alone, and keeps columns around 1e8
// apart from it. Left-out scores of the normals take one Newton step from the full solution (exact refits cost N fits), in which row i is
// gone and the weights s' are those of one normal fewer:
//   f_i without i = f_i + (s'_i p_i h_i - z_i^T H^-1 g) / (1 - s'_i p_i (1 - p_i) h_i),   h_i = z_i^T H^-1 z_i,   z_i = (x_i, 1)
// with the gradient g and the Hessian H of all rows under s' at the full solution. Sherman and Morrison take row i out of H.
// Source: Rad, Maleki 2020, arXiv:1801.10243 (the approximate leave-one-out).   O(M r D + steps M r^2), r = min(M, D).
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "experts/linear_expert.h"
#include "kernels/kernels.h"
#include "oddshot/base/error.h"

namespace oddshot {
namespace {

using Dense = DenseRows;
using Eigen::Index;
using Eigen::VectorXd;

constexpr double kC = 1;
constexpr int kMaximumSteps = 500;  // 12 do for usual supports, fewer than 60 for values of 1e30
constexpr double kEnough = 1e-14;   // stop when a step promises less than this part of the loss
// The penalty is at least this part of what it is added to: else rounding could make the Hessian singular. Felt by columns beyond 1e5 only.
constexpr double kLeastPenalty = 1e-13;

struct Solution {
  VectorXd beta;    // weights, then intercept
  VectorXd fitted;  // f_i
  VectorXd wrong;   // the probability given to the class that row i is not of: p_i of normals, 1 - p_i of anomalies, in full precision
};

// z [M x (r + 1)], the last column 1: first the normals, then the anomalies. The classes weigh as much as if there were so many normals.
class Problem {
 public:
  Problem(const Dense& z, Index normals, Index normals_counted) : z_(z), sign_(z.rows()), weight_(z.rows()), penalty_(z.cols()) {
    const Index anomalies = z.rows() - normals;
    const auto counted = static_cast<double>(normals_counted + anomalies);
    sign_.head(normals).setConstant(-1);
    sign_.tail(anomalies).setOnes();
    weight_.head(normals).setConstant(kC * counted / (2 * static_cast<double>(normals_counted)));
    weight_.tail(anomalies).setConstant(kC * counted / (2 * static_cast<double>(anomalies)));
    penalty_.setConstant(std::max(1.0, kLeastPenalty * (weight_.array() * z_.rowwise().squaredNorm().array()).sum() / 4));
    penalty_[z_.cols() - 1] = 0;
  }

  const VectorXd& weight() const { return weight_; }

  VectorXd gradient(const Solution& at) const {
    return z_.transpose() * -(weight_.array() * sign_.array() * at.wrong.array()).matrix() + penalty_.cwiseProduct(at.beta);
  }

  Eigen::LLT<Dense> factored_hessian(const Solution& at) const {
    const Dense scaled = (weight_.array() * at.wrong.array() * (1 - at.wrong.array())).matrix().asDiagonal() * z_;
    Dense h(z_.cols(), z_.cols());
    kernels::Product<double> product;
    product.m = product.n = product.ldb = product.ldc = static_cast<std::size_t>(z_.cols());
    product.k = static_cast<std::size_t>(z_.rows());
    product.a = z_.data();
    product.a_row = 1;
    product.a_col = product.ldb;
    product.b = scaled.data();
    product.c = h.data();
    kernels::table<double>().product(product);
    h.diagonal() += penalty_;
    Eigen::LLT<Dense> factor(h);
    if (factor.info() != Eigen::Success) throw NumericError("logistic: the Hessian is singular to rounding");
    return factor;
  }

  Solution solve() const {
    Solution at{VectorXd::Zero(z_.cols()), VectorXd::Zero(z_.rows()), {}};
    double value = loss(at.beta, at.fitted);
    for (int step = 0; step < kMaximumSteps; ++step) {
      at.wrong = (1 + (sign_.array() * at.fitted.array()).exp()).inverse();
      const VectorXd slope = gradient(at);
      const VectorXd direction = factored_hessian(at).solve(slope);
      const VectorXd change = z_ * direction;
      const double promise = slope.dot(direction);
      if (!(promise > kEnough * value)) return at;
      double next = 0;
      for (double rate = 1;; rate /= 2) {  // convex, so some part of the step goes down; where that is too small to tell, all is done
        if (rate < 1e-10) return at;
        next = loss(at.beta - rate * direction, at.fitted - rate * change);
        if (next > value - 1e-4 * rate * promise) continue;
        at.beta -= rate * direction;
        at.fitted -= rate * change;
        break;
      }
      value = next;
    }
    throw NumericError(fmt::format("logistic: Newton's method did not converge in {} steps", kMaximumSteps));
  }

 private:
  double loss(const VectorXd& beta, const VectorXd& f) const {
    const Eigen::ArrayXd margin = sign_.array() * f.array();
    const Eigen::ArrayXd softplus = (-margin).max(0) + (-margin.abs()).exp().log1p();  // log(1 + exp(-margin)) without overflow
    return (weight_.array() * softplus).sum() + 0.5 * penalty_.dot(beta.cwiseAbs2());
  }

  const Dense& z_;
  VectorXd sign_;     // 2 y_i - 1
  VectorXd weight_;   // s_i
  VectorXd penalty_;  // of each of beta
};

std::vector<float> left_out(const Dense& z, Index n, const Solution& at) {
  const Problem rest(z, n, n - 1);
  const auto factor = rest.factored_hessian(at);
  const VectorXd common = z * factor.solve(rest.gradient(at));
  const Eigen::MatrixXd half = factor.matrixL().solve(Eigen::MatrixXd(z.topRows(n).transpose()));
  std::vector<float> scores(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) {
    const double leverage = half.col(i).squaredNorm();
    const double slope = rest.weight()[i] * at.wrong[i];
    const double step = (slope * leverage - common[i]) / (1 - slope * (1 - at.wrong[i]) * leverage);
    scores[static_cast<std::size_t>(i)] = static_cast<float>(at.fitted[i] + step);
  }
  return scores;
}

LinearFunction fit_logistic(MatrixView normals, MatrixView anomalies) {
  LinearFunction function;
  Dense x = stacked(normals, anomalies);
  function.centre = x.colwise().mean();
  x.rowwise() -= function.centre.transpose();
  const SpannedRows rows(std::move(x));
  const Index r = rows.z().cols();
  Dense z(rows.z().rows(), r + 1);
  z.leftCols(r) = rows.z();
  z.col(r).setOnes();
  const auto n = static_cast<Index>(normals.rows);
  const Solution solution = Problem(z, n, n).solve();
  function.weights = rows.on_columns(solution.beta.head(r));
  function.intercept = solution.beta[r];
  function.normals_left_out = left_out(z, n, solution);
  return function;
}

class Logistic final : public Expert {
 public:
  std::string_view name() const override { return "logistic"; }
  bool uses_labels() const override { return true; }
  std::unique_ptr<FittedExpert> fit(MatrixView normals, MatrixView anomalies, Stream /*stream*/) const override {
    check_support(*this, normals, anomalies);
    return std::make_unique<FittedLinear>(name(), fit_logistic(normals, anomalies));
  }
};

}  // namespace

const Expert& logistic_expert() {
  static const Logistic expert;
  return expert;
}

}  // namespace oddshot
