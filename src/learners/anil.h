// ANIL (almost no inner loop): MAML whose inner loop adapts the last layer alone, on features that all tasks share. Exact.
//   features F = the input of the last layer, for support and query at once;   logits z = F w + b;   inner steps on (w, b) by the support's
//   logits
// Reverse, as in learners/inner_loop.h but on the head: with a = -alpha (v_w, v_b), Rz = F a_w + a_b and Rd = curvature * Rz,
//   v_w <- v_w + F^T Rd,   v_b <- v_b + sum Rd,   dL/dF <- dL/dF + d a_w^T + Rd w_k^T       (d: the support loss's derivative in z at step
//   k)
// then one backward pass takes dL/dF through the body. The same gradient as MAML's with rates of 0 below the head (a test), for one forward
// and one backward pass of the body. Source: Raghu, Raghu, Bengio, Vinyals 2020, arXiv:1909.09157.
#pragma once

#include <memory>

#include "learners/labelled_batch.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

template <class T>
struct AnilScratch : Scratch {
  struct Step {
    AlignedVector<T> head;       // [H + 1] w_k, then b_k
    AlignedVector<T> d_logits;   // [S]
    AlignedVector<T> curvature;  // [S]
  };
  LabelledBatch<T> batch;
  nets::Tape<T> tape;
  std::vector<Step> steps;  // [K + 1]; the last holds the adapted head alone
  AlignedVector<T> logits;
  AlignedVector<T> d_query;   // [Q]
  AlignedVector<T> v;         // [H + 1]
  AlignedVector<T> tangent;   // [S]
  BasicMatrix<T> d_features;  // [S + Q x H]
};

// Takes `steps` steps of size `rate` on the head, from the head within params; features [S x H]. Returns the adapted head [H + 1], in
// scratch.
template <class T>
const AlignedVector<T>& descend_head(const nets::Encoder<T>& encoder, std::span<const T> params, BasicMatrixView<T> features,
                                     std::span<const std::uint8_t> labels, T rate, std::size_t steps, AnilScratch<T>& scratch);

// The query loss after adapting the head, and its exact gradient in the encoder's parameters, overwritten.
template <class T>
T anil_gradient(const nets::Encoder<T>& encoder, std::span<const T> params, const LabelledRows<T>& support, const LabelledRows<T>& query,
                T rate, std::size_t steps, AnilScratch<T>& scratch, std::span<T> gradient);

std::unique_ptr<Learner> make_anil(const LearnerOptions& options);

}  // namespace oddshot::learners
