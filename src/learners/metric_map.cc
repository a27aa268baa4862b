#include "learners/metric_map.h"

#include <algorithm>
#include <cmath>

namespace oddshot::learners {
namespace {

constexpr double kStartScale = 10;  // of the cosine: differences of logits up to 20 can be told
constexpr double kEpsilon = 1e-6;

template <class T>
T length(std::span<const T> row) {
  T sum = static_cast<T>(kEpsilon);
  for (const T value : row) {
    sum += value * value;
  }
  return std::sqrt(sum);
}

}  // namespace

template <class T>
MetricMap<T>::MetricMap(Metric metric, std::size_t width, Layout& layout) : metric_(metric), width_(width) {
  if (metric == Metric::kEuclidean) {
    return;
  }
  tensor_ = metric == Metric::kDiagonal ? layout.add("metric.log_weight", {width}) : layout.add("metric.log_scale", {1});
  offset_ = layout[*tensor_].offset;
}

template <class T>
void MetricMap<T>::initialise(T* own) const {
  if (metric_ == Metric::kDiagonal) {
    std::fill_n(own, width_, T{0});
  } else if (metric_ == Metric::kCosine) {
    *own = static_cast<T>(std::log(kStartScale));
  }
}

template <class T>
T MetricMap<T>::usual_distance() const {
  return metric_ == Metric::kCosine ? static_cast<T>(kStartScale / 2) : static_cast<T>(width_);
}

template <class T>
BasicMatrixView<T> MetricMap<T>::map(const T* own, BasicMatrixView<T> rows, BasicMatrix<T>& work) const {
  if (metric_ == Metric::kEuclidean) {
    return rows;
  }
  work.resize(rows.rows, rows.cols);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const std::span<const T> from = rows.row(r);
    const std::span<T> to = work.row(r);
    if (metric_ == Metric::kDiagonal) {
      for (std::size_t e = 0; e < from.size(); ++e) {
        to[e] = std::exp(own[e] / 2) * from[e];
      }
    } else {
      const T factor = std::exp(*own / 2) / std::sqrt(T{2}) / length(from);
      for (std::size_t e = 0; e < from.size(); ++e) {
        to[e] = factor * from[e];
      }
    }
  }
  return work;
}

// diagonal: dphi_e/df_e = sqrt(w_e);  cosine, n = sqrt(|f|^2 + e): dphi/df = sqrt(s / 2) / n (I - f f' / n^2);  both: dphi/dlog = phi / 2
template <class T>
void MetricMap<T>::pull_back(BasicMatrixView<T> rows, BasicMatrixView<T> mapped, BasicMatrix<T>& d_mapped, const T* own, T* d_own) const {
  if (metric_ == Metric::kEuclidean) {
    return;
  }
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const std::span<const T> f = rows.row(r);
    const std::span<const T> phi = mapped.row(r);
    const std::span<T> d = d_mapped.row(r);
    if (metric_ == Metric::kDiagonal) {
      for (std::size_t e = 0; e < f.size(); ++e) {
        d_own[e] += d[e] * phi[e] / 2;
        d[e] *= std::exp(own[e] / 2);
      }
    } else {
      T along = 0;  // dloss/dphi . phi
      for (std::size_t e = 0; e < f.size(); ++e) {
        along += d[e] * phi[e];
      }
      *d_own += along / 2;
      const T n = length(f);
      const T factor = std::exp(*own / 2) / std::sqrt(T{2}) / n;
      for (std::size_t e = 0; e < f.size(); ++e) {
        d[e] = factor * d[e] - along / (n * n) * f[e];
      }
    }
  }
}

template class MetricMap<float>;
template class MetricMap<double>;

}  // namespace oddshot::learners
