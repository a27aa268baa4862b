#include "experts/nearest_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experts/smallest.h"
#include "kernels/kernels.h"

namespace oddshot {
namespace {

constexpr std::size_t kFewestScreened = 1024;  // reference rows from which products pay,
constexpr std::size_t kRowsANeighbour = 16;    // and that many for each neighbour
constexpr std::size_t kBlockValues = 16384;    // distances held at once, 64 KiB: the block stays in L2 between the kernel and the search

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

NearestRows::NearestRows(MatrixView reference) : reference_(copied(reference)) {
  if (reference.rows >= kFewestScreened) screen_ = NearScreen::of(reference);
}

Neighbours NearestRows::find(MatrixView rows, std::size_t k) const { return search(rows, k, false); }
Neighbours NearestRows::find_others(std::size_t k) const { return search(reference_, k, true); }

Neighbours NearestRows::search(MatrixView rows, std::size_t k, bool skip_own) const {
  Neighbours result{Matrix(rows.rows, k), std::vector<std::uint32_t>(rows.rows * k)};
  std::vector<std::uint32_t> rest;
  if (screen_ && kRowsANeighbour * k <= size()) {
    for (std::size_t first = 0; first < rows.rows; first += NearScreen::kBlock) {
      const MatrixView part = rows.slice(first, std::min(NearScreen::kBlock, rows.rows - first));
      const auto candidates = screen_->candidates(part, skip_own ? k + 1 : k);
      for (std::size_t r = 0; r < part.rows; ++r) {
        if (candidates[r].empty()) {
          rest.push_back(static_cast<std::uint32_t>(first + r));
        } else {
          among(candidates[r], rows, first + r, skip_own, result);
        }
      }
    }
  } else {
    rest.resize(rows.rows);
    std::iota(rest.begin(), rest.end(), 0U);
  }
  among_all(rows, rest, skip_own, result);
  return result;
}

void NearestRows::among(std::span<const std::uint32_t> candidates, MatrixView rows, std::size_t row, bool skip_own,
                        Neighbours& result) const {
  const Matrix near = gathered<float>(reference_, candidates);
  std::vector<float> squares(candidates.size());
  kernels::table<float>().squared_distances(1, near.rows(), near.cols(), rows.row(row).data(), rows.stride, near.data(), near.cols(),
                                            squares.data(), near.rows());
  const std::span<float> distances = result.distances.row(row);
  std::uint32_t* index = result.index.data() + row * result.k();
  smallest<float>(squares, distances, index, [&](std::size_t j) { return skip_own && candidates[j] == row; });
  for (float& distance : distances) distance = std::sqrt(distance);
  for (std::size_t i = 0; i < result.k(); ++i) index[i] = candidates[index[i]];
}

void NearestRows::among_all(MatrixView rows, std::span<const std::uint32_t> numbers, bool skip_own, Neighbours& result) const {
  const auto& kernel = kernels::table<float>();
  const std::size_t n = size();
  const std::size_t k = result.k();
  const std::size_t block = std::clamp<std::size_t>(kBlockValues / std::max<std::size_t>(n, 1), 8, 256);
  Matrix squares(std::min(block, numbers.size()), n);
  for (std::size_t first = 0; first < numbers.size(); first += block) {
    const auto some = numbers.subspan(first, std::min(block, numbers.size() - first));
    const bool together = some.back() - some.front() + 1 == some.size();
    const Matrix apart = together ? Matrix() : gathered(rows, some);
    const MatrixView part = together ? rows.slice(some.front(), some.size()) : apart.view();
    kernel.squared_distances(part.rows, n, part.cols, part.data, part.stride, reference_.data(), reference_.cols(), squares.data(), n);
    for (std::size_t r = 0; r < part.rows; ++r) {
      const auto skip = [&](std::size_t j) { return skip_own && j == some[r]; };
      const std::span<float> distances = result.distances.row(some[r]);
      std::uint32_t* index = result.index.data() + some[r] * k;
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
}

}  // namespace oddshot
