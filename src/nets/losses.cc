#include "nets/losses.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace oddshot::nets {

template <class T>
T balanced_cross_entropy(const kernels::Table<T>& kernels, std::span<const T> logits, std::span<const std::uint8_t> labels, T* d_logits,
                         T* curvature) {
  const std::size_t rows = labels.size();
  const auto anomalies = static_cast<std::size_t>(std::count(labels.begin(), labels.end(), std::uint8_t{1}));
  const std::size_t normals = rows - anomalies;
  const T classes = static_cast<T>((anomalies > 0 ? 1 : 0) + (normals > 0 ? 1 : 0));
  const std::array<T, 2> weight{normals > 0 ? 1 / (classes * static_cast<T>(normals)) : 0,
                                anomalies > 0 ? 1 / (classes * static_cast<T>(anomalies)) : 0};
  constexpr std::size_t kBlock = 64;  // rows at once: their p and softplus stay in L1
  std::array<T, kBlock> p;
  std::array<T, kBlock> softplus;
  T loss = 0;
  for (std::size_t first = 0; first < rows; first += kBlock) {
    const std::size_t count = std::min(kBlock, rows - first);
    kernels.logistic(count, logits.data() + first, p.data(), softplus.data());
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t y = labels[first + i];
      const T w = weight[y];
      loss += w * (softplus[i] - (y != 0 ? logits[first + i] : 0));
      d_logits[first + i] = w * (p[i] - static_cast<T>(y));
      if (curvature != nullptr) {
        curvature[first + i] = w * p[i] * (1 - p[i]);
      }
    }
  }
  return loss;
}

template <class T>
T ranking_loss(std::span<const T> logits, std::span<const std::uint8_t> labels, T margin, T* d_logits) {
  std::size_t anomalies = 0;
  T largest = -std::numeric_limits<T>::infinity();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    d_logits[i] = 0;
    if (labels[i] != 0) {
      ++anomalies;
    } else {
      largest = std::max(largest, logits[i]);
    }
  }
  if (anomalies == 0 || anomalies == labels.size()) {
    return 0;
  }
  T sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == 0) {
      d_logits[i] = std::exp(logits[i] - largest);
      sum += d_logits[i];
    }
  }
  const T top = largest + std::log(sum) - margin;
  const T share = 1 / static_cast<T>(anomalies);
  T loss = 0;
  T pull = 0;  // dloss/dm
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] != 0) {
      const T gap = top - logits[i];
      const T decay = std::exp(-std::fabs(gap));
      loss += share * (std::max(gap, T{0}) + std::log1p(decay));
      const T p = (gap > 0 ? 1 : decay) / (1 + decay);
      d_logits[i] = -share * p;
      pull += share * p;
    }
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == 0) {
      d_logits[i] *= pull / sum;
    }
  }
  return loss;
}

template <class T>
T ranking_and_cross_entropy(const kernels::Table<T>& kernels, std::span<const T> logits, std::span<const std::uint8_t> labels, T* d_logits,
                            AlignedVector<T>& room) {
  constexpr T kMargin = 1;
  constexpr auto kShare = static_cast<T>(0.3);
  room.resize(logits.size());
  const T entropy = balanced_cross_entropy<T>(kernels, logits, labels, d_logits, nullptr);
  const T ranking = ranking_loss<T>(logits, labels, kMargin, room.data());
  for (std::size_t i = 0; i < logits.size(); ++i) d_logits[i] = kShare * d_logits[i] + room[i];
  return ranking + kShare * entropy;
}

template float balanced_cross_entropy(const kernels::Table<float>&, std::span<const float>, std::span<const std::uint8_t>, float*, float*);
template double balanced_cross_entropy(const kernels::Table<double>&, std::span<const double>, std::span<const std::uint8_t>, double*,
                                       double*);

template float ranking_loss(std::span<const float>, std::span<const std::uint8_t>, float, float*);
template double ranking_loss(std::span<const double>, std::span<const std::uint8_t>, double, double*);

template float ranking_and_cross_entropy(const kernels::Table<float>&, std::span<const float>, std::span<const std::uint8_t>, float*,
                                         AlignedVector<float>&);
template double ranking_and_cross_entropy(const kernels::Table<double>&, std::span<const double>, std::span<const std::uint8_t>, double*,
                                          AlignedVector<double>&);

}  // namespace oddshot::nets
