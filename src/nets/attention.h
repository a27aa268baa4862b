// Scaled dot-product attention with several heads, and its gradient: each query row takes a mean of the values, weighed by how well their
// keys match it.
//   z_h = q_h k_h^T / sqrt(d) [R x N],   P_h = softmax of z_h over n,   out_h = P_h v_h,   for heads h = 0 .. H-1 of width d, side by side
//   match_h = log of the mean over n of exp(z_h) [R]: how well the keys match a row at all, which the softmax does not tell
// The order of the N keys is irrelevant, and a query row sees no other. Reverse, from dout and dmatch:
//   dv_h = P_h^T dout_h,   dP = dout_h v_h^T,   dz = P_h * (dP - sum over n of P_h * dP + dmatch_h),
//   dq_h = dz k_h / sqrt(d),   dk_h = dz^T q_h / sqrt(d)
// Source: Vaswani et al. 2017, arXiv:1706.03762, sections 3.2.1 and 3.2.2.
#pragma once

#include <cstddef>

#include "kernels/kernels.h"
#include "oddshot/base/aligned.h"
#include "oddshot/base/matrix.h"

namespace oddshot::nets {

template <class T>
struct AttentionTape {
  AlignedVector<T> match;  // [H x R]
  // Below, R is filled up to whole vectors.
  AlignedVector<T> queries;    // [H d x R] q transposed
  AlignedVector<T> outputs;    // [H d x R] outputs, then their derivatives, transposed
  AlignedVector<T> weights;    // [H x N x R] P transposed
  AlignedVector<T> d_weights;  // [N x R]
  AlignedVector<T> of_head;    // [R] matches of one head, or their derivatives
};

// q [R x H d], k and v [N x H d], N >= 1, dense; out [R x H d] with leading dimension ld_out >= H d. O(R * N * H d).
template <class T>
void attend(const kernels::Table<T>& kernels, std::size_t heads, BasicMatrixView<T> q, const T* k, const T* v, std::size_t n, T* out,
            std::size_t ld_out, AttentionTape<T>& tape);

// From d_out [R x H d] of leading dimension ld_out and d_match [H x R]: d_k and d_v [N x H d], overwritten, and d_q [R x H d], to which
// dloss/dq is added; all dense. After attend() on the same tape.
template <class T>
void attend_backward(const kernels::Table<T>& kernels, std::size_t heads, BasicMatrixView<T> q, const T* k, const T* v, std::size_t n,
                     const T* d_out, std::size_t ld_out, const T* d_match, AttentionTape<T>& tape, T* d_q, T* d_k, T* d_v);

}  // namespace oddshot::nets
