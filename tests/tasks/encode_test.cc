// From cut rows to tasks of features, and the words about them.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/tasks/suite.h"
#include "temporary_folder.h"

namespace oddshot {
namespace {

// Rows: 0-3 training normals, 4-5 held-out normals, 6-7 training anomalies "a", 8-9 held-out anomalies "b", 10 on no side.
SuiteRows example() {
  SuiteRows rows;
  rows.manifest.name = "example";
  rows.manifest.title = "An example";
  rows.manifest.label = "label";
  rows.manifest.normal = {"ok"};
  rows.manifest.preprocessor.numeric = NumericTransform::kIdentity;
  Column label{"label", ColumnKind::kCategory, {}, {0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3}, {"ok", "a", "b", "c"}};
  Column x{"x", ColumnKind::kNumeric, {1, 2, 2, 3, 2, 5, 2, 9, 2, 2, 7}, {}, {}};
  Column same{"same", ColumnKind::kNumeric, {4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4}, {}, {}};
  Column colour{"colour", ColumnKind::kCategory, {}, {0, 1, 1, 0, 1, 2, 1, 0, 1, 1, 0}, {"red", "blue", "green"}};
  rows.table.columns = {label, x, same, colour};
  rows.feature_columns = {"x", "same", "colour"};
  rows.training_normals = {0, 1, 2, 3};
  rows.training = {{"a", {0, 1, 2, 3}, {6, 7}}};
  rows.held_out = {{"b", {4, 5}, {8, 9}}};
  rows.too_small = {{"c", {}, {10}}};
  rows.notes = {"a note"};
  return rows;
}

TEST(Encode, FitsOnTrainingNormalsAlone) {
  SuiteRows rows = example();
  const std::string before = fit_preprocessor(rows).to_json();
  for (std::size_t r = 4; r < 11; ++r) rows.table.columns[1].numbers[r] = 1e6F;
  EXPECT_EQ(fit_preprocessor(rows).to_json(), before);
  rows.table.columns[1].numbers[3] = 1e6F;
  EXPECT_NE(fit_preprocessor(rows).to_json(), before);
}

TEST(Encode, RowsAreThoseOfThePreprocessorInOnePool) {
  const SuiteRows rows = example();
  const Preprocessor preprocessor = fit_preprocessor(rows);
  const TaskSuite suite = encode(rows, preprocessor);
  ASSERT_EQ(suite.training.size(), 1U);
  ASSERT_EQ(suite.held_out.size(), 1U);
  EXPECT_EQ(suite.name, "example");
  EXPECT_EQ(suite.training[0].pool, suite.held_out[0].pool);
  EXPECT_EQ(suite.training[0].pool->rows.rows(), 10U);  // row 10 is on no side
  for (const bool held_out : {false, true}) {
    const Task& task = held_out ? suite.held_out[0] : suite.training[0];
    const TaskRows& from = held_out ? rows.held_out[0] : rows.training[0];
    EXPECT_EQ(task.name, from.name);
    const auto check = [&](const std::vector<std::uint32_t>& pool_rows, const std::vector<std::uint32_t>& table_rows) {
      const Matrix expected = preprocessor.transform(rows.table, table_rows);
      ASSERT_EQ(pool_rows.size(), table_rows.size());
      for (std::size_t i = 0; i < pool_rows.size(); ++i) {
        EXPECT_TRUE(std::ranges::equal(task.pool->rows.row(pool_rows[i]), expected.row(i)));
      }
    };
    check(task.normals, from.normals);
    check(task.anomalies, from.anomalies);
  }
}

TEST(Encode, IdentityIsEqualExactlyForEqualFeaturesAndClass) {
  const SuiteRows rows = example();
  const TaskSuite suite = encode(rows, fit_preprocessor(rows));
  const auto& identity = suite.training[0].pool->identity;
  const auto& normals = suite.training[0].normals;
  const auto& other_normals = suite.held_out[0].normals;
  const auto& anomalies = suite.training[0].anomalies;
  const auto& other_anomalies = suite.held_out[0].anomalies;
  EXPECT_EQ(identity[normals[1]], identity[normals[2]]);
  EXPECT_EQ(identity[normals[1]], identity[other_normals[0]]);
  EXPECT_EQ(identity[other_anomalies[0]], identity[other_anomalies[1]]);
  EXPECT_EQ(identity[anomalies[0]], identity[other_anomalies[0]]);
  EXPECT_NE(identity[normals[1]], identity[anomalies[0]]);  // equal features, other class
  const std::set<std::uint32_t> distinct(identity.begin(), identity.end());
  EXPECT_EQ(distinct.size(), 6U);  // normals 1, 2, 3, 5; anomalies 2, 9
}

TEST(Encode, ReportsWhatHeldOutRowsHoldThatTrainingNormalsDidNot) {
  const SuiteRows rows = example();
  const TaskSuite suite = encode(rows, fit_preprocessor(rows));
  ASSERT_EQ(suite.report.unseen_categories.size(), 1U);
  EXPECT_EQ(suite.report.unseen_categories[0].column, "colour");
  EXPECT_EQ(suite.report.unseen_categories[0].rows, 1U);
  EXPECT_TRUE(suite.report.extra_columns.empty());  // label and a dropped column are no surprise
}

TEST(Encode, WithoutTrainingNormalsThereIsNothingToFitOn) {
  SuiteRows rows = example();
  rows.training_normals.clear();
  EXPECT_NE(message_of<ArgumentError>([&] { fit_preprocessor(rows); }).find("example has no training normals"), std::string::npos);
}

TEST(Describe, TellsTasksCountsDroppedColumnsAndNotes) {
  const std::string text = describe(example());
  for (const std::string part :
       {"example: An example", "3 features (2 numeric, 1 category)", "dropped, constant in the training normals: same",
        "training tasks (1)", "held-out tasks (1)", "no task, fewer than 13 (1)", "a note"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_NE(text.find("  a                                         2          4\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  b                                         2          2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  c                                         1\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace oddshot
