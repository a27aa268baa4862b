#include "tasks/leakage.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/random.h"

namespace oddshot {
namespace {

// Tasks a and b of 100 anomalies each, rows 1000 to 1199, normals 0 to 999 of which the first half trains. Features: noise "x".
class Leakage : public testing::Test {
 protected:
  Leakage() {
    Stream stream(3, Purpose::kTest, 0);
    add("x", [&](std::uint32_t) { return stream.normal(); });
    rows_.training = {{"a", range(0, 500), range(1000, 1100)}};
    rows_.held_out = {{"b", range(500, 1000), range(1100, 1200)}};
    rows_.training_normals = range(0, 500);
  }
  static std::vector<std::uint32_t> range(std::uint32_t from, std::uint32_t to) {
    std::vector<std::uint32_t> rows;
    for (std::uint32_t r = from; r < to; ++r) rows.push_back(r);
    return rows;
  }
  template <class Value>
  void add(const std::string& name, Value value) {
    Column column;
    column.name = name;
    for (std::uint32_t r = 0; r < 1200; ++r) column.numbers.push_back(static_cast<float>(value(r)));
    rows_.table.columns.push_back(column);
    rows_.feature_columns.push_back(name);
  }
  void add_words(const std::string& name, const std::vector<std::string>& words, std::int32_t (*code)(std::uint32_t)) {
    Column column;
    column.name = name;
    column.kind = ColumnKind::kCategory;
    column.categories = words;
    for (std::uint32_t r = 0; r < 1200; ++r) column.codes.push_back(code(r));
    rows_.table.columns.push_back(column);
    rows_.feature_columns.push_back(name);
  }
  SuiteRows rows_;
};

TEST_F(Leakage, NoiseIsNoFinding) { EXPECT_EQ(find_leakage(rows_), std::vector<std::string>{}); }

TEST_F(Leakage, AColumnWhoseValuesSeparateIsNamedWithAValue) {
  Stream stream(4, Purpose::kTest, 0);
  add("late", [&](std::uint32_t r) { return stream.uniform() + (r < 1000 ? 0.0F : 2.0F); });
  const auto findings = find_leakage(rows_);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_TRUE(findings[0].starts_with("column \"late\" by itself tells the anomalies of 2 of 2 tasks from normals (those of a: from 2.0"))
      << findings[0];
}

TEST_F(Leakage, AColumnThatSeparatesDownwardsIsFoundToo) {
  Stream stream(4, Purpose::kTest, 0);
  add("early", [&](std::uint32_t r) { return stream.uniform() - (r < 1000 ? 0.0F : 2.0F); });
  ASSERT_EQ(find_leakage(rows_).size(), 1U);
  EXPECT_NE(find_leakage(rows_)[0].find("(those of a: up to -1.0"), std::string::npos) << find_leakage(rows_)[0];
}

TEST_F(Leakage, SeparationShortOfPerfectIsNoFinding) {
  Stream stream(4, Purpose::kTest, 0);
  add("shifted", [&](std::uint32_t r) { return stream.normal() + (r < 1000 ? 0.0F : 3.0F); });
  EXPECT_EQ(find_leakage(rows_), std::vector<std::string>{});
}

TEST_F(Leakage, ACodeOfTheAnswerIsFoundInWhateverOrderItsValuesStand) {
  add("answer", [](std::uint32_t r) { return r < 500 ? 1.0F : r < 1000 ? 3.0F : 2.0F; });
  const auto findings = find_leakage(rows_);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].find("(those of a: 2 in 100 of their 100 rows"), std::string::npos) << findings[0];
}

TEST_F(Leakage, AWordOfTheAnswerIsFound) {
  add_words("state", {"fine", "broken"}, [](std::uint32_t r) { return r < 1000 ? 0 : 1; });
  const auto findings = find_leakage(rows_);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].find("(those of a: \"broken\" in 100 of their 100 rows"), std::string::npos) << findings[0];
}

TEST_F(Leakage, WhereValuesAreMissingMayGiveTheAnswer) {
  Stream stream(4, Purpose::kTest, 0);
  add("repaired", [&](std::uint32_t r) { return r < 1000 ? std::numeric_limits<float>::quiet_NaN() : stream.normal(); });
  const auto findings = find_leakage(rows_);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].find("missing in none or hardly any of their rows"), std::string::npos) << findings[0];
}

TEST_F(Leakage, OneKindOfThreeIsNoFinding) {
  rows_.held_out.push_back({"c", range(500, 1000), range(1100, 1150)});
  add("only a", [](std::uint32_t r) { return r >= 1000 && r < 1100 ? 1.0F : 0.0F; });
  EXPECT_EQ(find_leakage(rows_), std::vector<std::string>{});
}

TEST_F(Leakage, EqualRowsOnBothSidesAreCounted) {
  auto& x = rows_.table.columns[0].numbers;
  std::copy_n(x.begin(), 7, x.begin() + 500);
  std::copy_n(x.begin() + 1000, 3, x.begin() + 1100);
  EXPECT_EQ(find_leakage(rows_), (std::vector<std::string>{"7 of 500 held-out normal rows equal a training one in every feature",
                                                           "3 of 100 held-out anomalies equal a training one in every feature"}));
}

TEST_F(Leakage, AnomaliesThatEqualNormalsAreCounted) {
  auto& x = rows_.table.columns[0].numbers;
  std::copy_n(x.begin() + 600, 10, x.begin() + 1100);
  EXPECT_EQ(find_leakage(rows_),
            (std::vector<std::string>{"b: 10 of 100 anomalies equal a normal row in every feature: nothing can tell them apart"}));
}

TEST_F(Leakage, TasksOfFewDistinctRowsAreFound) {
  auto& x = rows_.table.columns[0].numbers;
  for (std::size_t r = 1000; r < 1100; ++r) x[r] = 10 + static_cast<float>(r % 12);
  const auto findings = find_leakage(rows_);
  ASSERT_FALSE(findings.empty());
  EXPECT_TRUE(findings.back().starts_with("a: only 500 distinct normals and 12 distinct anomalies")) << findings.back();
}

}  // namespace
}  // namespace oddshot
