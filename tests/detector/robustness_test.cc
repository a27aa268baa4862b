// Mess and imbalance: the cases of docs/robustness.md, each as its row says.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "detector/rows_of_tables.h"
#include "oddshot/base/error.h"
#include "oddshot/base/random.h"
#include "oddshot/data/reader.h"
#include "oddshot/detector/detector.h"
#include "sample_table.h"

namespace oddshot {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

Column number(const std::string& name) {
  return {.name = name, .kind = ColumnKind::kNumeric, .numbers = {}, .codes = {}, .categories = {}};
}

// Normals, then anomalies: "x" far off in anomalies, "y" noise, "kind" a category.
Table rows(std::size_t normals, std::size_t anomalies, std::uint64_t seed = 1) {
  Column x = number("x"), y = number("y");
  Column kind{.name = "kind", .kind = ColumnKind::kCategory, .numbers = {}, .codes = {}, .categories = {"a", "b"}};
  Column label{.name = "label", .kind = ColumnKind::kCategory, .numbers = {}, .codes = {}, .categories = {"normal", "anomaly"}};
  Stream stream(seed, Purpose::kTest, 0);
  for (std::size_t r = 0; r < normals + anomalies; ++r) {
    x.numbers.push_back(stream.normal() + (r < normals ? 0.0F : 8.0F));
    y.numbers.push_back(stream.normal());
    kind.codes.push_back(static_cast<std::int32_t>(stream.below(2)));
    label.codes.push_back(r < normals ? 0 : 1);
  }
  return {.columns = {x, y, kind, label}, .sources = {}};
}

AdaptOptions options() {
  AdaptOptions given;
  given.label = "label";
  return given;
}

class Robust : public ::testing::Test {
 protected:
  Detector adapt(const Table& table, AdaptOptions given = options()) {
    // The file is a part of it: what cannot be kept was no success.
    return parse_detector(serialise(Detector::adapt(table_model(), table, given, pool_)), "d");
  }
  std::vector<float> scores(const Detector& detector, const Table& table) {
    std::vector<float> all = detector.score(table, pool_);
    for (const float score : all) EXPECT_TRUE(std::isfinite(score));
    return all;
  }
  void expect_scores(const Table& table) { scores(adapt(table), table); }
  template <class E>
  std::string complaint(const std::function<void()>& action) {
    try {
      action();
    } catch (const E& error) {
      return error.what();
    }
    return {};
  }
  std::string read_complaint(const std::string& csv) {
    const std::filesystem::path file = std::filesystem::temp_directory_path() / fmt::format("oddshot-robust-{}.csv", ::getpid());
    std::ofstream(file) << csv;
    ReadOptions read;
    read.numeric = {"x"};
    const std::string words = complaint<FormatError>([&] { read_table({file}, read); });
    std::filesystem::remove(file);
    return words.empty() ? words : words.substr(words.find(".csv") + 4);
  }

