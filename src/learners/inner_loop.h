// The inner loop on a task's support and its exact adjoint.
//
//   theta_{k+1} = theta_k - alpha_k * g_k,   g_k = grad L_support(theta_k),   k = 0 .. K-1;   alpha_k: one rate a tensor
//   reverse:      v_K = grad L_query(theta_K),   u = alpha_k * v_{k+1},   v_k = v_{k+1} - H_support(theta_k) u,
//                 dL/dalpha_k = -sum over the tensor of v_{k+1} g_k
// v_0 is the exact gradient of the query loss in theta_0, second order included.
// Source: Finn, Abbeel, Levine 2017, arXiv:1703.03400, equation 1, with the reverse recursion worked out; learned rates: Antoniou, Edwards,
// Storkey 2019, arXiv:1810.09502, section 4.
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
};

// What the unrolled loop leaves behind for its adjoint. Reused from task to task.
template <class T>
struct InnerScratch {
  struct Step {
    AlignedVector<T> params;     // theta_k
    AlignedVector<T> gradient;   // g_k
    AlignedVector<T> curvature;  // [S] of the loss in the logits
    nets::Tape<T> tape;
  };
  std::vector<Step> steps;  // [K + 1]; the last holds theta_K alone
  AlignedVector<T> d_logits;
  AlignedVector<T> direction;  // u
  AlignedVector<T> product;    // H u
  nets::TangentTape<T> tangent;
};

// Loss and gradient of the balanced cross-entropy of the encoder's logit on labelled rows; `tape` and `curvature` ([N], may be null) serve
// a Hessian-vector product afterwards.
template <class T>
T logit_loss(const nets::Encoder<T>& encoder, const T* params, const LabelledRows<T>& batch, nets::Tape<T>& tape,
             AlignedVector<T>& d_logits, T* gradient, AlignedVector<T>* curvature);

// `product` = H `direction` of that loss, from what logit_loss left in tape and curvature. `d_logits` is work space.
template <class T>
void logit_hessian_product(const nets::Encoder<T>& encoder, const T* params, const T* direction, const nets::Tape<T>& tape,
                           const AlignedVector<T>& curvature, AlignedVector<T>& d_logits, nets::TangentTape<T>& tangent, T* product);

// Takes `steps` steps from params; returns theta_K, which lies in scratch. rates [K x tensors of the encoder], K >= steps.
template <class T>
const AlignedVector<T>& descend(const nets::Encoder<T>& encoder, const Layout& layout, std::span<const T> params,
                                const LabelledRows<T>& support, std::span<const T> rates, std::size_t steps, InnerScratch<T>& scratch);

// The adjoint of descend(): v is v_K on entry and v_0 on return; d_rates [K x tensors], overwritten, may be empty.
template <class T>
void pull_back(const nets::Encoder<T>& encoder, const Layout& layout, std::span<const T> rates, std::size_t steps, InnerScratch<T>& scratch,
               std::span<T> v, std::span<T> d_rates);

}  // namespace oddshot::learners
