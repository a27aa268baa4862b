// The nearest of a fixed set of rows by Euclidean distance, exact. Among few rows every distance is computed; among many those that cannot
// be near are first left out by products (near_screen.h), which changes no result. The ground of knn, lof and knn-difference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "experts/near_screen.h"
#include "oddshot/base/matrix.h"

namespace oddshot {

// For each of M rows its k nearest reference rows by rising distance, equal distances by rising index.
struct Neighbours {
  Matrix distances;                  // [M x k]
  std::vector<std::uint32_t> index;  // [M x k], into the reference rows

  std::size_t k() const { return distances.cols(); }
  const std::uint32_t* indices_of(std::size_t row) const { return index.data() + row * k(); }
};

// Mean of the distances to the neighbours of one row.
double mean_distance(const Neighbours& neighbours, std::size_t row);

class NearestRows {
 public:
  // Keeps a copy of the reference rows [N x D].
  explicit NearestRows(MatrixView reference);

  std::size_t size() const { return reference_.rows(); }

  // rows [M x D], 1 <= k <= size(). O(M N D) time; beside the result memory for a few rows by N.
  Neighbours find(MatrixView rows, std::size_t k) const;
  // Of each reference row among all the others: 1 <= k <= size() - 1.
  Neighbours find_others(std::size_t k) const;

 private:
  // skip_own: row i is reference row i, and no neighbour of its own.
  Neighbours search(MatrixView rows, std::size_t k, bool skip_own) const;
  // Of the rows of these numbers, by every distance.
  void among_all(MatrixView rows, std::span<const std::uint32_t> numbers, bool skip_own, Neighbours& result) const;
  // Of one row, by its distances from these reference rows, rising and at least k others.
  void among(std::span<const std::uint32_t> candidates, MatrixView rows, std::size_t row, bool skip_own, Neighbours& result) const;

  Matrix reference_;
  std::optional<NearScreen> screen_;
};

}  // namespace oddshot
