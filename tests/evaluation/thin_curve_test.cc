#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/evaluation/metrics.h"

namespace oddshot {
namespace {

// Height of a polyline at x; points by rising x.
double height(const std::vector<CurvePoint>& curve, double x) {
  const auto right = std::lower_bound(curve.begin(), curve.end(), x, [](const CurvePoint& p, double v) { return p.x < v; });
  if (right == curve.begin()) return right->y;
  const auto left = right - 1;
  return left->y + (right->y - left->y) * (x - left->x) / (right->x - left->x);
}

TEST(ThinCurve, KeepsAShortCurveAsItIs) {
  const std::vector<CurvePoint> curve = {{0, 0}, {0.5, 0.9}, {1, 1}};
  EXPECT_EQ(thin_curve(curve, 3).size(), 3U);
  EXPECT_TRUE(thin_curve({}, 2).empty());
}

TEST(ThinCurve, KeepsBothEndsAndTheLimit) {
  std::vector<CurvePoint> curve;
  for (int i = 0; i <= 5000; ++i) curve.push_back({i / 5000.0, std::sqrt(i / 5000.0)});
  const std::vector<CurvePoint> thin = thin_curve(curve, 200);
  ASSERT_EQ(thin.size(), 200U);
  EXPECT_EQ(thin.front().x, 0);
  EXPECT_EQ(thin.back().x, 1);
  for (const CurvePoint& point : curve) EXPECT_NEAR(height(thin, point.x), point.y, 0.005);
}

TEST(ThinCurve, DropsPointsOnALineBeforeCorners) {
  std::vector<CurvePoint> curve = {{0, 0}};
  for (int i = 1; i <= 50; ++i) curve.push_back({0, i / 64.0});
  for (int i = 1; i <= 64; ++i) curve.push_back({i / 64.0, 50 / 64.0});
  const std::vector<CurvePoint> thin = thin_curve(curve, 3);
  ASSERT_EQ(thin.size(), 3U);
  EXPECT_EQ(thin[1].x, 0);
  EXPECT_EQ(thin[1].y, 50 / 64.0);
}

TEST(ThinCurve, RefusesFewerThanTwoPoints) { EXPECT_THROW(thin_curve({}, 1), ArgumentError); }

}  // namespace
}  // namespace oddshot
