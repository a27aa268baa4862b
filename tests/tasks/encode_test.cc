// From cut rows to tasks of features, and the words about them.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
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
  const TaskSuite before = encode(rows);
  for (std::size_t r = 4; r < 11; ++r) rows.table.columns[1].numbers[r] = 1e6F;
  for (const std::size_t r : {4U, 5U, 8U, 9U, 10U}) rows.table.columns[2].numbers[r] = 5;
  const TaskSuite after = encode(rows);
  EXPECT_EQ(after.preprocessor.to_json(), before.preprocessor.to_json()) << "what only held-out rows show does not keep a column either";
  EXPECT_EQ(after.views.to_json(), before.views.to_json());
  EXPECT_EQ(after.views.tensors(), before.views.tensors());
  rows.table.columns[1].numbers[3] = 1e6F;
  EXPECT_NE(encode(rows).preprocessor.to_json(), before.preprocessor.to_json());
}

TEST(Encode, KeepsAColumnThatTrainingAnomaliesVary) {
  SuiteRows rows = example();
  EXPECT_EQ(encode(rows).preprocessor.dropped(), std::vector<std::string>{"same"});
  rows.table.columns[2].numbers[6] = 5;
  EXPECT_TRUE(encode(rows).preprocessor.dropped().empty());
}

// More rows a side than are encoded at a time, twice over; what is odd in them lies in the first and the last of the three parts.
TEST(Encode, ManyRowsAreThoseOfOneTransform) {
  constexpr std::size_t kMany = 2 * 4096 + 20;
  SuiteRows rows;
  rows.manifest.name = "many";
  rows.manifest.label = "label";
  rows.manifest.normal = {"ok"};
  Column label{"label", ColumnKind::kCategory, {}, {}, {"ok", "a", "b"}};
  Column x{"x", ColumnKind::kNumeric, {}, {}, {}};
  Column hue{"hue", ColumnKind::kCategory, {}, {}, {"red", "blue", "green"}};
  Column colour{"colour", ColumnKind::kCategory, {}, {}, {"red", "blue", "green"}};
  for (std::size_t side = 0; side < 2; ++side) {
    TaskRows task{side == 0 ? "a" : "b", {}, {}};
    for (std::size_t i = 0; i < kMany; ++i) {
      const auto row = static_cast<std::uint32_t>(side * kMany + i);
      (i % 1000 == 999 ? task.anomalies : task.normals).push_back(row);
      label.codes.push_back(i % 1000 == 999 ? static_cast<std::int32_t>(side) + 1 : 0);
      x.numbers.push_back(static_cast<float>((row * 37) % 101));
      colour.codes.push_back(side == 1 && (i == 5 || i == 8200) ? 2 : static_cast<std::int32_t>(i % 2));
      hue.codes.push_back(side == 1 && i == 8201 ? 2 : static_cast<std::int32_t>(i % 2));
    }
    if (side == 0) rows.training_normals = task.normals;
    (side == 0 ? rows.training : rows.held_out).push_back(std::move(task));
  }
  rows.table.columns = {label, x, hue, colour};
  rows.feature_columns = {"x", "hue", "colour"};
  const TaskSuite suite = encode(rows);
  for (const bool held_out : {false, true}) {
    const Task& task = held_out ? suite.held_out.at(0) : suite.training.at(0);
    const TaskRows& from = held_out ? rows.held_out[0] : rows.training[0];
    for (const auto& [pool_rows, table_rows] :
         {std::pair<std::vector<std::uint32_t>, std::vector<std::uint32_t>>(task.normals, from.normals),
          std::pair(task.anomalies, from.anomalies)}) {
      const Matrix expected = suite.views.transform(suite.preprocessor.transform(rows.table, table_rows));
      ASSERT_EQ(pool_rows.size(), table_rows.size());
      for (std::size_t i = 0; i < pool_rows.size(); ++i) {
        ASSERT_TRUE(std::ranges::equal(task.pool->rows.row(pool_rows[i]), expected.row(i))) << i;
      }
    }
  }
  ASSERT_EQ(suite.report.unseen_categories.size(), 2U);
  EXPECT_EQ(suite.report.unseen_categories[0].column, "hue") << "in the order of the columns, not of what was met first";
  EXPECT_EQ(suite.report.unseen_categories[0].rows, 1U);
  EXPECT_EQ(suite.report.unseen_categories[1].column, "colour");
  EXPECT_EQ(suite.report.unseen_categories[1].rows, 2U);
}

