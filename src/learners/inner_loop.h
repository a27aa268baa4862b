// The inner loop on a task's support and its exact adjoint.
//
//   m_{k+1} = mu m_k + g_k,   theta_{k+1} = theta_k - alpha_k * m_{k+1},   g_k = grad L_support(theta_k),   m_0 = 0,   k = 0 .. K-1
//   mu: momentum (0: plain steps);   alpha_k: rates, one a tensor and step, or one a parameter
// Reverse, from v = the derivative of the outcome in theta_K, and a = 0, for k = K-1 .. 0:
//   dL/dalpha_k = -v * m_{k+1} (summed over what shares a rate),   a <- a - alpha_k * v,   v <- v + H_support(theta_k) a,   a <- mu a
// which ends with the exact gradient in theta_0, second order included. First-order variants leave the product with H out.
// Source: Finn, Abbeel, Levine 2017, arXiv:1703.03400, equation 1, with the reverse recursion worked out; learned rates: Antoniou, Edwards,
// Storkey 2019, arXiv:1810.09502, section 4, and Li et al. 2017, arXiv:1707.09835.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nets/encoder.h"
#include "oddshot/tasks/task.h"

namespace oddshot::learners {

// Rows with their labels, in the arithmetic T.
template <class T>
struct LabelledRows {
  BasicMatrixView<T> rows;               // [N x D]
  std::span<const std::uint8_t> labels;  // [N]; 1 anomaly, 0 normal
  nets::RowCoefficients<T> first = {};   // where rows hold products with other rows
};

// How layer 1 is held along an inner loop (learners/row_products.h). The result is the same but for rounding.
enum class LayerOne : std::uint8_t { kByCost, kWeights, kRowProducts };

// How a gradient becomes a step.
template <class T>
struct StepRule {
  std::span<const T> rates;    // [K x tensors of the encoder], or [encoder.end()] if per_parameter
  bool per_parameter = false;  // one rate a parameter, the same at every step
  bool learned = false;        // pull_back() will be asked for d_rates, for which every step's gradient is kept
  T momentum = 0;
  LayerOne layer_one = LayerOne::kByCost;  // of no account where rates are per parameter: kWeights
};

enum class Order : bool { kFirst, kSecond };

// What the unrolled loop leaves behind for its adjoint. Reused from task to task.
template <class T>
struct InnerScratch {
  struct Step {
    AlignedVector<T> params;     // theta_k; not of the first of several steps
    AlignedVector<T> gradient;   // g_k, if rates are learned or there is momentum
    AlignedVector<T> velocity;   // m_{k+1}, if there is momentum
    AlignedVector<T> curvature;  // [S] of the loss in the logits
    nets::Tape<T> tape;
  };
  std::vector<Step> steps;   // [K + 1]; the last holds theta_K alone
  const T* start = nullptr;  // theta_0, borrowed from descend() until pull_back() is done
  T first_loss = 0;          // at theta_0; 0 if no step was taken
  AlignedVector<T> d_logits;
  AlignedVector<T> direction;  // a
  AlignedVector<T> d_offset;   // [S x O] after pull_back() where rows are their own products: the outcome's derivative in the offset of
                               // layer 1 by way of the steps; empty if there is none
  std::vector<AlignedVector<T>> passing;  // [K] the caller's own: what pull_back() is given of that name
  AlignedVector<T> factors;               // [tensors] of the step that is taken or pulled back
  nets::TangentTape<T> tangent;
};

// Loss and gradient of the balanced cross-entropy of the encoder's logit on labelled rows; `tape` and `curvature` ([N], may be null) serve
// a Hessian-vector product afterwards.
template <class T>
T logit_loss(const nets::Encoder<T>& encoder, const T* params, const LabelledRows<T>& batch, nets::Tape<T>& tape,
             AlignedVector<T>& d_logits, const nets::Destination<T>& gradient, AlignedVector<T>* curvature);
template <class T>
T logit_loss(const nets::Encoder<T>& encoder, const T* params, const LabelledRows<T>& batch, nets::Tape<T>& tape,
             AlignedVector<T>& d_logits, T* gradient, AlignedVector<T>* curvature) {
  return logit_loss(encoder, params, batch, tape, d_logits, nets::Destination<T>{.out = gradient}, curvature);
}

// `product`: H `direction` of that loss, from what logit_loss left in tape and curvature; may be written over `direction`. `d_logits` is
// work space.
template <class T>
void logit_hessian_product(const nets::Encoder<T>& encoder, const T* params, const T* direction, const nets::Tape<T>& tape,
                           const AlignedVector<T>& curvature, AlignedVector<T>& d_logits, nets::TangentTape<T>& tangent,
                           const nets::Destination<T>& product);
template <class T>
void logit_hessian_product(const nets::Encoder<T>& encoder, const T* params, const T* direction, const nets::Tape<T>& tape,
                           const AlignedVector<T>& curvature, AlignedVector<T>& d_logits, nets::TangentTape<T>& tangent, T* product) {
  logit_hessian_product(encoder, params, direction, tape, curvature, d_logits, tangent, nets::Destination<T>{.out = product});
}

// Takes `steps` steps from params; returns theta_K, which lies in scratch. `params` must live as long as scratch serves pull_back().
template <class T>
const AlignedVector<T>& descend(const nets::Encoder<T>& encoder, const Layout& layout, std::span<const T> params,
                                const LabelledRows<T>& support, const StepRule<T>& rule, std::size_t steps, InnerScratch<T>& scratch);

// The adjoint of descend(). v [encoder.end()] is the derivative in theta_K on entry and in theta_0 on return. d_rates: like rule.rates,
// overwritten; may be empty. `passing` [K], or empty: what the outcome's derivative in theta_k adds on the way, for k = 1 .. K-1.
template <class T>
void pull_back(const nets::Encoder<T>& encoder, const Layout& layout, const StepRule<T>& rule, std::size_t steps, Order order,
               InnerScratch<T>& scratch, std::span<T> v, std::span<T> d_rates, std::span<const AlignedVector<T>> passing = {});

}  // namespace oddshot::learners
