// The metric of a prototypical network as a map phi of embeddings, such that every metric is the squared Euclidean distance of what it
// maps:
//   d(f, c) = |phi(f) - phi(c)|^2
//   euclidean  phi(f) = f
//   diagonal   phi(f) = sqrt(w) * f                     d = sum_e w_e (f_e - c_e)^2,      w = exp("metric.log_weight" [E]), 1 at the start
//   cosine     phi(f) = sqrt(s / 2) f / sqrt(|f|^2 + e) d = s (1 - cosine) but for e,     s = exp("metric.log_scale" [1]), 10 at the start
// e = 1e-6 keeps value and derivative finite for an embedding of zeros. The exponentials keep weights and scale positive.
// Source: Snell, Swersky, Zemel 2017, arXiv:1703.05175 (which distance); learned scale: Oreshkin, Rodriguez, Lacoste 2018,
// arXiv:1805.10123.
#pragma once

#include <optional>
#include <span>

#include "oddshot/base/matrix.h"
#include "oddshot/learners/learner.h"

namespace oddshot::learners {

// Const methods may be called concurrently. `own` points to the values of the metric's own tensor; unused if it has none.
template <class T>
class MetricMap {
 public:
  // Appends the metric's tensor to `layout`, if it has one. width: E.
  MetricMap(Metric metric, std::size_t width, Layout& layout);

  // Index of its tensor in the layout.
  std::optional<std::size_t> tensor() const { return tensor_; }
  // Where its tensor lies in a flat vector of the layout; null if it has none.
  template <class U>
  U* own(U* params) const {
    return tensor_ ? params + offset_ : nullptr;
  }
  void initialise(T* own) const;
  // The squared Euclidean distance that embeddings of He's start have, or what plays its part: a start for thresholds.
  T usual_distance() const;

  // phi of each row: in `work`, or the rows themselves where phi changes nothing. O(rows * E).
  BasicMatrixView<T> map(const T* own, BasicMatrixView<T> rows, BasicMatrix<T>& work) const;
  // Given mapped = map(rows) and d_mapped = dloss/dmapped, turns d_mapped into dloss/drows and adds to d_own.
  void pull_back(BasicMatrixView<T> rows, BasicMatrixView<T> mapped, BasicMatrix<T>& d_mapped, const T* own, T* d_own) const;

 private:
  Metric metric_;
  std::size_t width_;
  std::optional<std::size_t> tensor_;
  std::size_t offset_ = 0;
};

extern template class MetricMap<float>;
extern template class MetricMap<double>;

}  // namespace oddshot::learners
