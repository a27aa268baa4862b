// Prototypes: the means of a support's embeddings, one or several a class.
//
// With P = 1 a class has one prototype, the mean of its rows. With more its rows are split by k-means in the metric's own distance: the
// first centre is the class mean, each further one the row farthest from the centres so far, as long as there is one off them all; then
// at most ten rounds of "each row to its nearest centre, each centre to the mean of its rows". A centre without rows is dropped, so a class
// has at most as many prototypes as distinct rows. Nothing is drawn, and the order of the rows counts only where distances tie.
// A prototype is the mean of its rows: with who belongs to whom held fixed, it passes its gradient on to them in equal parts.
// Source: Snell, Swersky, Zemel 2017, arXiv:1703.05175, equation 1; several a class: Mensink et al. 2013, "Distance-based image
// classification: generalizing to new classes at near-zero cost"; farthest-first: Gonzalez 1985, "Clustering to minimize the
// maximum intercluster distance".
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernels.h"
#include "learners/metric_map.h"

namespace oddshot::learners {

// Reused from task to task.
template <class T>
struct Prototypes {
  BasicMatrix<T> means;               // [P x E] the normals' first
  std::size_t normals = 0;            // how many of them are the normals'
  std::vector<std::uint32_t> of_row;  // [S] the prototype that each row belongs to
  std::vector<std::size_t> sizes;     // [P] rows of each
};

// At most `count` prototypes a class; none for anomalies if there are none. Throws ArgumentError if there is no normal row.
// O(count * S * E).
template <class T>
void find_prototypes(const kernels::Table<T>& kernels, const MetricMap<T>& metric, const T* own, BasicMatrixView<T> embeddings,
                     std::span<const std::uint8_t> labels, std::size_t count, Prototypes<T>& prototypes);

extern template void find_prototypes(const kernels::Table<float>&, const MetricMap<float>&, const float*, BasicMatrixView<float>,
                                     std::span<const std::uint8_t>, std::size_t, Prototypes<float>&);
extern template void find_prototypes(const kernels::Table<double>&, const MetricMap<double>&, const double*, BasicMatrixView<double>,
                                     std::span<const std::uint8_t>, std::size_t, Prototypes<double>&);

}  // namespace oddshot::learners
