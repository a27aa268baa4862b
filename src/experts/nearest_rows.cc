#include "experts/nearest_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experts/smallest.h"
#include "kernels/kernels.h"

namespace oddshot {
namespace {

constexpr std::size_t kBlockValues = 16384;  // distances held at once, 64 KiB: the block stays in L2 between the kernel and the search

// Squared distances of one row to all reference rows, in double: for values whose squares overflow float (beyond about 1e19).
std::vector<double> squared_distances_wide(std::span<const float> row, MatrixView reference) {
  std::vector<double> squares(reference.rows);
  for (std::size_t j = 0; j < reference.rows; ++j) {
    const auto other = reference.row(j);
    double sum = 0;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const double difference = static_cast<double>(row[c]) - static_cast<double>(other[c]);
      sum += difference * difference;
    }
    squares[j] = sum;
  }
  return squares;
}

}  // namespace

double mean_distance(const Neighbours& neighbours, std::size_t row) {
  const auto distances = neighbours.distances.row(row);
  return std::accumulate(distances.begin(), distances.end(), 0.0) / static_cast<double>(distances.size());
}

NearestRows::NearestRows(MatrixView reference) : reference_(copied(reference)) {}

Neighbours NearestRows::find(MatrixView rows, std::size_t k) const { return search(rows, k, false); }
Neighbours NearestRows::find_others(std::size_t k) const { return search(reference_, k, true); }

Neighbours NearestRows::search(MatrixView rows, std::size_t k, bool skip_own) const {
  const auto& kernel = kernels::table<float>();
  const std::size_t n = size();
  const std::size_t block = std::clamp<std::size_t>(kBlockValues / n, 8, 256);
  Matrix squares(std::min(block, rows.rows), n);
  Neighbours result{Matrix(rows.rows, k), std::vector<std::uint32_t>(rows.rows * k)};
  for (std::size_t first = 0; first < rows.rows; first += block) {
    const MatrixView part = rows.slice(first, std::min(block, rows.rows - first));
    kernel.squared_distances(part.rows, n, part.cols, part.data, part.stride, reference_.data(), reference_.cols(), squares.data(), n);
    for (std::size_t r = 0; r < part.rows; ++r) {
      const auto skip = [&](std::size_t j) { return skip_own && j == first + r; };
      const std::span<float> distances = result.distances.row(first + r);
      std::uint32_t* index = result.index.data() + (first + r) * k;
      smallest<float>(squares.row(r), distances, index, skip);
      if (std::isfinite(distances[k - 1])) {
        for (float& distance : distances) distance = std::sqrt(distance);
      } else {
        std::vector<double> best(k);
        smallest<double>(squared_distances_wide(part.row(r), reference_), best, index, skip);
        for (std::size_t i = 0; i < k; ++i) distances[i] = static_cast<float>(std::sqrt(best[i]));
      }
    }
  }
  return result;
}

}  // namespace oddshot
