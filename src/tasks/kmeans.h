// k-means: groups of rows that lie close together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "oddshot/base/matrix.h"
#include "oddshot/base/random.h"

namespace oddshot {

struct Clusters {
  Matrix centres;                         // [K x D]
  std::vector<std::uint32_t> assignment;  // [N]: the nearest centre of each row, the first of equals
  double inertia = 0;                     // sum of squared distances to it
};

// The best of `starts` runs of Lloyd's iterations from k-means++ seeds. Fewer than k distinct rows give as many clusters as there are
// distinct rows. Throws ArgumentError if there are no rows or k is 0. O(starts * iterations * N * K * D).
// Source: Arthur, Vassilvitskii 2007, "k-means++: the advantages of careful seeding", section 2.2.
Clusters kmeans(MatrixView rows, std::size_t k, Stream stream, unsigned starts = 4);

// The same from one start and after ten iterations at most, in single precision; of more than 4,000 rows the centres are found on so many,
// drawn at random. For clusters that serve as material: 13,000 rows of 60 features take some 50 ms for 150 clusters.
Clusters rough_kmeans(MatrixView rows, std::size_t k, Stream stream);
// The same of rows [0, count) that rows_of gives by their numbers, [numbers.size() x D]: it holds some 4,000 of them at a time.
Clusters rough_kmeans(std::size_t count, const std::function<Matrix(std::span<const std::uint32_t> numbers)>& rows_of, std::size_t k,
                      Stream stream);

// The nearest centre of each row: [N].
std::vector<std::uint32_t> nearest_centres(MatrixView rows, MatrixView centres);

}  // namespace oddshot
