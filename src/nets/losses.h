// Losses of an episode: value, gradient and what a Hessian-vector product needs.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/kernels.h"
#include "oddshot/base/aligned.h"

namespace oddshot::nets {

// Class-balanced binary cross-entropy on logits: each class present weighs the same, whatever its number of rows.
//   loss = sum_i w_i (log(1 + exp(z_i)) - y_i z_i),  w_i = 1 / (classes present * rows of i's class)
//   logits     [N]
//   d_logits   [N] dloss/dz_i = w_i (p_i - y_i), p = 1 / (1 + exp(-z))
//   curvature  [N] d2loss/dz_i^2 = w_i p_i (1 - p_i); the Hessian in z is diagonal; may be null
// Either class may be absent. An empty batch has loss 0.
template <class T>
T balanced_cross_entropy(const kernels::Table<T>& kernels, std::span<const T> logits, std::span<const std::uint8_t> labels, T* d_logits,
                         T* curvature);

// The ranking loss of a batch: how far the normals' soft maximum lies above each anomaly, so that the top of the ranking counts most.
//   loss = mean over anomalies a of log(1 + exp(m - margin - z_a)),   m = log sum over normals of exp(z_n)
//   d_logits  [N] dloss/dz_i
// Without a normal or without an anomaly the loss is 0.
template <class T>
T ranking_loss(std::span<const T> logits, std::span<const std::uint8_t> labels, T margin, T* d_logits);

// What networks on scores are trained with: the ranking loss with margin 1, and 0.3 of the class-balanced cross-entropy.
//   d_logits  [N] as above;  room  working memory
template <class T>
T ranking_and_cross_entropy(const kernels::Table<T>& kernels, std::span<const T> logits, std::span<const std::uint8_t> labels, T* d_logits,
                            AlignedVector<T>& room);

extern template float balanced_cross_entropy(const kernels::Table<float>&, std::span<const float>, std::span<const std::uint8_t>, float*,
                                             float*);
extern template double balanced_cross_entropy(const kernels::Table<double>&, std::span<const double>, std::span<const std::uint8_t>,
                                              double*, double*);

extern template float ranking_loss(std::span<const float>, std::span<const std::uint8_t>, float, float*);
extern template double ranking_loss(std::span<const double>, std::span<const std::uint8_t>, double, double*);

extern template float ranking_and_cross_entropy(const kernels::Table<float>&, std::span<const float>, std::span<const std::uint8_t>, float*,
                                                AlignedVector<float>&);
extern template double ranking_and_cross_entropy(const kernels::Table<double>&, std::span<const double>, std::span<const std::uint8_t>,
                                                 double*, AlignedVector<double>&);

}  // namespace oddshot::nets
