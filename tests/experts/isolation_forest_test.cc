#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "rows.h"

namespace oddshot {
namespace {

const Expert& forest() { return *find_expert("isolation-forest"); }

double mean(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(IsolationForest, TheSameStreamGivesTheSameScores) {
  const Matrix normals = random_rows(30, 4, 1);
  const Matrix rows = random_rows(50, 4, 2);
  const auto first = forest().fit(normals, {}, test_stream(3));
  const auto second = forest().fit(normals, {}, test_stream(3));
  EXPECT_EQ(scores(*first, rows), scores(*second, rows));
  EXPECT_EQ(first->fitting_scores(), second->fitting_scores());
}

TEST(IsolationForest, AnotherStreamGivesOtherScores) {
  const Matrix normals = random_rows(30, 4, 1);
  EXPECT_NE(scores(*forest().fit(normals, {}, test_stream(3)), normals), scores(*forest().fit(normals, {}, test_stream(4)), normals));
}

// Fitting scores stand for what fresh rows of the same kind get; in-sample scores would lie below.
TEST(IsolationForest, OutOfBagScoresAreLikeThoseOfFreshRows) {
  for (const std::size_t n : {20U, 50U, 300U, 500U}) {
    double out_of_bag = 0;
    double fresh = 0;
    double in_sample = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const Matrix normals = random_rows(n, 5, 100 + seed);
      const auto fitted = forest().fit(normals, {}, test_stream(seed));
      out_of_bag += mean(fitted->fitting_scores()) / 20;
      fresh += mean(scores(*fitted, random_rows(500, 5, 200 + seed))) / 20;
      in_sample += mean(scores(*fitted, normals)) / 20;
    }
    EXPECT_NEAR(out_of_bag, fresh, 0.005) << n << " normals";
    if (n <= 50) {
      EXPECT_LT(in_sample, fresh - 0.005) << n << " normals";
    }
  }
}

TEST(IsolationForest, EveryFittingRowHasAnOutOfBagScoreFromThreeNormalsOn) {
  for (const std::size_t n : {3U, 4U, 5U, 6U, 9U, 256U, 319U, 320U, 321U}) {
    for (const float score : forest().fit(random_rows(n, 2, n), {}, test_stream(0))->fitting_scores()) {
      EXPECT_TRUE(score > 0 && score < 1) << n << " normals: " << score;
    }
  }
}

TEST(IsolationForest, RowsThatCannotBeSplitScoreOneHalf) {
  const Matrix normals(12, 3);
  const auto fitted = forest().fit(normals, {}, test_stream(0));
  EXPECT_EQ(scores(*fitted, matrix({{5, -5, 0}})), std::vector<float>{0.5F});
  EXPECT_EQ(fitted->fitting_scores(), std::vector<float>(12, 0.5F));
}

TEST(IsolationForest, AFarRowScoresAboveEveryNormal) {
  const Matrix normals = random_rows(100, 3, 8);
  const auto fitted = forest().fit(normals, {}, test_stream(0));
  const float far = scores(*fitted, matrix({{20, 20, -20}}))[0];
  for (const float score : fitted->fitting_scores()) EXPECT_LT(score, far);
}

}  // namespace
}  // namespace oddshot
