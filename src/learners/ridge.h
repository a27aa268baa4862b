// A ridge head (R2-D2): on the embedding of a task's rows, ridge regression solved in closed form and differentiated exactly.
//   minimise over w:   sum_i c_i (f(x_i) . w - t_i)^2 + lambda |w|^2,   t = +1 anomaly, -1 normal,   c_i = 1 / (2 * rows of i's class)
//   logit(x) = scale * f(x) . w + bias;   loss: class-balanced cross-entropy of the query's logits
// With X = rows sqrt(c_i) f(x_i) [S x E] and y = sqrt(c_i) t_i [S], whichever system is smaller is factored, once, by Cholesky:
//   primal, S >= E:   w = (X^T X + lambda I)^-1 X^T y            dual, S < E:   w = X^T a,   a = (X X^T + lambda I)^-1 y
// Reverse, from g = dL/dw, one more solve with the same factor:
//   primal:   u = (X^T X + lambda I)^-1 g,     dL/dX = (y - X w) u^T - (X u) w^T,       dL/dlambda = -u . w
//   dual:     b = (X X^T + lambda I)^-1 X g,   dL/dX = a (g - X^T b)^T - b w^T,         dL/dlambda = -a . b
// (the same numbers: X u = b and y - X w = lambda a). The weights c_i let one known anomaly count as much as all normals together.
// Meta-parameters: "encoder.*", "log_lambda", "scale", "bias" [1]. Adapted state: "encoder.*", "head.weight" [E] = scale * w, "head.bias".
// Source: Bertinetto, Henriques, Torr, Vedaldi 2019, arXiv:1805.08136, sections 3.1 and 3.2; the adjoint is worked out here.
#pragma once

#include <memory>

#include "learners/labelled_batch.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

// The solution of one system and what its adjoint needs. Reused from task to task.
template <class T>
struct RidgeSolver {
  // w [E] from X [S x E], y [S] and lambda > 0, all kept. If numbers are lost, w is not finite.
  void solve(const kernels::Table<T>& kernels, BasicMatrixView<T> x, std::span<const T> y, T lambda);
  // From g [E] = dL/dw: d_x [S x E], overwritten; returns dL/dlambda. After solve() with the same X and y.
  T pull_back(const kernels::Table<T>& kernels, BasicMatrixView<T> x, std::span<const T> y, std::span<const T> g, BasicMatrix<T>& d_x);

  AlignedVector<T> w;  // [E]

 private:
  bool dual_ = false;
  BasicMatrix<T> factor_;        // [n x n], n = min(S, E): the lower triangle of Cholesky's factor
  AlignedVector<T> transposed_;  // [E x S] X^T, for the dual
  AlignedVector<T> a_;           // [S] the dual's a; its multiple y - X w in the primal
  AlignedVector<T> left_;        // [S] b = X u
  AlignedVector<T> right_;       // [E] u, or its multiple g - X^T b in the dual
  AlignedVector<T> product_;     // [E] X^T b
};

template <class T>
struct RidgeScratch : Scratch {
  nets::Tape<T> tape;
  LabelledBatch<T> batch;
  RidgeSolver<T> solver;
  BasicMatrix<T> x;             // [S x E] weighted embeddings of the support
  BasicMatrix<T> d_x;           // [S x E]
  AlignedVector<T> root, y;     // [S] sqrt(c_i) and weighted targets
  BasicMatrix<T> d_embeddings;  // [S + Q x E]
  AlignedVector<T> predictions, logits, d_logits, g;
};

template <class T>
struct RidgeModel {
  explicit RidgeModel(const LearnerOptions& options);
  // Fits the head on embeddings [S x E]; the solution lies in scratch. Throws ArgumentError if a class is absent.
  void fit(std::span<const T> params, BasicMatrixView<T> embeddings, std::span<const std::uint8_t> labels, RidgeScratch<T>& scratch) const;
  // The query loss and its exact gradient in all meta-parameters, overwritten.
  T meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query, RidgeScratch<T>& scratch,
                  std::span<T> gradient) const;

  LearnerOptions options;
  Layout layout;
  nets::Encoder<T> encoder;
  std::size_t log_lambda, scale, bias;  // offsets in the flat vector
};

extern template struct RidgeSolver<float>;
extern template struct RidgeSolver<double>;
extern template struct RidgeModel<float>;
extern template struct RidgeModel<double>;

std::unique_ptr<Learner> make_ridge(const LearnerOptions& options);

}  // namespace oddshot::learners
