#include "experts/nearest_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/kernels.h"

namespace oddshot {
namespace {

constexpr std::size_t kBlockValues = 16384;  // distances held at once, 64 KiB: the block stays in L2 between the kernel and the search
constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

// The k smallest of `values` but for the one at `skip`, by insertion: k is at most a few dozen and insertions become rare.
template <class T>
void smallest(std::span<const T> values, std::size_t skip, std::size_t k, std::span<T> best, std::uint32_t* index) {
  std::size_t count = 0;
  for (std::size_t j = 0; j < values.size(); ++j) {
    const T value = values[j];
    if ((count == k && !(value < best[k - 1])) || j == skip) continue;
    std::size_t place = count < k ? count++ : k - 1;
    for (; place > 0 && value < best[place - 1]; --place) {
      best[place] = best[place - 1];
      index[place] = index[place - 1];
    }
    best[place] = value;
    index[place] = static_cast<std::uint32_t>(j);
  }
}

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

NearestRows::NearestRows(MatrixView reference) : reference_(reference.rows, reference.cols) {
  for (std::size_t r = 0; r < reference.rows; ++r) std::ranges::copy(reference.row(r), reference_.row(r).begin());
}

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
      const std::size_t skip = skip_own ? first + r : kNobody;
      const std::span<float> distances = result.distances.row(first + r);
      std::uint32_t* index = result.index.data() + (first + r) * k;
      smallest<float>(squares.row(r), skip, k, distances, index);
      if (std::isfinite(distances[k - 1])) {
        for (float& distance : distances) distance = std::sqrt(distance);
      } else {
        std::vector<double> best(k);
        smallest<double>(squared_distances_wide(part.row(r), reference_), skip, k, best, index);
        for (std::size_t i = 0; i < k; ++i) distances[i] = static_cast<float>(std::sqrt(best[i]));
      }
    }
  }
  return result;
}

}  // namespace oddshot
