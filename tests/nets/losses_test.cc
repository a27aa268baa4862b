#include "nets/losses.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace oddshot::nets {
namespace {

double loss(const std::vector<double>& logits, const std::vector<std::uint8_t>& labels, std::vector<double>* d = nullptr,
            std::vector<double>* curvature = nullptr) {
  std::vector<double> first(logits.size());
  std::vector<double> second(logits.size());
  const double value = balanced_cross_entropy<double>(kernels::table<double>(), logits, labels, first.data(), second.data());
  if (d != nullptr) {
    *d = first;
  }
  if (curvature != nullptr) {
    *curvature = second;
  }
  return value;
}

TEST(BalancedCrossEntropy, WeighsEachClassTheSame) {
  const double softplus = std::log1p(std::exp(0.5));
  EXPECT_NEAR(loss({0.5, 0.5, 0.5, -0.5}, {0, 0, 0, 1}), softplus, 1e-14);
  EXPECT_NEAR(loss({0.5}, {0}), softplus, 1e-14);
  EXPECT_NEAR(loss({-0.5, -0.5}, {1, 1}), softplus, 1e-14);
  EXPECT_EQ(loss({}, {}), 0.0);
}

TEST(BalancedCrossEntropy, HasTheDerivativesOfItsValue) {
  const std::vector<double> z{0.3, -1.2, 4.0, -0.1, 2.2};
  const std::vector<std::uint8_t> y{0, 1, 0, 1, 0};
  std::vector<double> d;
  std::vector<double> curvature;
  loss(z, y, &d, &curvature);
  const double h = 1e-4;
  for (std::size_t i = 0; i < z.size(); ++i) {
    std::vector<double> up = z;
    std::vector<double> down = z;
    up[i] += h;
    down[i] -= h;
    EXPECT_NEAR((loss(up, y) - loss(down, y)) / (2 * h), d[i], 1e-8);
    EXPECT_NEAR((loss(up, y) - 2 * loss(z, y) + loss(down, y)) / (h * h), curvature[i], 1e-6);
  }
}

TEST(BalancedCrossEntropy, StaysFiniteForHugeLogits) {
  std::vector<double> d;
  EXPECT_NEAR(loss({1000.0, -1000.0}, {0, 1}, &d), 1000.0, 1e-9);
  EXPECT_NEAR(d[0], 0.5, 1e-12);
  EXPECT_NEAR(d[1], -0.5, 1e-12);
  EXPECT_NEAR(loss({-1000.0, 1000.0}, {0, 1}), 0.0, 1e-12);
}

TEST(BalancedCrossEntropy, HandlesMoreRowsThanOneBlock) {
  EXPECT_NEAR(loss(std::vector<double>(200, 0.5), std::vector<std::uint8_t>(200, 0)), std::log1p(std::exp(0.5)), 1e-13);
}

}  // namespace
}  // namespace oddshot::nets
