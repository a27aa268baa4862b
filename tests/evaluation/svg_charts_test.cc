#include "evaluation/svg_charts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "evaluation/page_reader.h"
#include "oddshot/base/random.h"

namespace oddshot {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(SpreadLabels, LeavesLabelsThatAreFarApartAlone) {
  const std::vector<double> wanted = {80, 10, 40};
  EXPECT_EQ(spread_labels(wanted, 15, 0, 100), wanted);
}

TEST(SpreadLabels, MovesNeighboursApartByTheSameAmount) {
  EXPECT_EQ(spread_labels(std::vector<double>{50, 52}, 10, 0, 100), (std::vector<double>{46, 56}));
}

TEST(SpreadLabels, KeepsOrderGapAndBounds) {
  Stream stream(1, Purpose::kTest, 20);
  for (std::size_t n = 1; n <= 25; ++n) {
    std::vector<double> wanted(n);
    for (double& w : wanted) w = 400.0 * static_cast<double>(stream.uniform());
    const std::vector<double> places = spread_labels(wanted, 15, 10, 390);
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_GE(places[i], 10);
      EXPECT_LE(places[i], 390 + 1e-9);
      for (std::size_t j = 0; j < n; ++j) {
        if (wanted[i] < wanted[j]) {
          EXPECT_GE(places[j] - places[i], 15 - 1e-9);
        }
      }
    }
  }
}

TEST(SpreadLabels, DrawsCloserWhereThereIsNoRoom) {
  EXPECT_EQ(spread_labels(std::vector<double>{5, 5, 5}, 15, 0, 20), (std::vector<double>{0, 10, 20}));
  EXPECT_TRUE(spread_labels({}, 15, 0, 20).empty());
}

TEST(Simplify, KeepsCornersAndDropsWhatLiesOnALine) {
  const std::vector<CurvePoint> stairs = {{0, 0}, {0, 1}, {0, 2}, {1, 2}, {2, 2}};
  const std::vector<CurvePoint> kept = simplify(stairs, 0.1);
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[1].x, 0);
  EXPECT_EQ(kept[1].y, 2);
}

TEST(Simplify, StaysWithinTheTolerance) {
  Stream stream(2, Purpose::kTest, 21);
  std::vector<CurvePoint> walk = {{0, 0}};
  for (int i = 1; i < 500; ++i) walk.push_back({static_cast<double>(i), walk.back().y + static_cast<double>(stream.normal())});
  const std::vector<CurvePoint> kept = simplify(walk, 2.0);
  EXPECT_LT(kept.size(), walk.size() / 2);
  for (std::size_t k = 1; k < kept.size(); ++k) {
    const double slope = (kept[k].y - kept[k - 1].y) / (kept[k].x - kept[k - 1].x);
    for (const CurvePoint& p : walk) {
      if (p.x <= kept[k - 1].x || p.x >= kept[k].x) continue;
      const double across = std::abs(kept[k - 1].y + slope * (p.x - kept[k - 1].x) - p.y) / std::hypot(1, slope);
      EXPECT_LE(across, 2.0 + 1e-9);
    }
  }
}

TEST(Simplify, TakesAClosedOrRepeatedPoint) {
  EXPECT_EQ(simplify(std::vector<CurvePoint>{{1, 1}, {1, 1}, {1, 1}}, 0.1).size(), 2U);
  EXPECT_EQ(simplify(std::vector<CurvePoint>{{0, 0}, {5, 0}, {0, 0}}, 0.1).size(), 3U);
}

std::vector<std::string> labels_of(const std::vector<ChartTick>& ticks) {
  std::vector<std::string> out;
  for (const ChartTick& t : ticks) out.push_back(t.label);
  return out;
}

TEST(RoundTicks, StandAtRoundNumbers) {
  EXPECT_EQ(labels_of(round_ticks(0.2, 0.8, 8)), (std::vector<std::string>{"0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8"}));
  EXPECT_EQ(labels_of(round_ticks(0, 5, 5)), (std::vector<std::string>{"0", "1", "2", "3", "4", "5"}));
  EXPECT_EQ(labels_of(round_ticks(0, 1000, 5)), (std::vector<std::string>{"0", "200", "400", "600", "800", "1,000"}));
  EXPECT_EQ(labels_of(round_ticks(0, 1, 1)), (std::vector<std::string>{"0", "1"}));
}

Chart chart_of(std::vector<CurvePoint> points) {
  Chart chart;
  chart.id = "c";
  chart.title = "a < b";
  chart.lines.push_back({.label = "one & all", .style = "c0", .points = std::move(points), .bounds = {}, .markers = true});
  return chart;
}

TEST(LineChart, EscapesItsWords) {
  const Page page = read_page(line_chart(chart_of({{0, 0}, {1, 1}})));
  EXPECT_EQ(page.error, "");
  EXPECT_TRUE(page.says("a < b"));
  EXPECT_TRUE(page.says("one & all"));
}

TEST(LineChart, LeavesOutPointsThatAreNotFinite) {
  const Page page = read_page(line_chart(chart_of({{0, 0}, {0.5, kNan}, {1, 1}})));
  EXPECT_EQ(page.count("circle"), 2U);
  EXPECT_EQ(read_page(line_chart(chart_of({{0, kNan}}))).count("circle"), 0U);
}

TEST(LineChart, DrawsASinglePointAsADot) {
  Chart chart = chart_of({{0.5, 0.5}});
  chart.lines[0].markers = false;
  const Page page = read_page(line_chart(chart));
  EXPECT_EQ(page.count("circle"), 1U);
  EXPECT_EQ(page.count("polyline"), 0U);
}

TEST(LineChart, KeepsEverythingInsideItsFrame) {
  Chart chart = chart_of({{-3, -5}, {7, 9}});
  chart.y_ticks = {{0, "0"}, {1, "1"}};
  chart.lines[0].label = std::string(200, 'w');
  const Page page = read_page(line_chart(chart));
  for (const PageElement& e : page.elements) {
    for (const auto& [key, value] : e.attributes) {
      if (key != "x" && key != "cx" && key != "x1" && key != "x2") continue;
      EXPECT_GE(std::stod(value), 0);
      EXPECT_LE(std::stod(value), chart.width);
    }
  }
  EXPECT_FALSE(page.says(std::string(100, 'w')));  // cut to what there is room for
}

TEST(IntervalGlyph, PutsTheMeanInItsPlace) {
  const Page page = read_page(interval_glyph({0.5, 0.25, 0.75}, 0, 1, 2, "c0"));
  ASSERT_EQ(page.count("circle"), 1U);
  const auto dot = std::find_if(page.elements.begin(), page.elements.end(), [](const PageElement& e) { return e.name == "circle"; });
  EXPECT_EQ(dot->attributes.at("cx"), "55.0");  // of 110
  EXPECT_EQ(page.count("line"), 2U);            // the scale and the interval; no reference within it
  EXPECT_EQ(read_page(interval_glyph({kNan, 0, 1}, 0, 1, 0, "c0")).count("circle"), 0U);
}

}  // namespace
}  // namespace oddshot
