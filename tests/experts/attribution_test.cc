// Shares of a score: they add up whatever the score, and are Shapley's where these are known.
#include "oddshot/experts/attribution.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/base/random.h"

namespace oddshot {
namespace {

using Groups = std::vector<std::uint32_t>;

RowScore of_rows(double (*score)(std::span<const float>)) {
  return [score](MatrixView rows, std::span<float> out) {
    for (std::size_t r = 0; r < rows.rows; ++r) out[r] = static_cast<float>(score(rows.row(r)));
  };
}

Matrix row_of(const std::vector<float>& values) {
  Matrix row(1, values.size());
  std::ranges::copy(values, row.data());
  return row;
}

Matrix random_rows(std::size_t rows, std::size_t cols, std::uint64_t index) {
  Stream stream(3, Purpose::kTest, index);
  Matrix out(rows, cols);
  for (std::size_t i = 0; i < rows * cols; ++i) out.data()[i] = stream.normal();
  return out;
}

Groups each_its_own(std::size_t columns) {
  Groups group(columns);
  std::iota(group.begin(), group.end(), 0U);
  return group;
}

double sum_of(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

// Steps, products and a distance: neither smooth nor additive.
double rugged(std::span<const float> x) {
  double nearest = 100;
  for (std::size_t j = 0; j + 1 < x.size(); ++j) nearest = std::min(nearest, std::fabs(1.0 * x[j] - x[j + 1]));
  return std::floor(3 * x[0]) + x[1] * x[2] + std::log(nearest + 0.02) + (x.back() > 0 ? 2 : 0);
}

// Inclusion by hand: all orders of the columns.
std::vector<double> over_all_orders(const RowScore& score, const Matrix& x, const Matrix& background) {
  const std::size_t d = x.cols();
  std::vector<std::size_t> order(d);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<double> share(d);
  double orders = 0;
  const auto value = [&](const Matrix& row) {
    float out = 0;
    score(row, {&out, 1});
    return static_cast<double>(out);
  };
  do {
    Matrix row = background;
    for (const std::size_t j : order) {
      const double before = value(row);
      row(0, j) = x(0, j);
      share[j] += value(row) - before;
    }
    ++orders;
  } while (std::next_permutation(order.begin(), order.end()));
  for (double& one : share) one /= orders;
  return share;
}

TEST(Attribution, SumsToTheScoreLessTheBaselineHoweverFewOrdersAreTaken) {
  for (const std::size_t columns : {std::size_t{4}, std::size_t{12}, std::size_t{40}}) {
    const Matrix x = random_rows(1, columns, 1);
    const Matrix background = random_rows(5, columns, 2);
    const Attribution found = attribute(of_rows(rugged), x.row(0), background, each_its_own(columns), columns, {.evaluations = 64});
    EXPECT_NEAR(sum_of(found.share), found.score - found.baseline, 1e-9) << columns;
    EXPECT_FALSE(found.exact) << columns;
  }
}

TEST(Attribution, OfFewColumnsIsTheMeanOverAllOrders) {
  const Matrix x = random_rows(1, 6, 3);
  const Matrix background = random_rows(1, 6, 4);
  const Attribution found = attribute(of_rows(rugged), x.row(0), background, each_its_own(6), 6);
  EXPECT_TRUE(found.exact);
  const std::vector<double> expected = over_all_orders(of_rows(rugged), x, background);
  for (std::size_t j = 0; j < 6; ++j) EXPECT_NEAR(found.share[j], expected[j], 1e-6) << j;
}

TEST(Attribution, OfASumIsExactByWhateverOrders) {
  const auto additive = [](std::span<const float> x) {
    double sum = 0;
    for (std::size_t j = 0; j < x.size(); ++j) sum += std::round(4 * x[j]) * static_cast<double>(j % 3);
    return sum;
  };
  const Matrix x = random_rows(1, 30, 5);
  const Matrix background = random_rows(3, 30, 6);
  const Attribution found = attribute(of_rows(additive), x.row(0), background, each_its_own(30), 30, {.evaluations = 64});
  EXPECT_FALSE(found.exact);
  for (std::size_t j = 0; j < 30; ++j) {
    double expected = 0;
    for (std::size_t b = 0; b < 3; ++b)
      expected += (std::round(4 * x(0, j)) - std::round(4 * background(b, j))) * static_cast<double>(j % 3) / 3;
    EXPECT_NEAR(found.share[j], expected, 1e-5) << j;
    EXPECT_NEAR(found.error[j], 0, 1e-5) << j;
  }
}

TEST(Attribution, SampledIsNearTheExactWithinItsOwnError) {
  const Matrix x = random_rows(1, 12, 7);
  const Matrix background = random_rows(2, 12, 8);
  const Attribution exact = attribute(of_rows(rugged), x.row(0), background, each_its_own(12), 12, {.evaluations = 10000});
  const Attribution sampled = attribute(of_rows(rugged), x.row(0), background, each_its_own(12), 12, {.evaluations = 4000});
  ASSERT_TRUE(exact.exact);
  ASSERT_FALSE(sampled.exact);
  EXPECT_LE(sampled.evaluations, 4000U + 4U);
  double largest = 0;
  for (std::size_t j = 0; j < 12; ++j) {
    EXPECT_NEAR(sampled.share[j], exact.share[j], 4 * sampled.error[j] + 1e-6) << j;
    largest = std::max(largest, sampled.error[j]);
  }
  EXPECT_GT(largest, 0);
  EXPECT_LT(largest, 0.2);
}

// One column in three features, as a category has them: it is changed as a whole, never by halves.
TEST(Attribution, ChangesAGroupAsAWhole) {
  const auto strict = [](std::span<const float> x) { return x[0] + x[1] + x[2] == 1 ? 5.0 * x[1] + x[3] : 1e6; };
  const Matrix x = row_of({0, 1, 0, 7});
  const Matrix background = row_of({1, 0, 0, 5});
  const Attribution found = attribute(of_rows(strict), x.row(0), background, Groups{0, 0, 0, 1}, 2);
  EXPECT_EQ(found.share, (std::vector<double>{5, 2}));
}

TEST(Attribution, GivesNothingToAColumnThatIsAsInTheBackground) {
  const Matrix x = row_of({1, 2, 3, 4});
  const Matrix background = row_of({0, 2, 0, 4});
  const auto product = [](std::span<const float> v) { return 1.0 * v[0] * v[1] * v[2] * v[3]; };
  const Attribution found = attribute(of_rows(product), x.row(0), background, each_its_own(4), 4);
  EXPECT_EQ(found.share, (std::vector<double>{12, 0, 12, 0}));
  const Attribution same = attribute(of_rows(product), x.row(0), x, each_its_own(4), 4);
  EXPECT_EQ(same.share, (std::vector<double>{0, 0, 0, 0}));
  EXPECT_EQ(same.score, same.baseline);
}

TEST(Attribution, DependsOnItsSeedAlone) {
  const Matrix x = random_rows(1, 30, 9);
  const Matrix background = random_rows(4, 30, 10);
  const auto shares = [&](std::uint64_t seed) {
    return attribute(of_rows(rugged), x.row(0), background, each_its_own(30), 30, {.evaluations = 500, .seed = seed}).share;
  };
  EXPECT_EQ(shares(1), shares(1));
  EXPECT_NE(shares(1), shares(2));
}

TEST(Attribution, RefusesWhatDoesNotFit) {
  const Matrix x = random_rows(1, 4, 11);
  const RowScore score = of_rows(rugged);
  EXPECT_THROW(attribute(score, x.row(0), Matrix(0, 4), each_its_own(4), 4), ArgumentError);
  EXPECT_THROW(attribute(score, x.row(0), Matrix(2, 3), each_its_own(4), 4), ShapeError);
  EXPECT_THROW(attribute(score, x.row(0), x, each_its_own(3), 4), ShapeError);
  EXPECT_THROW(attribute(score, x.row(0), x, each_its_own(4), 3), ShapeError);
  EXPECT_THROW(attribute(score, x.row(0), x, each_its_own(4), 4, {.evaluations = 63}), ArgumentError);
}

}  // namespace
}  // namespace oddshot
