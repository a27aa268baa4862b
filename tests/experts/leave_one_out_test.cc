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

INSTANTIATE_TEST_SUITE_P(Deterministic, LeaveOneOut,
                         testing::Values("robust-z", "ecod", "copod", "hbos", "mahalanobis", "pca", "knn", "lof", "one-class-svm",
                                         "knn-difference", "ridge-classifier", "lda"),
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

// A forest's left-out scores stand for what fresh rows of the same kind get; in-sample scores would lie below.
TEST(ForestLeaveOneOut, OutOfBagScoresAreLikeThoseOfFreshRows) {
  for (const char* name : {"isolation-forest", "extended-isolation-forest", "extra-trees"}) {
    double left_out = 0;
    double fresh = 0;
    double in_sample = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const Matrix normals = random_rows(40, 5, 3 * seed);
      const auto fitted = find_expert(name)->fit(normals, random_rows(5, 5, 3 * seed + 1, 0.5F), test_stream(seed));
      for (const float score : fitted->fitting_scores()) left_out += static_cast<double>(score) / 800;
      for (const float score : scores(*fitted, random_rows(400, 5, 3 * seed + 2))) fresh += static_cast<double>(score) / 8000;
      for (const float score : scores(*fitted, normals)) in_sample += static_cast<double>(score) / 800;
    }
    EXPECT_LT(std::abs(left_out - fresh), 0.25 * std::abs(in_sample - fresh))
        << name << ": left out " << left_out << ", fresh " << fresh << ", in sample " << in_sample;
  }
}

// Of more normals than can be refitted one by one, parts are left out: what is fitted without a row is no in-sample score.
TEST(PartsLeftOut, ScoresOfManyNormalsAreThoseOfRefitsWithoutTheirPart) {
  const Matrix normals = random_rows(130, 3, 1);
  for (const char* name : {"pca", "one-class-svm"}) {
    const Expert& expert = *find_expert(name);
    const std::vector<float> found = expert.fit(normals, {}, test_stream(0))->fitting_scores();
    std::vector<std::uint32_t> rest;
    for (std::uint32_t r = 0; r < 130; ++r) {
      if (r % 64 != 1) rest.push_back(r);
    }
    const auto refit = expert.fit(gathered(normals.view(), std::span<const std::uint32_t>(rest)), {}, test_stream(0));
    for (const std::size_t r : {1U, 65U, 129U}) EXPECT_EQ(found[r], scores(*refit, normals.view().slice(r, 1))[0]) << name;
  }
}

}  // namespace
}  // namespace oddshot