TEST(Encode, RowsAreThoseOfPreprocessorAndViewsInOnePool) {
  const SuiteRows rows = example();
  const TaskSuite suite = encode(rows);
  EXPECT_TRUE(std::ranges::equal(suite.training.at(0).pool->views, suite.views.spans()));
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
      const Matrix expected = suite.views.transform(suite.preprocessor.transform(rows.table, table_rows));
      ASSERT_EQ(pool_rows.size(), table_rows.size());
      for (std::size_t i = 0; i < pool_rows.size(); ++i) {
        EXPECT_TRUE(std::ranges::equal(task.pool->rows.row(pool_rows[i]), expected.row(i)));
      }
    };
    check(task.normals, from.normals);
    check(task.anomalies, from.anomalies);
  }
}

TEST(Encode, ByTheFittedPartsOfAModelGivesTheSameRows) {
  const SuiteRows rows = example();
  const TaskSuite fitted = encode(rows);
  const TaskSuite again = encode(rows, fitted.preprocessor, fitted.views, fitted.reference);
  const Matrix& a = fitted.training[0].pool->rows;
  const Matrix& b = again.training[0].pool->rows;
  EXPECT_TRUE(std::equal(a.data(), a.data() + a.rows() * a.cols(), b.data(), b.data() + b.rows() * b.cols()));
}

TEST(Encode, ReferenceIsOfTrainingNormals) {
  const SuiteRows rows = example();
  const TaskSuite suite = encode(rows);
  const Matrix normals = suite.views.transform(suite.preprocessor.transform(rows.table, rows.training_normals));
  ASSERT_EQ(suite.reference.rows(), 4U) << "all where there are few";
  EXPECT_TRUE(std::equal(normals.data(), normals.data() + normals.rows() * normals.cols(), suite.reference.data()));
}

TEST(Encode, IdentityIsEqualExactlyForEqualFeaturesAndClass) {
  const SuiteRows rows = example();
  const TaskSuite suite = encode(rows);
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
  const TaskSuite suite = encode(rows);
  ASSERT_EQ(suite.report.unseen_categories.size(), 1U);
  EXPECT_EQ(suite.report.unseen_categories[0].column, "colour");
  EXPECT_EQ(suite.report.unseen_categories[0].rows, 1U);
  EXPECT_TRUE(suite.report.extra_columns.empty());  // label and a dropped column are no surprise
}

TEST(Encode, WithoutTrainingTasksEachHeldOutTaskIsATableOfItsOwn) {
  SuiteRows rows = example();
  rows.training.clear();
  rows.held_out.push_back({"c", {0, 1, 4}, {10}});
  const TaskSuite suite = encode(rows);
  EXPECT_TRUE(suite.of_tables());
  EXPECT_TRUE(suite.training.empty());
  ASSERT_EQ(suite.held_out.size(), 2U);
  EXPECT_EQ(suite.held_out[0].name, "b");
  EXPECT_EQ(suite.held_out[0].normals.size(), 2U);
  EXPECT_EQ(suite.held_out[0].anomalies.size(), 2U);
  EXPECT_EQ(suite.held_out[1].anomalies.size(), 1U);
  EXPECT_NE(suite.held_out[0].pool, suite.held_out[1].pool);
}

TEST(Encode, WithoutTrainingNormalsThereIsNothingToFitOn) {
  SuiteRows rows = example();
  rows.training_normals.clear();
  EXPECT_NE(message_of<ArgumentError>([&] { fit_preprocessor(rows); }).find("example has no training normals"), std::string::npos);
}

TEST(Describe, TellsTasksCountsDroppedColumnsAndNotes) {
  const std::string text = describe(example());
  for (const std::string part :
       {"example: An example", "3 features (2 numeric, 1 category)", "dropped, constant in the training rows: same", "training tasks (1)",
        "held-out tasks (1)", "no task, fewer than 13 (1)", "a note"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_NE(text.find("  a                                         2          4\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  b                                         2          2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  c                                         1\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace oddshot
