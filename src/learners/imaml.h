// Implicit MAML (iMAML): the meta-gradient of where adapting ends, whatever the way there.
//   inner problem   theta* = argmin over theta of L_support(theta) + lambda / 2 |theta - theta_0|^2      lambda: proximity
//   meta-gradient   dL_query(theta*)/dtheta_0 = (I + H / lambda)^-1 grad L_query(theta*),   H = Hessian of L_support at theta*
// The inner problem is solved by K steps of gradient descent in which the pull is taken implicitly, so that no proximity is too large:
//   d_{k+1} = (d_k - alpha g_k + mu (d_k - d_{k-1})) / (1 + alpha lambda),   theta_k = theta_0 + d_k,   d_0 = d_{-1} = 0   mu: momentum
// which rests exactly where grad L_support + lambda d = 0. The linear system is solved by conjugate gradients from 0, one Hessian-vector
// product a step; memory does not grow with K, nor does the work but for the steps themselves.
// The gradient is exact in the limit of many inner and conjugate steps; with few it is an approximation, and that is the method.
// Where lambda is below the Hessian's most negative curvature theta* is no minimum and the system is not positive definite: conjugate
// gradients then stop before the first direction of curvature <= 0, which leaves a direction of descent (the query's own gradient if it is
// the first of all), and say so.
// Source: Rajeswaran, Finn, Kakade, Levine 2019, arXiv:1909.04630, equation 6 and algorithm 2. The step: Parikh, Boyd 2014, "Proximal
// algorithms", section 4.2, with momentum as Ochs, Chen, Brox, Pock 2014, arXiv:1404.4805.
#pragma once

#include <memory>

#include "learners/row_products.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

template <class T>
struct ProximalRule {
  T rate = 0;       // alpha
  T momentum = 0;   // mu
  T proximity = 0;  // lambda
  LayerOne layer_one = LayerOne::kByCost;
};

template <class T>
struct ImamlScratch : Scratch {
  RowProducts<T> products;
  nets::Tape<T> support;
  nets::Tape<T> query;
  nets::TangentTape<T> tangent;
  AlignedVector<T> params;  // theta_k
  AlignedVector<T> offset;  // d_k
  AlignedVector<T> before;  // d_{k-1}
  AlignedVector<T> gradient;
  AlignedVector<T> curvature;
  AlignedVector<T> d_logits;
  AlignedVector<T> residual;        // of the linear system
  AlignedVector<T> direction;       // of the conjugate gradients
  AlignedVector<T> product;         // (I + H / lambda) direction
  std::size_t conjugate_steps = 0;  // that the latest meta-gradient took
  bool indefinite = false;          // it met a direction of curvature <= 0 and stopped before it
};

// Takes `steps` steps on the inner problem from params; returns theta_K, in scratch. The steps keep layer 1 in the form that rule.layer_one
// asks for; the linear system is solved in weights, where a residual does not cancel.
template <class T>
const AlignedVector<T>& descend_near(const nets::Encoder<T>& encoder, std::span<const T> params, const LabelledRows<T>& support,
                                     const ProximalRule<T>& rule, std::size_t steps, ImamlScratch<T>& scratch);

// The query loss at theta_K and its implicit gradient in theta_0, overwritten, by at most `conjugate_steps` steps.
template <class T>
T imaml_gradient(const nets::Encoder<T>& encoder, std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                 const ProximalRule<T>& rule, std::size_t steps, std::size_t conjugate_steps, ImamlScratch<T>& scratch,
                 std::span<T> gradient);

std::unique_ptr<Learner> make_imaml(const LearnerOptions& options);

}  // namespace oddshot::learners
