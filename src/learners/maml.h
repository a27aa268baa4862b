// Model-agnostic meta-learning: an initialisation from which a few gradient steps on a support solve a new task.
//   minimise over theta_0 the query loss at theta_K, theta_K reached by K gradient steps on the support loss; both losses are the
//   class-balanced cross-entropy of the encoder's logit. The gradient is exact, second order included (learners/inner_loop.h).
// Meta-parameters: "encoder.*"; with learned inner rates also "inner_rate" [K x tensors].
// Source: Finn, Abbeel, Levine 2017, arXiv:1703.03400.
#pragma once

#include <memory>

#include "learners/inner_loop.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

template <class T>
struct MamlScratch : Scratch {
  InnerScratch<T> inner;
  nets::Tape<T> query;
  AlignedVector<T> rates;  // [K x tensors]
};

// The shape of MAML's meta-parameters in the arithmetic T (float for work, double for oracles).
template <class T>
struct MamlModel {
  explicit MamlModel(const LearnerOptions& options);
  // [K x tensors] of the rates in use: learned, or all the same.
  std::span<const T> rates(std::span<const T> params, AlignedVector<T>& work) const;
  // Query loss after adapting, and its exact gradient in all meta-parameters, overwritten.
  T meta_gradient(std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query, MamlScratch<T>& scratch,
                  std::span<T> gradient) const;

  LearnerOptions options;
  Layout layout;
  nets::Encoder<T> encoder;
  std::size_t tensors;          // of the encoder
  std::size_t rate_tensor = 0;  // index in the layout, if rates are learned
};

extern template struct MamlModel<float>;
extern template struct MamlModel<double>;

std::unique_ptr<Learner> make_maml(const LearnerOptions& options);

}  // namespace oddshot::learners
