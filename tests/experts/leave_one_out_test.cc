#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "rows.h"

namespace oddshot {
namespace {

// What fitting_scores() stands for: refit on the other normals and score the one left out.
std::vector<float> refitted(const Expert& expert, const Matrix& normals, const Matrix& anomalies) {
  std::vector<float> result;
  for (std::size_t r = 0; r < normals.rows(); ++r) {
    const auto fitted = expert.fit(without_row(normals, r), anomalies, test_stream(0));
    result.push_back(scores(*fitted, normals.view().slice(r, 1))[0]);
  }
  return result;
}

void expect_equal(const Expert& expert, const Matrix& normals, const std::string& what, double tolerance) {
  const Matrix anomalies = random_rows(3, normals.cols(), 99, 3);
  const std::vector<float> found = expert.fit(normals, anomalies, test_stream(0))->fitting_scores();
  const std::vector<float> expected = refitted(expert, normals, anomalies);
  ASSERT_EQ(found.size(), normals.rows());
  for (std::size_t r = 0; r < found.size(); ++r) {
    ASSERT_NEAR(found[r], expected[r], tolerance * (1 + std::abs(expected[r]))) << what << ", row " << r;
  }
}

class LeaveOneOut : public testing::TestWithParam<const char*> {
 protected:
  const Expert& expert() const { return *find_expert(GetParam()); }
};

TEST_P(LeaveOneOut, EqualsARefitWithoutTheRow) {
  for (const std::size_t n : {3U, 4U, 7U, 8U, 22U, 41U}) {
    for (const std::size_t d : {1U, 2U, 5U, 30U}) {
      expect_equal(expert(), random_rows(n, d, n * 100 + d), std::to_string(n) + " x " + std::to_string(d), 1e-5);
    }
  }
}

TEST_P(LeaveOneOut, EqualsARefitWhereValuesRepeat) {
  for (const std::size_t n : {3U, 5U, 12U, 25U}) {
    Matrix normals = random_rows(n, 6, n);
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t c = 0; c < 6; ++c) normals(r, c) = c < 3 ? std::round(normals(r, c)) : (r % (c + 2) == 0 ? normals(r, c) : 0.5F);
    }
    std::ranges::copy(normals.row(1), normals.row(0).begin());
    expect_equal(expert(), normals, std::to_string(n) + " rows", 1e-5);
  }
}

TEST_P(LeaveOneOut, EqualsARefitWhereOneRowAloneDiffers) {
  Matrix normals(9, 3);
  std::ranges::copy(std::vector<float>{1, -2, 3}, normals.row(4).begin());
  expect_equal(expert(), normals, "one odd row", 1e-5);
}

TEST_P(LeaveOneOut, EqualsARefitFarFromTheOrigin) { expect_equal(expert(), random_rows(20, 4, 5, 1e5F), "mean 1e5", 1e-4); }

INSTANTIATE_TEST_SUITE_P(Deterministic, LeaveOneOut, testing::Values("robust-z", "ecod", "mahalanobis", "knn", "lof", "knn-difference"),
                         [](const auto& at) {
                           std::string name = at.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// One Newton step, not a refit: so near, and far nearer than the in-sample scores.
TEST(LogisticLeaveOneOut, OneNewtonStepComesCloseToARefit) {
  const Expert& expert = *find_expert("logistic");
  for (const std::size_t d : {1U, 4U, 60U}) {
    const Matrix normals = random_rows(40, d, d);
    const Matrix anomalies = random_rows(5, d, d + 1, 1);
    const auto fitted = expert.fit(normals, anomalies, test_stream(0));
    const std::vector<float> found = fitted->fitting_scores();
    const std::vector<float> expected = refitted(expert, normals, anomalies);
    const std::vector<float> in_sample = scores(*fitted, normals);
    double error = 0;
    double optimism = 0;
    for (std::size_t r = 0; r < found.size(); ++r) {
      error += std::abs(static_cast<double>(found[r] - expected[r]));
      optimism += std::abs(static_cast<double>(in_sample[r] - expected[r]));
    }
    EXPECT_LT(error, 0.2 * optimism) << d << " columns; mean error " << error / 40 << ", optimism " << optimism / 40;
  }
}

}  // namespace
}  // namespace oddshot