  ThreadPool pool_{1};
};

// Fewer than ten: few_normals_test.cc.
TEST_F(Robust, FewNormalsAreEnough) {
  for (const std::size_t normals : {std::size_t{1}, std::size_t{10}, std::size_t{11}, std::size_t{30}}) {
    for (const std::size_t anomalies : {std::size_t{0}, std::size_t{1}, std::size_t{5}}) expect_scores(rows(normals, anomalies));
  }
  EXPECT_NE(complaint<ArgumentError>([&] { adapt(rows(0, 5)); }).find("adapting needs at least 1"), std::string::npos);
}

TEST_F(Robust, ManyRowsAreThinnedAndHeldBack) {
  const Detector detector = adapt(rows(10'000, 1));
  EXPECT_EQ(detector.normals(), kLargestSupportClass);
  EXPECT_EQ(detector.calibration().size(), 2048U);
  const Detector anomalous = adapt(rows(40, 3'000));
  EXPECT_EQ(anomalous.anomalies(), kLargestSupportClass);
}

TEST_F(Robust, MissingValuesMayBeAnywhere) {
  Table table = rows(60, 5);
  Stream stream(2, Purpose::kTest, 0);
  for (Column& column : table.columns) {
    if (column.name == "label") continue;
    for (std::size_t r = 0; r < table.rows(); ++r) {
      if (stream.uniform() > 0.4F) continue;
      if (column.kind == ColumnKind::kNumeric)
        column.numbers[r] = kMissing;
      else
        column.codes[r] = Column::kMissingCode;
    }
  }
  expect_scores(table);
  // In rows to score alone: a column, and a whole row.
  const Detector detector = adapt(rows(60, 5));
  Table fresh = rows(5, 0, 3);
  std::ranges::fill(fresh.columns[0].numbers, kMissing);
  fresh.columns[1].numbers[0] = kMissing;
  fresh.columns[2].codes[0] = Column::kMissingCode;
  scores(detector, fresh);
  // A column that is missing altogether among the rows adapted to is left out.
  Table empty = rows(60, 5);
  std::ranges::fill(empty.columns[1].numbers, kMissing);
  EXPECT_EQ(adapt(empty).preprocessor().schema_columns(), (std::vector<std::string>{"x", "kind"}));
}

TEST_F(Robust, ACategoryThatAdaptingHasNotSeenIsNoError) {
  const Detector detector = adapt(rows(60, 5));
  Table fresh = rows(5, 0, 3);
  fresh.columns[2].categories = {"never", "seen"};
  scores(detector, fresh);
}

TEST_F(Robust, ConstantColumnsAreLeftOut) {
  Table table = rows(60, 5);
  std::ranges::fill(table.columns[1].numbers, 7.0F);
  EXPECT_EQ(adapt(table).preprocessor().schema_columns(), (std::vector<std::string>{"x", "kind"}));
  std::ranges::fill(table.columns[0].numbers, 7.0F);
  std::ranges::fill(table.columns[2].codes, 0);
  EXPECT_NE(complaint<ArgumentError>([&] { adapt(table); }), "");
}

TEST_F(Robust, AColumnThatIsConstantAmongNormalsAloneIsOfUse) {
  Table table = rows(60, 5);
  for (std::size_t r = 0; r < table.rows(); ++r) table.columns[1].numbers[r] = r < 60 ? 7.0F : 8.0F;
  const Detector detector = adapt(table);
  EXPECT_EQ(std::ranges::count(detector.preprocessor().schema_columns(), "y"), 1);
  scores(detector, table);
}

TEST_F(Robust, HugeAndTinyScalesAreOne) {
  for (const float scale : {1e-30F, 1e-6F, 1e6F, 1e30F}) {
    Table table = rows(60, 5);
    for (float& value : table.columns[0].numbers) value *= scale;
    expect_scores(table);
  }
  Table table = rows(60, 5);
  for (float& value : table.columns[0].numbers) value += 1e8F;  // of which a float keeps steps of 8
  expect_scores(table);
  table = rows(60, 5);
  table.columns[0].numbers[0] = std::numeric_limits<float>::max();
  table.columns[0].numbers[1] = std::numeric_limits<float>::lowest();
  expect_scores(table);
}

TEST_F(Robust, DuplicatedRowsAreRows) {
  // One normal row fifty times, another ten times, and one anomaly three times.
  const Table base = rows(2, 1);
  std::vector<std::uint32_t> some(50, 0);
  some.insert(some.end(), 10, 1);
  some.insert(some.end(), 3, 2);
  const std::vector<std::string> names = {"x", "y", "label"};
  const Table table = selected_rows(base, names, some);
  const std::vector<float> found = scores(adapt(table), table);
  EXPECT_EQ(found[0], found[49]);
  EXPECT_EQ(found[60], found[62]);
}

TEST_F(Robust, ARowMayBeCalledBoth) {
  Table table = rows(60, 5);
  for (std::size_t c = 0; c < 2; ++c) table.columns[c].numbers[60] = table.columns[c].numbers[0];
  table.columns[2].codes[60] = table.columns[2].codes[0];
  expect_scores(table);
}

TEST_F(Robust, ManyColumnsAreNoError) {
  Table table = rows(40, 3);
  Stream stream(5, Purpose::kTest, 0);
  for (int c = 0; c < 600; ++c) {
    Column more = number("more" + std::to_string(c));
    for (std::size_t r = 0; r < 43; ++r) more.numbers.push_back(stream.normal());
    table.columns.push_back(std::move(more));
  }
  AdaptOptions given = options();
  given.fall_back = false;
  given.calibration = CalibrationScheme::kNone;
  scores(adapt(table, given), table);
}

TEST_F(Robust, OneColumnIsEnough) {
  const std::vector<std::string> names = {"x", "label"};
  std::vector<std::uint32_t> all;
  for (std::uint32_t r = 0; r < 65; ++r) all.push_back(r);
  expect_scores(selected_rows(rows(60, 5), names, all));
}

TEST_F(Robust, TextAndInfinityWhereANumberBelongsAreErrorsByLine) {
  EXPECT_EQ(read_complaint("x,y\n1,2\nmany,3\n"), ":3, column \"x\": \"many\" is not a number");
  EXPECT_EQ(read_complaint("x,y\n1,2\n2,3\ninf,3\n"), ":4, column \"x\": \"inf\" is infinite or beyond the range of a float");
  EXPECT_EQ(read_complaint("x,y\n1,2\n1e39,3\n"), ":3, column \"x\": \"1e39\" is infinite or beyond the range of a float");
  EXPECT_EQ(read_complaint("x,y\n1,2\nNaN,3\n?,4\n,5\n"), "");  // missing
}

// Of 100 rows called normal a tenth are anomalies: with trimming, those to come lie higher among all scores than without.
TEST_F(Robust, AnomaliesAmongTheNormalsAreTrimmed) {
  Table table = rows(90, 10);
  std::ranges::fill(table.columns[3].codes, 0);
  AdaptOptions given = options();
  given.calibration = CalibrationScheme::kCrossFitted;
  const Detector plain = adapt(table, given);
  given.trim = 0.1;
  const Detector robust = adapt(table, given);
  EXPECT_EQ(robust.normals(), 90U);
  // How far x reaches among what is fitted to.
  const auto farthest = [](const Detector& detector) {
    float most = 0;
    for (std::size_t r = 0; r < detector.normals(); ++r) most = std::max(most, detector.support().rows(r, 0));
    return most;
  };
  const auto spread = [&](const Detector& detector) {  // of the new anomalies' x, in deviations of what was fitted to
    return detector.encode(rows(0, 5, 9))(0, 0);
  };
  EXPECT_GT(spread(robust), spread(plain)) << farthest(robust) << " " << farthest(plain);
}

}  // namespace
}  // namespace oddshot
