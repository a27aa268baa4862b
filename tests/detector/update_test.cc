// Labels that come later, are corrected or withdrawn: what comes out is the detector of the rows that are left.
#include <algorithm>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "detector/rows_of_tables.h"
#include "oddshot/base/error.h"
#include "oddshot/detector/detector.h"
#include "sample_table.h"

namespace oddshot {
namespace {

AdaptOptions options() {
  AdaptOptions given;
  given.label = "label";
  given.ignored = {"id", "row"};
  return given;
}

// Rows [first, last) of the sample that have a label.
Table part(std::uint32_t first, std::uint32_t last) {
  const Table all = sample_table();
  std::vector<std::string> names;
  for (const Column& column : all.columns) names.push_back(column.name);
  std::vector<std::uint32_t> rows;
  for (std::uint32_t r = first; r < last; ++r) {
    if (all.columns.back().codes[r] != Column::kMissingCode) rows.push_back(r);
  }
  return selected_rows(all, names, rows);
}

class Update : public ::testing::Test {
 protected:
  Detector adapted(const Table& table) { return Detector::adapt(table_model(), table, options(), pool_); }
  void expect_same(const Detector& a, const Detector& b) {
    EXPECT_EQ(a.score(sample_table(), pool_), b.score(sample_table(), pool_));
    EXPECT_EQ(a.calibration().scores(), b.calibration().scores());
    EXPECT_EQ(a.preprocessor().to_json(), b.preprocessor().to_json());
  }
  template <class E, class F>
  static std::string complaint(const F& action) {
    try {
      action();
    } catch (const E& error) {
      return error.what();
    }
    return {};
  }

  ThreadPool pool_{1};
};

TEST_F(Update, IsTheDetectorOfAllRowsAtOnce) {
  const Detector updated = adapted(part(0, 50)).updated(part(50, 80), pool_, "later");
  expect_same(updated, adapted(part(0, 80)));
  ASSERT_EQ(updated.history().size(), 2U);
  EXPECT_EQ(updated.history()[0].what, "adapted");
  EXPECT_EQ(updated.history()[1],
            (DetectorEvent{.when = "later", .what = "updated", .added = 26, .removed = 0, .normals = 60, .anomalies = 10}));
}

TEST_F(Update, SurvivesTheFile) {
  const Detector again = parse_detector(serialise(adapted(part(0, 50))), "d");
  const Detector updated = again.updated(part(50, 80), pool_);
  expect_same(updated, adapted(part(0, 80)));
  EXPECT_EQ(parse_detector(serialise(updated), "d").history(), updated.history());
}

TEST_F(Update, WithdrawnLabelsTrulyGo) {
  const Detector without = adapted(part(0, 80)).without(part(50, 80), pool_);
  EXPECT_EQ(without.normals() + without.anomalies(), 44U);
  expect_same(without, adapted(part(0, 50)));
  const std::vector<std::uint8_t> bytes = serialise(without);
  const Table gone = part(50, 80);
  const float amount = gone.column("amount").numbers[5];
  const auto* value = reinterpret_cast<const std::uint8_t*>(&amount);
  EXPECT_EQ(std::ranges::search(bytes, std::span(value, sizeof(float))).size(), 0U);
}

TEST_F(Update, ALabelIsCorrected) {
  Table correction = part(7, 8);  // an anomaly
  ASSERT_EQ(correction.column("label").categories.front(), "anomaly");
  correction.columns.back().categories.front() = "normal";
  const Detector updated = adapted(sample_table()).updated(correction, pool_);
  EXPECT_EQ(updated.normals(), 61U);
  EXPECT_EQ(updated.anomalies(), 9U);
  EXPECT_EQ(updated.history().back().removed, 1U);
}

TEST_F(Update, ALabelThatBecomesUnknownIsWithdrawn) {
  Table correction = part(7, 8);
  correction.columns.back().codes.front() = Column::kMissingCode;
  const Detector updated = adapted(sample_table()).updated(correction, pool_);
  EXPECT_EQ(updated.normals(), 60U);
  EXPECT_EQ(updated.anomalies(), 9U);
}

TEST_F(Update, RefusesRowsThatItDoesNotKnow) {
  Table rows = part(0, 1);
  rows.columns.front().numbers.front() += 1;
  EXPECT_EQ(complaint<FormatError>([&] { adapted(sample_table()).without(rows, pool_); }),
            "row 0: the detector knows no such row with the label \"normal\"");
  rows = part(0, 1);
  std::erase_if(rows.columns, [](const Column& column) { return column.name == "speed"; });
  EXPECT_EQ(complaint<FormatError>([&] { adapted(sample_table()).updated(rows, pool_); }), "column \"speed\" is missing");
  rows = part(0, 1);
  rows.columns.back().categories.front() = "odd";
  EXPECT_NE(complaint<FormatError>([&] { adapted(sample_table()).updated(rows, pool_); }).find("row 0, column \"label\": \"odd\""),
            std::string::npos);
}

TEST_F(Update, CannotBeWhereRowsWereForgotten) {
  AdaptOptions forgets = options();
  forgets.keep_rows = false;
  const Detector detector = Detector::adapt(table_model(), sample_table(), forgets, pool_);
  EXPECT_TRUE(detector.rows().table.columns.empty());
  EXPECT_NE(complaint<ArgumentError>([&] { detector.updated(sample_table(), pool_); }).find("has not kept the rows"), std::string::npos);
  // The file holds no value as it was given.
  const Table table = sample_table();
  const std::vector<std::uint8_t> bytes = serialise(detector);
  const float amount = table.column("amount").numbers[5];
  const auto* value = reinterpret_cast<const std::uint8_t*>(&amount);
  EXPECT_EQ(std::ranges::search(bytes, std::span(value, sizeof(float))).size(), 0U);
}

// Far-off rows called normal: trimmed ones are not fitted to, and true normals still get the alerts asked for at most.
TEST_F(Update, TrimmingLeavesTheLeastNormalRowsOut) {
  Table table = sample_table();
  for (std::size_t r = 0; r < table.rows(); ++r) {
    if (table.columns.back().codes[r] == 1) table.columns.back().codes[r] = 0;  // the anomalies pass for normal
  }
  AdaptOptions given = options();
  given.trim = 0.2;
  const Detector detector = Detector::adapt(table_model("score-net"), table, given, pool_);
  EXPECT_EQ(detector.normals(), 56U);
  EXPECT_EQ(detector.calibration().size(), 70U);
  EXPECT_EQ(detector.rows().held_back.rows(), 14U);
  expect_same(parse_detector(serialise(detector), "d"), detector);
}

}  // namespace
}  // namespace oddshot
