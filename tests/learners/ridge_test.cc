#include "learners/ridge.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"

namespace oddshot::learners {
namespace {

template <class T>
BasicMatrix<T> noise(std::size_t rows, std::size_t cols, std::uint64_t index) {
  Stream stream(21, Purpose::kTest, index);
  BasicMatrix<T> out(rows, cols);
  for (std::size_t i = 0; i < rows * cols; ++i) {
    out.data()[i] = static_cast<T>(stream.normal());
  }
  return out;
}

LearnerOptions small() {
  LearnerOptions options;
  options.encoder.inputs = 4;
  options.encoder.hidden = {6};
  options.embedding = 5;
  return options;
}

// Support and scores of 7 query rows, from one start.
std::vector<float> scores(const Matrix& support, const std::vector<std::uint8_t>& labels) {
  const auto learner = make_ridge(small());
  const auto scratch = learner->make_scratch();
  AlignedVector<float> params(learner->layout().size());
  learner->initialise(params, Stream(2, Purpose::kInitialise, 0));
  const AdaptedState state = learner->adapt(params, {support, labels}, *scratch);
  std::vector<float> out(7);
  learner->score(state, noise<float>(7, 4, 99), *scratch, out);
  return out;
}

TEST(RidgeSolver, SolvesItsNormalEquationsWithFewerRowsThanDimensionsAsManyAndMore) {
  constexpr double kLambda = 0.3;
  for (const std::size_t rows : {1U, 4U, 7U, 8U, 30U}) {
    const BasicMatrix<double> x = noise<double>(rows, 7, rows);
    const BasicMatrix<double> y = noise<double>(1, rows, 50 + rows);
    RidgeSolver<double> solver;
    solver.solve(kernels::table<double>(), x, y.row(0), kLambda);
    ASSERT_EQ(solver.w.size(), 7U);
    for (std::size_t e = 0; e < 7; ++e) {  // lambda w + X^T (X w - y) = 0
      double sum = kLambda * solver.w[e];
      for (std::size_t i = 0; i < rows; ++i) {
        double left = -y(0, i);
        for (std::size_t k = 0; k < 7; ++k) {
          left += x(i, k) * solver.w[k];
        }
        sum += x(i, e) * left;
      }
      EXPECT_NEAR(sum, 0, 1e-13) << rows << " rows, element " << e;
    }
  }
}

TEST(RidgeSolver, PullsBackTheDerivativesOfItsSolution) {
  constexpr double kStep = 1e-5;
  const auto& kernels = kernels::table<double>();
  for (const std::size_t rows : {3U, 6U, 12U}) {
    BasicMatrix<double> x = noise<double>(rows, 6, rows);
    const BasicMatrix<double> y = noise<double>(1, rows, 50 + rows);
    const BasicMatrix<double> g = noise<double>(1, 6, 80);
    const auto value = [&](double lambda) {
      RidgeSolver<double> solver;
      solver.solve(kernels, x, y.row(0), lambda);
      return kernels.dot(6, g.data(), solver.w.data());
    };
    RidgeSolver<double> solver;
    solver.solve(kernels, x, y.row(0), 0.5);
    BasicMatrix<double> d_x;
    const double d_lambda = solver.pull_back(kernels, x, y.row(0), g.row(0), d_x);
    EXPECT_NEAR(d_lambda, (value(0.5 + kStep) - value(0.5 - kStep)) / (2 * kStep), 1e-8);
    for (std::size_t i = 0; i < rows * 6; ++i) {
      const double at = x.data()[i];
      x.data()[i] = at + kStep;
      const double up = value(0.5);
      x.data()[i] = at - kStep;
      const double down = value(0.5);
      x.data()[i] = at;
      EXPECT_NEAR(d_x.data()[i], (up - down) / (2 * kStep), 1e-8) << rows << " rows, element " << i;
    }
  }
}

TEST(Ridge, LetsAnAnomalyWeighTheSameAmongAnyNumberOfNormals) {
  const Matrix rows = noise<float>(5, 4, 3);
  Matrix repeated(17, 4);  // each of the four normals four times, then the anomaly
  for (std::size_t r = 0; r < 17; ++r) {
    std::copy(rows.row(r / 4).begin(), rows.row(r / 4).end(), repeated.row(r).begin());
  }
  std::vector<std::uint8_t> labels(17, 0);
  labels[16] = 1;
  const std::vector<float> once = scores(rows, {0, 0, 0, 0, 1});
  const std::vector<float> often = scores(repeated, labels);
  for (std::size_t i = 0; i < once.size(); ++i) {
    EXPECT_NEAR(once[i], often[i], 1e-4F);
  }
}

TEST(Ridge, TurnsItsScoresAroundWithTheLabels) {
  const Matrix rows = noise<float>(6, 4, 5);
  const std::vector<float> given = scores(rows, {0, 0, 0, 1, 1, 1});
  const std::vector<float> swapped = scores(rows, {1, 1, 1, 0, 0, 0});
  for (std::size_t i = 0; i < given.size(); ++i) {
    EXPECT_NEAR(given[i], -swapped[i], 1e-4F);
    EXPECT_GT(std::abs(given[i]), 1e-3F);
  }
}

TEST(Ridge, RefusesASupportOfOneClass) {
  const Matrix rows = noise<float>(3, 4, 5);
  EXPECT_THROW(scores(rows, {0, 0, 0}), ArgumentError);
  EXPECT_THROW(scores(rows, {1, 1, 1}), ArgumentError);
  EXPECT_EQ(make_ridge(small())->minimum_shots(), 1U);
}

}  // namespace
}  // namespace oddshot::learners
