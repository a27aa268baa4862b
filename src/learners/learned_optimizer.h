// Learned optimiser: what a few steps on a support should be is learned together with where they start.
//   theta_{k+1} = theta_k + U(g_k, L_k, k; phi),   g_k = grad L_support(theta_k),   L_k = L_support(theta_k),   k = 0 .. K-1
// U is a small network that works on each coordinate (learners/coordinate_update.h) and starts as gradient descent of the inner rate. It
// and theta_0 are learned through the unrolled steps, exactly. Reverse, from v = grad L_query(theta_K), for k = K-1 .. 0, all derivatives
// of U at step k:
//   dL/dphi <- dL/dphi + U_phi^T v,   v <- v + H_support(theta_k) (U_g^T v) + g_k (U_L^T v)
// Meta-parameters: "encoder.*", "optimizer.*". Adapted state: "encoder.*".
// Source: Andrychowicz et al. 2016, arXiv:1606.04474; with the start learned too: Ravi, Larochelle 2017, "Optimization as a model for
// few-shot learning".
#pragma once

#include <memory>

#include "learners/coordinate_update.h"
#include "learners/inner_loop.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

template <class T>
struct LearnedOptimizerScratch : Scratch {
  struct Step {
    AlignedVector<T> params;     // theta_k
    AlignedVector<T> gradient;   // g_k
    AlignedVector<T> curvature;  // [S] of the support loss in the logits
    nets::Tape<T> tape;
    T loss = 0;  // L_k
  };
  std::vector<Step> steps;  // [K + 1]; the last holds theta_K alone
  nets::Tape<T> query;
  nets::TangentTape<T> tangent;
  UpdateScratch<T> update;
  AlignedVector<T> d_logits;
  AlignedVector<T> direction;  // U_g^T v
  AlignedVector<T> product;    // H of that; with the multi-step loss also a query loss's gradient
};

// The meta-gradient in the arithmetic T (float for work, double for oracles).
template <class T>
struct LearnedOptimizerModel {
  explicit LearnedOptimizerModel(const LearnerOptions& options);
  // Takes `steps` steps of options.inner_steps; returns the adapted encoder, in scratch.
  const AlignedVector<T>& descend(std::span<const T> params, const LabelledRows<T>& support, std::size_t steps,
                                  LearnedOptimizerScratch<T>& scratch) const;
  // The query loss after adapting, and its gradient in all meta-parameters, overwritten. With the multi-step loss: the mean of the query
  // losses after each step, 1 to K.
  T meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                  LearnedOptimizerScratch<T>& scratch, std::span<T> gradient) const;

  LearnerOptions options;
  Layout layout;
  nets::Encoder<T> encoder;
  CoordinateUpdate<T> update;

 private:
  typename CoordinateUpdate<T>::Moment moment(std::size_t step, T loss) const;
};

extern template struct LearnedOptimizerModel<float>;
extern template struct LearnedOptimizerModel<double>;

std::unique_ptr<Learner> make_learned_optimizer(const LearnerOptions& options);

}  // namespace oddshot::learners
