// p-values, thresholds and batches: exact on small numbers, and in the long run no more false alarms than asked for.
#include "oddshot/detector/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/base/random.h"

namespace oddshot {
namespace {

Calibration of(std::vector<float> scores, std::vector<float> weights = {}) {
  return {CalibrationScheme::kHeldBack, std::move(scores), std::move(weights)};
}

template <class F>
std::string complaint(const F& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(Calibration, CountsTheCalibratorsAtOrAboveAScore) {
  const Calibration calibration = of({3, 1, 2, 2});
  EXPECT_DOUBLE_EQ(calibration.p_value(0), 5.0 / 5);
  EXPECT_DOUBLE_EQ(calibration.p_value(1), 5.0 / 5);
  EXPECT_DOUBLE_EQ(calibration.p_value(1.5), 4.0 / 5);
  EXPECT_DOUBLE_EQ(calibration.p_value(2), 4.0 / 5);
  EXPECT_DOUBLE_EQ(calibration.p_value(3), 2.0 / 5);
  EXPECT_DOUBLE_EQ(calibration.p_value(4), 1.0 / 5);
}

TEST(Calibration, WeighsTheRowItselfToo) {
  const Calibration calibration = of({1, 2, 3}, {1, 4, 2});
  EXPECT_DOUBLE_EQ(calibration.p_value(2.5, 3.0F), (3.0 + 2) / (3 + 7));
  EXPECT_DOUBLE_EQ(calibration.p_value(2.5), (4.0 + 2) / (4 + 7));  // as the heaviest
  EXPECT_DOUBLE_EQ(calibration.p_value(9, 0.0F), 0.0);              // a row that cannot be where the detector is used
}

TEST(Calibration, WithEqualWeightsIsTheOneWithout) {
  const Calibration plain = of({3, 1, 2, 2});
  const Calibration weighted = of({3, 1, 2, 2}, {2, 2, 2, 2});
  for (const float score : {0.0F, 1.0F, 2.0F, 2.5F, 4.0F}) EXPECT_DOUBLE_EQ(weighted.p_value(score, 2.0F), plain.p_value(score));
}

TEST(Calibration, AlertsAboveTheThresholdAreThoseOfSmallPValues) {
  Stream stream(1, Purpose::kTest, 0);
  for (const std::size_t n : {std::size_t{19}, std::size_t{99}, std::size_t{100}, std::size_t{347}}) {
    std::vector<float> scores(n);
    for (float& score : scores) score = static_cast<float>(stream.below(60));  // with ties
    const Calibration calibration = of(scores);
    for (const double rate : {0.05, 0.07, 0.29, 0.5, 0.999}) {
      const float threshold = calibration.threshold(rate);
      for (float score = -1; score < 61; score += 0.5F) {
        EXPECT_EQ(score > threshold, calibration.p_value(score) <= rate + 1e-12) << n << " " << rate << " " << score;
      }
      EXPECT_LE(calibration.guaranteed_rate(rate), rate + 1e-12);
    }
  }
}

TEST(Calibration, KnowsHowManyCalibratorsARateNeeds) {
  EXPECT_EQ(calibrators_needed(0.5), 1U);
  EXPECT_EQ(calibrators_needed(0.05), 19U);
  EXPECT_EQ(calibrators_needed(0.01), 99U);
  EXPECT_EQ(calibrators_needed(0.001), 999U);
  EXPECT_EQ(calibrators_needed(0.03), 33U);
  for (const double rate : {0.01, 0.03, 0.07, 0.002}) {
    const std::size_t n = calibrators_needed(rate);
    EXPECT_NO_THROW(of(std::vector<float>(n, 1.0F)).threshold(rate)) << rate;
    EXPECT_THROW(of(std::vector<float>(n - 1, 1.0F)).threshold(rate), ArgumentError) << rate;
  }
}

TEST(Calibration, SaysWhatATooSmallRateNeeds) {
  EXPECT_EQ(complaint([] { return of({1, 2, 3}).threshold(0.01); }),
            "a false-alarm rate of 0.01 needs 99 normal rows to calibrate by, and there are 3, which can promise 0.25");
  EXPECT_NE(complaint([] { return of({1, 2, 3}).threshold(1); }).find("above 0 and below 1"), std::string::npos);
  EXPECT_NE(complaint([] { return Calibration().p_value(1); }).find("no calibration"), std::string::npos);
  EXPECT_NE(complaint([] { return of({1, 2}, {1, 1}).threshold(0.5); }).find("p-value"), std::string::npos);
}

TEST(Calibration, RefusesScoresAndWeightsThatAreNone) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(of({}), ArgumentError);
  EXPECT_THROW(of({1, nan}), ArgumentError);
  EXPECT_THROW(of({1, 2}, {1}), ShapeError);
  EXPECT_THROW(of({1, 2}, {1, -1}), ArgumentError);
  EXPECT_THROW(of({1, 2}, {0, 0}), ArgumentError);
  EXPECT_THROW(Calibration(CalibrationScheme::kAuto, {1}), ArgumentError);
}

// The guarantee is one over draws of the calibrators as well. 20,000 draws of n calibrators and one normal row: the share of alerts is
// floor(rate (n + 1)) / (n + 1) but for 4 standard errors.
TEST(Calibration, AlertsNoMoreNormalsThanAskedForHoweverFewCalibrators) {
  constexpr int kDraws = 20'000;
  for (const std::size_t n : {std::size_t{9}, std::size_t{19}, std::size_t{50}}) {
    Stream stream(2, Purpose::kTest, n);
    int alerts = 0;
    for (int i = 0; i < kDraws; ++i) {
      std::vector<float> scores(n);
      for (float& score : scores) score = stream.normal();
      alerts += stream.normal() > of(std::move(scores)).threshold(0.1) ? 1 : 0;
    }
    const double expected = std::floor(0.1 * static_cast<double>(n + 1) + 1e-9) / static_cast<double>(n + 1);
    EXPECT_NEAR(alerts / static_cast<double>(kDraws), expected, 4 * std::sqrt(expected * (1 - expected) / kDraws)) << n;
  }
}

// Calibrators from one place, rows from another, where large values are twice as likely: with that ratio as the weight the rate holds,
// without it there are too many alerts.
TEST(Calibration, HoldsUnderAKnownShiftByWeights) {
  constexpr int kDraws = 4'000;
  Stream stream(3, Purpose::kTest, 0);
  const auto ratio = [](float x) { return 2 * x; };  // of the density 2x to the uniform one
  int weighted_alerts = 0, plain_alerts = 0;
  for (int i = 0; i < kDraws; ++i) {
    std::vector<float> scores(200), weights(200);
    for (std::size_t k = 0; k < scores.size(); ++k) {
      scores[k] = stream.uniform();
      weights[k] = ratio(scores[k]);
    }
    const float row = std::max(stream.uniform(), stream.uniform());  // has the density 2x
    weighted_alerts += of(scores, weights).p_value(row, ratio(row)) <= 0.1 ? 1 : 0;
    plain_alerts += of(scores).p_value(row) <= 0.1 ? 1 : 0;
  }
  EXPECT_LE(weighted_alerts, kDraws * 0.1 + 4 * std::sqrt(kDraws * 0.09));
  EXPECT_GE(weighted_alerts, kDraws * 0.07);
  EXPECT_GT(plain_alerts, kDraws * 0.15);
}

TEST(PValueBatch, TakesTheLargestPValueUnderTheLine) {
  // Of 5 p-values at 0.25 the line is 0.05, 0.1, 0.15, 0.2, 0.25: the third smallest is the last below it.
  PValueBatch batch;
  for (const double p : {0.9, 0.02, 0.15, 0.12, 0.5}) batch.add(p);
  ASSERT_TRUE(batch.cut(0.25));
  EXPECT_DOUBLE_EQ(*batch.cut(0.25), 0.15);
  EXPECT_FALSE(batch.cut(0.05));
  EXPECT_FALSE(PValueBatch().cut(0.1));
  EXPECT_THROW(batch.cut(0), ArgumentError);
}

// 30 anomalies far off and 300 normals, 2,000 times: false ones are at most a tenth of the alerts, on the mean.
TEST(PValueBatch, KeepsTheShareOfFalseAlerts) {
  Stream stream(4, Purpose::kTest, 0);
  double share = 0, found = 0;
  constexpr int kDraws = 2'000;
  for (int i = 0; i < kDraws; ++i) {
    std::vector<float> scores(400);
    for (float& score : scores) score = stream.normal();
    const Calibration calibration = of(std::move(scores));
    PValueBatch batch;
    std::vector<double> p;
    for (int k = 0; k < 330; ++k) p.push_back(calibration.p_value(stream.normal() + (k < 30 ? 4.0F : 0.0F)));
    for (const double value : p) batch.add(value);
    const auto cut = batch.cut(0.1);
    if (!cut) continue;
    int alerts = 0, wrong = 0;
    for (std::size_t k = 0; k < p.size(); ++k) {
      if (p[k] > *cut) continue;
      ++alerts;
      wrong += k >= 30 ? 1 : 0;
    }
    share += static_cast<double>(wrong) / alerts;
    found += alerts - wrong;
  }
  EXPECT_LE(share / kDraws, 0.1);
  EXPECT_GE(share / kDraws, 0.05);  // it makes use of what it may
  EXPECT_GE(found / kDraws, 15);
}

}  // namespace
}  // namespace oddshot
