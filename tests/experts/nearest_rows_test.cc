#include "experts/nearest_rows.h"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "rows.h"

namespace oddshot {
namespace {

std::vector<double> distances(std::span<const float> row, MatrixView reference) {
  std::vector<double> all(reference.rows);
  for (std::size_t j = 0; j < reference.rows; ++j) {
    for (std::size_t c = 0; c < row.size(); ++c) all[j] += std::pow(static_cast<double>(row[c]) - static_cast<double>(reference(j, c)), 2);
    all[j] = std::sqrt(all[j]);
  }
  return all;
}

// Against a sort of all distances in double. Where two differ by less than float can tell, either may come first.
void expect_nearest(const Neighbours& found, MatrixView rows, MatrixView reference, bool skip_own) {
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const std::vector<double> all = distances(rows.row(r), reference);
    std::vector<double> sorted = all;
    if (skip_own) sorted.erase(sorted.begin() + static_cast<std::ptrdiff_t>(r));
    std::ranges::sort(sorted);
    std::set<std::uint32_t> seen;
    for (std::size_t j = 0; j < found.k(); ++j) {
      const std::uint32_t index = found.indices_of(r)[j];
      ASSERT_TRUE(seen.insert(index).second && !(skip_own && index == r)) << "row " << r << ", neighbour " << j;
      ASSERT_NEAR(found.distances(r, j), sorted[j], 1e-6 * sorted[j]) << "row " << r << ", neighbour " << j;
      ASSERT_NEAR(found.distances(r, j), all[index], 1e-6 * sorted[j]) << "row " << r << ", neighbour " << j;
    }
  }
}

TEST(NearestRows, AreThoseOfASortOfAllDistances) {
  for (const std::size_t n : {1U, 2U, 7U, 64U, 65U, 300U}) {
    for (const std::size_t d : {1U, 3U, 16U, 33U}) {
      const Matrix reference = random_rows(n, d, n * 100 + d);
      const Matrix rows = random_rows(267, d, n * 100 + d + 50);
      const NearestRows nearest(reference);
      for (const std::size_t k : {std::size_t{1}, std::min<std::size_t>(5, n), n}) {
        expect_nearest(nearest.find(rows, k), rows, reference, false);
        if (k < n) expect_nearest(nearest.find_others(k), reference, reference, true);
      }
    }
  }
}

TEST(NearestRows, EqualDistancesComeByIndex) {
  const Matrix reference = matrix({{1}, {-1}, {1}, {-1}, {0}});
  const Neighbours found = NearestRows(reference).find(matrix({{0}}), 4);
  EXPECT_EQ(found.index, (std::vector<std::uint32_t>{4, 0, 1, 2}));
}

TEST(NearestRows, ARowIsNotItsOwnNeighbourButItsTwinIs) {
  const Neighbours found = NearestRows(matrix({{3, 3}, {3, 3}, {9, 9}})).find_others(1);
  EXPECT_EQ(found.index, (std::vector<std::uint32_t>{1, 0, 0}));
  EXPECT_EQ(found.distances(0, 0), 0);
}

TEST(NearestRows, SquaresBeyondFloatAreNoInfinities) {
  const Matrix reference = matrix({{1e30F, 0}, {-2e30F, 0}, {0, 0}});
  const Neighbours found = NearestRows(reference).find(matrix({{0, 4e30F}}), 3);
  EXPECT_EQ(found.index, (std::vector<std::uint32_t>{2, 0, 1}));
  EXPECT_FLOAT_EQ(found.distances(0, 0), 4e30F);
  EXPECT_FLOAT_EQ(found.distances(0, 2), std::sqrt(20.0F) * 1e30F);
}

}  // namespace
}  // namespace oddshot
