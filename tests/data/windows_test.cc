#include "oddshot/data/windows.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "error_text.h"
#include "oddshot/base/error.h"
#include "oddshot/base/random.h"
#include "oddshot/data/preprocessor.h"

namespace oddshot {
namespace {

constexpr float kGap = std::numeric_limits<float>::quiet_NaN();

Column numbers(std::string name, std::vector<float> values) {
  Column column;
  column.name = std::move(name);
  column.numbers = std::move(values);
  return column;
}

Column words(std::string name, const std::vector<std::string>& values) {
  Column column;
  column.name = std::move(name);
  column.kind = ColumnKind::kCategory;
  for (const auto& value : values) {
    if (value.empty()) {
      column.codes.push_back(Column::kMissingCode);
      continue;
    }
    const auto found = std::find(column.categories.begin(), column.categories.end(), value);
    column.codes.push_back(static_cast<std::int32_t>(found - column.categories.begin()));
    if (found == column.categories.end()) column.categories.push_back(value);
  }
  return column;
}

WindowOptions options_of() { return {.means = {3}, .deviations = {2}, .changes = {2}, .lags = {1}, .group = "run", .time = "t"}; }

// Two runs whose rows are not in order and stand between each other.
Table two_runs() {
  Table table;
  table.columns = {words("run", {"a", "b", "a", "a", "b", "a"}), numbers("t", {2, 1, 1, 3, 2, 4}), numbers("x", {10, 100, 4, 16, 300, 2})};
  return table;
}

const std::vector<std::string> kX = {"x"};

std::vector<float> values(const Matrix& rows) { return {rows.data(), rows.data() + rows.rows() * rows.cols()}; }

TEST(Windows, LookAtTheLastRowsOfARunInTheOrderOfTime) {
  const Table table = with_windows(two_runs(), kX, options_of());
  ASSERT_EQ(table.columns.size(), 7U);
  // Run a is 4, 10, 16, 2; run b 100, 300.
  EXPECT_EQ(table.column("x (mean of 3)").numbers, (std::vector<float>{7, 100, 4, 10, 200, 28.0F / 3}));
  EXPECT_EQ(table.column("x (deviation of 2)").numbers, (std::vector<float>{3, 0, 0, 3, 100, 7}));
  EXPECT_EQ(table.column("x (change over 2)").numbers, (std::vector<float>{6, 0, 0, 12, 200, -8}));
  EXPECT_EQ(table.column("x (1 before)").numbers, (std::vector<float>{4, 100, 4, 10, 100, 16}));
  EXPECT_EQ(table.column("x").numbers, two_runs().column("x").numbers);
}

TEST(Windows, DoNotDependOnLaterRowsOrOtherRuns) {
  const Table before = with_windows(two_runs(), kX, options_of());
  Table changed = two_runs();
  changed.columns[2].numbers[5] = 1e6F;  // the last of run a
  changed.columns[2].numbers[1] = -1e6F;
  changed.columns[2].numbers[4] = 7;
  const Table after = with_windows(changed, kX, options_of());
  for (std::size_t c = 3; c < before.columns.size(); ++c) {
    for (const std::size_t r : {0U, 2U, 3U}) EXPECT_EQ(before.columns[c].numbers[r], after.columns[c].numbers[r]) << r;
  }
}

TEST(Windows, DoNotDependOnTheOrderOfTheTable) {
  Stream stream(5, Purpose::kTest, 0);
  Table table;
  table.columns = {words("run", {}), numbers("t", {}), numbers("x", {})};
  table.columns[0].categories = {"a", "b", "c"};
  for (int r = 0; r < 200; ++r) {
    table.columns[0].codes.push_back(static_cast<std::int32_t>(stream.below(3)));
    table.columns[1].numbers.push_back(static_cast<float>(r));
    table.columns[2].numbers.push_back(stream.normal());
  }
  Table turned = table;
  for (auto& column : turned.columns) {
    std::reverse(column.numbers.begin(), column.numbers.end());
    std::reverse(column.codes.begin(), column.codes.end());
  }
  const Table one = with_windows(table, kX, options_of());
  Table other = with_windows(turned, kX, options_of());
  for (std::size_t c = 3; c < one.columns.size(); ++c) {
    std::reverse(other.columns[c].numbers.begin(), other.columns[c].numbers.end());
    EXPECT_EQ(one.columns[c].numbers, other.columns[c].numbers) << one.columns[c].name;
  }
}

TEST(Windows, LeaveGapsOutOfMeansAndAreGapsWhereNothingIsPresent) {
  Table table;
  table.columns = {words("run", {"a", "a", "a", ""}), numbers("t", {1, 2, 3, 4}), numbers("x", {kGap, 4, kGap, 8})};
  const Table wide = with_windows(table, kX, options_of());
  const auto& mean = wide.column("x (mean of 3)").numbers;
  EXPECT_TRUE(std::isnan(mean[0]));
  EXPECT_EQ(mean[1], 4);
  EXPECT_EQ(mean[2], 4);
  EXPECT_EQ(mean[3], 8);  // a row without a run is a run of its own
  EXPECT_TRUE(std::isnan(wide.column("x (change over 2)").numbers[1]));
  EXPECT_TRUE(std::isnan(wide.column("x (1 before)").numbers[1]));
}

TEST(Windows, OrderTextsAsTexts) {
  Table table = two_runs();
  table.columns[1] = words("t", {"2024-02", "2024-01", "2024-01", "2024-03", "2024-02", "2024-04"});
  EXPECT_EQ(with_windows(table, kX, options_of()).column("x (mean of 3)").numbers, (std::vector<float>{7, 100, 4, 10, 200, 28.0F / 3}));
}

TEST(Windows, StayFiniteNearTheLimitOfFloats) {
  Table table;
  table.columns = {words("run", {"a", "a"}), numbers("t", {1, 2}), numbers("x", {-3e38F, 3e38F})};
  const Table wide = with_windows(table, kX, options_of());
  for (std::size_t c = 3; c < wide.columns.size(); ++c) EXPECT_TRUE(std::isfinite(wide.columns[c].numbers[1])) << wide.columns[c].name;
}

TEST(Windows, RefuseWhatCannotBeNamingThePlace) {
  Table table = two_runs();
  table.columns[1].numbers[3] = kGap;
  EXPECT_EQ(error_text<FormatError>([&] { with_windows(table, kX, options_of()); }),
            "row 3, column \"t\": the row has no time, which windows need");
  table = two_runs();
  table.columns[2].name = "x (mean of 3)";
  table.columns.push_back(numbers("x", {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(error_text<FormatError>([&] { with_windows(table, kX, options_of()); }),
            "there is a column \"x (mean of 3)\" already, as a window would be called");
  table = two_runs();
  table.columns[0].name = "runs";
  EXPECT_EQ(error_text<FormatError>([&] { with_windows(table, kX, options_of()); }),
            "column \"run\" is missing, which windows need; did you mean \"runs\"?");
  table = two_runs();
  table.columns[2] = words("x", {"", "", "high", "", "", ""});
  EXPECT_EQ(error_text<FormatError>([&] { with_windows(table, kX, options_of()); }),
            "row 2, column \"x\": \"high\" is not a number, which windows need");
}

TEST(Windows, OptionsOutOfRangeAreRefused) {
  const auto complaint = [](auto change) {
    WindowOptions options = options_of();
    change(options);
    return error_text<ArgumentError>([&] { options.validate(); });
  };
  EXPECT_EQ(complaint([](WindowOptions& o) { o.means = {1}; }), "windows: means holds 1, which must be from 2 to 1000");
  EXPECT_EQ(complaint([](WindowOptions& o) { o.lags = {5, 1001}; }), "windows: lags holds 1001, which must be from 1 to 1000");
  EXPECT_EQ(complaint([](WindowOptions& o) { o.changes = {5, 4, 5}; }), "windows: changes holds 5 twice");
  EXPECT_EQ(complaint([](WindowOptions& o) {
              o.lags.resize(17);
              std::iota(o.lags.begin(), o.lags.end(), std::size_t{1});
            }),
            "windows: lags holds 17 numbers, 16 are the limit");
  EXPECT_EQ(complaint([](WindowOptions& o) { o.group.clear(); }), "windows need a column that tells the runs apart");
  EXPECT_EQ(complaint([](WindowOptions& o) { o.time.clear(); }), "windows need a column that orders the rows of a run");
  EXPECT_NO_THROW(WindowOptions{}.validate());
}

class WindowedPreprocessor : public testing::Test {
 protected:
  WindowedPreprocessor() {
    table_ = two_runs();
    table_.columns.push_back(words("mode", {"on", "off", "on", "on", "off", "off"}));
    options_.numeric = NumericTransform::kIdentity;
    options_.windows = options_of();
  }
  Preprocessor fitted() const { return Preprocessor::fit(table_, features_, rows_, {}, options_); }

  Table table_;
  PreprocessorOptions options_;
  const std::vector<std::string> features_ = {"x", "mode"};
  const std::vector<std::uint32_t> rows_ = {0, 1, 2, 3, 4, 5};
};

TEST_F(WindowedPreprocessor, MakesFeaturesOfTheWindowsLikeOfColumns) {
  const Preprocessor p = fitted();
  Table wide = with_windows(table_, kX, options_.windows);
  std::vector<std::string> features = features_;
  for (const auto& name : window_names("x", options_.windows)) features.push_back(name);
  PreprocessorOptions plain = options_;
  plain.windows = {};
  EXPECT_EQ(values(p.transform(table_, rows_)), values(Preprocessor::fit(wide, features, rows_, {}, plain).transform(wide, rows_)));
  EXPECT_EQ(p.feature_names().front(), "x");
  EXPECT_EQ(p.feature_names().back(), "x (1 before)");
  std::vector<FeatureKind> kinds(8, FeatureKind::kNumeric);
  std::fill_n(kinds.begin() + 1, 3, FeatureKind::kIndicator);  // mode
  EXPECT_EQ(p.feature_kinds(), kinds);
}

TEST_F(WindowedPreprocessor, AsksForTheColumnsOfTheTableAndNotForWindows) {
  const Preprocessor p = fitted();
  EXPECT_EQ(p.schema_columns(), (std::vector<std::string>{"x", "mode", "run", "t"}));
  EXPECT_EQ(p.numeric_columns(), (std::vector<std::string>{"x"}));
  EXPECT_EQ(p.category_columns(), (std::vector<std::string>{"mode", "run"}));
  EXPECT_EQ(p.feature_sources(), (std::vector<std::uint32_t>{0, 1, 1, 1, 0, 0, 0, 0}));
  TransformReport report;
  p.transform(table_, rows_, &report);
  EXPECT_TRUE(report.extra_columns.empty());
}

TEST_F(WindowedPreprocessor, ScoresARowBySomeOfItsRunAlike) {
  const Preprocessor p = fitted();
  const std::vector<std::uint32_t> one = {3};
  const Matrix alone = p.transform(table_, one);
  const Matrix all = p.transform(table_, rows_);
  for (std::size_t f = 0; f < p.width(); ++f) EXPECT_EQ(alone(0, f), all(3, f)) << f;
}

TEST_F(WindowedPreprocessor, TransformsToTheSameBitsAfterJson) {
  const Preprocessor p = fitted();
  const Preprocessor q = Preprocessor::from_json(p.to_json());
  EXPECT_EQ(values(q.transform(table_, rows_)), values(p.transform(table_, rows_)));
  EXPECT_EQ(q.to_json(), p.to_json());
  EXPECT_EQ(q.windows(), options_.windows);
  EXPECT_EQ(q.schema_columns(), p.schema_columns());
  EXPECT_EQ(q.feature_sources(), p.feature_sources());
}

TEST_F(WindowedPreprocessor, DamagedJsonIsRefused) {
  const std::string good = fitted().to_json();
  const auto damaged = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const auto complaint = [](const std::string& text) { return error_text<FormatError>([&] { Preprocessor::from_json(text); }); };
  EXPECT_EQ(complaint(damaged("\"means\":[3]", "\"means\":[1]")), "preprocessor: windows: means holds 1, which must be from 2 to 1000");
  EXPECT_EQ(complaint(damaged("\"means\":[3]", "\"means\":[-3]")), "preprocessor: \"windows\" \"means\" is not a list of whole numbers");
  EXPECT_EQ(complaint(damaged("\"lags\":[1],", "")), "preprocessor: \"windows\" lacks \"lags\"");
  EXPECT_EQ(complaint(damaged("\"time\":\"t\"", "\"time\":\"\"")), "preprocessor: windows need a column that orders the rows of a run");
  EXPECT_EQ(complaint(damaged("\"columns\":[\"x\"]", "\"columns\":[\"x\",\"x\"]")),
            "preprocessor: \"windows\" has in \"columns\" twice \"x\"");
}

TEST_F(WindowedPreprocessor, TableWithoutTheRunsIsRefused) {
  const Preprocessor p = fitted();
  table_.columns.erase(table_.columns.begin());
  EXPECT_EQ(error_text<FormatError>([&] { p.transform(table_, rows_); }), "column \"run\" is missing, which windows need");
}

}  // namespace
}  // namespace oddshot
