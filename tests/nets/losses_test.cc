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

double ranking(const std::vector<double>& logits, const std::vector<std::uint8_t>& labels, double margin, std::vector<double>& d) {
  d.assign(logits.size(), -7.0);
  return ranking_loss<double>(logits, labels, margin, d.data());
}

TEST(RankingLoss, IsTheFormulaOfItsHeader) {
  std::vector<double> d;
  const double top = std::log(std::exp(0.3) + std::exp(-1.0) + std::exp(2.0)) - 0.5;
  const double expected = (std::log1p(std::exp(top - 1.5)) + std::log1p(std::exp(top + 0.2))) / 2;
  EXPECT_NEAR(ranking({0.3, 1.5, -1.0, 2.0, -0.2}, {0, 1, 0, 0, 1}, 0.5, d), expected, 1e-14);
}

TEST(RankingLoss, HasTheDerivativeOfItsValue) {
  const std::vector<double> z{0.3, -1.2, 4.0, -0.1, 2.2, 0.0};
  const std::vector<std::uint8_t> y{0, 1, 0, 1, 0, 1};
  std::vector<double> d;
  std::vector<double> unused;
  ranking(z, y, 1.0, d);
  const double h = 1e-6;
  for (std::size_t i = 0; i < z.size(); ++i) {
    std::vector<double> up = z;
    std::vector<double> down = z;
    up[i] += h;
    down[i] -= h;
    EXPECT_NEAR((ranking(up, y, 1.0, unused) - ranking(down, y, 1.0, unused)) / (2 * h), d[i], 1e-8);
  }
}

TEST(RankingLoss, IsZeroWithoutAPairAndFiniteForHugeLogits) {
  std::vector<double> d;
  EXPECT_EQ(ranking({1.0, 2.0}, {0, 0}, 1.0, d), 0.0);
  EXPECT_EQ(d, (std::vector<double>{0, 0}));
  EXPECT_EQ(ranking({1.0, 2.0}, {1, 1}, 1.0, d), 0.0);
  EXPECT_EQ(d, (std::vector<double>{0, 0}));
  EXPECT_NEAR(ranking({1000.0, -1000.0}, {0, 1}, 1.0, d), 1999.0, 1e-9);
  EXPECT_NEAR(d[0], 1.0, 1e-12);
  EXPECT_NEAR(d[1], -1.0, 1e-12);
}

}  // namespace
}  // namespace oddshot::nets
