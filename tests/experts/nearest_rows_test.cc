#include "experts/nearest_rows.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

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

// Among so many rows most are left out by products before any distance is computed: the same bits come out as where every distance is
// ranked, which is how a reference is searched that has too few rows for products. `reference` is cut into such parts.
void expect_every_distance_ranked(MatrixView rows, MatrixView reference, std::size_t k) {
  constexpr std::size_t kPart = 1000;
  const Neighbours found = NearestRows(reference).find(rows, k);
  std::vector<std::vector<std::pair<float, std::uint32_t>>> all(rows.rows);
  for (std::size_t first = 0; first < reference.rows; first += kPart) {
    const MatrixView part = reference.slice(first, std::min(kPart, reference.rows - first));
    const std::size_t few = std::min(k, part.rows);
    const Neighbours near = NearestRows(part).find(rows, few);
    for (std::size_t r = 0; r < rows.rows; ++r) {
      for (std::size_t j = 0; j < few; ++j) {
        all[r].emplace_back(near.distances(r, j), static_cast<std::uint32_t>(first + near.indices_of(r)[j]));
      }
    }
  }
  for (std::size_t r = 0; r < rows.rows; ++r) {
    std::ranges::sort(all[r]);
    for (std::size_t j = 0; j < k; ++j) {
      ASSERT_EQ(found.distances(r, j), all[r][j].first) << "row " << r << ", neighbour " << j;
      ASSERT_EQ(found.indices_of(r)[j], all[r][j].second) << "row " << r << ", neighbour " << j;
    }
  }
}

TEST(NearestRows, AmongManyAreThoseOfEveryDistance) {
  for (const std::size_t n : {1024U, 1537U, 3000U}) {
    for (const std::size_t d : {1U, 7U, 40U}) {
      for (const std::size_t k : {1U, 20U}) expect_every_distance_ranked(random_rows(131, d, 1), random_rows(n, d, n), k);
    }
  }
}

// Where products cancel: a tight cluster far from the mean, equal rows, one row that is far from all, no gaps at all, squares near the end
// of float.
TEST(NearestRows, AmongManyDoNotSufferFromCancellation) {
  constexpr std::size_t kColumns = 10;
  Matrix reference = random_rows(2500, kColumns, 4);
  for (std::size_t r = 0; r < 1500; ++r) {
    for (float& value : reference.row(r)) value = 1e4F + 1e-2F * std::round(10 * value);
  }
  for (std::size_t r = 1500; r < 1900; ++r) std::ranges::copy(reference.row(7), reference.row(r).begin());
  reference(2000, 3) = 1e8F;
  Matrix rows(200, kColumns);
  for (std::size_t r = 0; r < rows.rows(); ++r) std::ranges::copy(reference.row(12 * r), rows.row(r).begin());
  for (float& value : rows.row(5)) value = 3e7F;
  expect_every_distance_ranked(rows, reference, 5);
  for (const float size : {0.0F, 1e-25F, 1e17F, 1e18F}) {
    Matrix scaled = random_rows(1100, kColumns, 5);
    for (std::size_t i = 0; i < scaled.rows() * kColumns; ++i) scaled.data()[i] *= size;
    expect_every_distance_ranked(scaled.view().slice(0, 50), scaled, 5);
  }
}

TEST(NearestRows, AmongManyARowIsNotItsOwnNeighbour) {
  const Matrix reference = random_rows(1500, 6, 6);
  const Neighbours others = NearestRows(reference).find_others(4);
  const Neighbours all = NearestRows(reference).find(reference, 5);
  for (std::size_t r = 0; r < reference.rows(); ++r) {
    ASSERT_EQ(all.indices_of(r)[0], r);
    for (std::size_t j = 0; j < 4; ++j) ASSERT_EQ(others.indices_of(r)[j], all.indices_of(r)[j + 1]) << "row " << r;
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
