// ANIL (almost no inner loop): MAML whose inner loop adapts the last layer alone, on features that all tasks share. Exact.
//   features F = the input of the last layer, for support and query at once;   logits z = F w + b;   inner steps on (w, b) by the support's
//   logits, as in learners/inner_loop.h: momentum mu, at each step k a rate for w and one for b
// Reverse, from v = dL/d(w_K, b_K) and a = 0, for k = K-1 .. 0, with a_w and a_b the parts of a, Rz = F a_w + a_b and Rd = curvature * Rz:
//   dL/dalpha_k = -v . m_{k+1} (a sum for w, one for b),   a <- mu a - alpha_k * v,
//   v_w <- v_w + F^T Rd,   v_b <- v_b + sum Rd,   dL/dF <- dL/dF + d a_w^T + Rd w_k^T       (d: the support loss's derivative in z at step
//   k)
// then one backward pass takes dL/dF through the body. The same gradient as MAML's with rates of 0 below the head (a test), for one forward
// and one backward pass of the body.
// Meta-parameters: "encoder.*"; if rates are learned "inner_rate" [K x 2]. Adapted state: "encoder.*".
// Source: Raghu, Raghu, Bengio, Vinyals 2020, arXiv:1909.09157.
#pragma once

#include <memory>

#include "learners/labelled_batch.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

template <class T>
struct AnilScratch : Scratch {
  struct Step {
    AlignedVector<T> head;       // [H + 1] w_k, then b_k
    AlignedVector<T> velocity;   // [H + 1] m_{k+1}
    AlignedVector<T> d_logits;   // [S]
    AlignedVector<T> curvature;  // [S]
  };
  LabelledBatch<T> batch;
  nets::Tape<T> tape;
  std::vector<Step> steps;  // [K + 1]; the last holds the adapted head alone
  AlignedVector<T> rates;   // [K x 2] where they are not learned
  AlignedVector<T> logits;
  AlignedVector<T> d_query;   // [Q]
  AlignedVector<T> v;         // [H + 1]
  AlignedVector<T> a;         // [H + 1]
  AlignedVector<T> tangent;   // [S] Rd
  BasicMatrix<T> d_features;  // [S + Q x H]
};

// The meta-gradient in the arithmetic T (float for work, double for oracles).
template <class T>
struct AnilModel {
  explicit AnilModel(const LearnerOptions& options);
  // Takes `steps` steps on the head, from the head within params; features [S x H]. Returns the adapted head [H + 1], in scratch.
  const AlignedVector<T>& descend(std::span<const T> params, BasicMatrixView<T> features, std::span<const std::uint8_t> labels,
                                  std::size_t steps, AnilScratch<T>& scratch) const;
  // The query loss after adapting the head, and its gradient in all meta-parameters, overwritten. With the multi-step loss: the mean of the
  // query losses after each step, 1 to K.
  T meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query, AnilScratch<T>& scratch,
                  std::span<T> gradient) const;

  LearnerOptions options;
  Layout layout;
  nets::Encoder<T> encoder;
  std::size_t rates_begin = 0;  // where learned rates lie in the flat vector ...
  std::size_t rates_size = 0;   // ... and how many they are; 0: not learned

 private:
  std::span<const T> rates(std::span<const T> params, AnilScratch<T>& scratch) const;
};

extern template struct AnilModel<float>;
extern template struct AnilModel<double>;

std::unique_ptr<Learner> make_anil(const LearnerOptions& options);

}  // namespace oddshot::learners
