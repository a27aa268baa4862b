// Walks down trees against the scalar ones, which read as the definition does.
#include <cmath>
#include <limits>
#include <vector>

#include "oddshot/base/random.h"
#include "planes.h"

namespace oddshot::kernels {
namespace {

ODDSHOT_EVERY_TARGET(DescendOn);

constexpr std::size_t kColumns = 7;

// Thresholds among the values, equal to some of them, and some nodes that send everything left.
template <class T>
std::vector<Cut<T>> tree_of(std::size_t levels, std::size_t ld) {
  std::vector<Cut<T>> cuts(std::size_t{1} << levels);
  Stream stream(7, Purpose::kTest, levels);
  for (Cut<T>& cut : cuts) {
    if (stream.below(10) == 0) continue;
    cut.threshold = static_cast<T>(stream.below(7)) - T{3};
    cut.offset = static_cast<std::uint32_t>(stream.below(kColumns) * ld);
  }
  return cuts;
}

template <class T>
void expect_descent(const Table<T>& target) {
  std::vector<std::size_t> counts = sizes<T>();
  counts.push_back(128);
  for (const std::size_t n : counts) {
    Plane<T> columns = Plane<T>::whole(kColumns, n, n);
    for (std::size_t j = 0; j < n; j += 5) columns.at(j % kColumns, j) = std::numeric_limits<T>::quiet_NaN();
    for (std::size_t j = 2; j < n; j += 9) columns.at(j % kColumns, j) = std::numeric_limits<T>::infinity();
    for (std::size_t levels = 0; levels <= 9; ++levels) {
      const std::vector<Cut<T>> cuts = tree_of<T>(levels, columns.ld());
      std::vector<std::uint32_t> expected(n);
      std::vector<std::uint32_t> found(n);
      table<T>("scalar").descend(n, columns.data(), cuts.data(), levels, expected.data());
      target.descend(n, columns.data(), cuts.data(), levels, found.data());
      ASSERT_EQ(found, expected) << n << " rows, " << levels << " levels";
    }
  }
}

TEST_P(DescendOn, EndsWhereTheDefinitionDoes) {
  expect_descent(table<float>(GetParam()));
  expect_descent(table<double>(GetParam()));
}

// By hand: left at 2 (value at the threshold), right at 3, into the middle of the lowest level.
TEST_P(DescendOn, GoesRightAboveTheThreshold) {
  const float columns[] = {2, 3, 5, -5};  // two rows, two columns
  std::vector<Cut<float>> cuts(4);
  cuts[1] = {2, 0};
  cuts[2] = {-1, 2};
  cuts[3] = {0, 2};
  std::uint32_t at[2];
  table<float>(GetParam()).descend(2, columns, cuts.data(), 2, at);
  EXPECT_EQ(at[0], 5U);
  EXPECT_EQ(at[1], 6U);
}

}  // namespace
}  // namespace oddshot::kernels
