// Table space: leave-one-out as if the row had never been there, the same numbers whatever the order, units and company of rows, and finite
// ones for any table.
#include "oddshot/experts/table_space.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "experts/table/task.h"
#include "oddshot/base/error.h"
#include "oddshot/base/random.h"
#include "oddshot/experts/input_space.h"

namespace oddshot {
namespace {

// Numbers of measured, of counted and of heavy-tailed kind by turns; multiples of 1/256, so that units can change without rounding.
Matrix random_rows(std::size_t rows, std::size_t columns, float shift, std::uint64_t index) {
  Matrix m(rows, columns);
  Stream stream(6, Purpose::kTest, index);
  for (std::size_t r = 0; r < rows; ++r) {
    const float common = stream.normal();
    for (std::size_t c = 0; c < columns; ++c) {
      const float x = 0.6F * common + stream.normal() + (c % 2 == 0 ? shift : 0.0F);
      const float kind = c % 3 == 1 ? std::round(x) : c % 3 == 2 ? x * x * x : x;
      m(r, c) = std::round(256 * kind) / 256;
    }
  }
  return m;
}

struct LabelledSupport {
  Matrix rows;
  std::vector<std::uint8_t> labels;
  MatrixView normals() const { return rows.view().slice(0, normal_count()); }
  MatrixView anomalies() const { return rows.view().slice(normal_count(), labels.size() - normal_count()); }
  std::size_t normal_count() const { return static_cast<std::size_t>(std::ranges::count(labels, 0)); }
};

// Normals first, then anomalies.
LabelledSupport make_support(std::size_t normals, std::size_t anomalies, std::size_t columns) {
  LabelledSupport support{Matrix(normals + anomalies, columns), std::vector<std::uint8_t>(normals + anomalies, 0)};
  const Matrix n = random_rows(normals, columns, 0, 2);
  const Matrix a = random_rows(anomalies, columns, 2, 3);
  for (std::size_t r = 0; r < normals; ++r) std::ranges::copy(n.row(r), support.rows.row(r).begin());
  for (std::size_t r = 0; r < anomalies; ++r) {
    std::ranges::copy(a.row(r), support.rows.row(normals + r).begin());
    support.labels[normals + r] = 1;
  }
  return support;
}

TableScores fit(const LabelledSupport& support) { return TableSpace::fit(support.rows, support.labels); }

std::vector<std::uint32_t> all_but(std::size_t count, std::size_t without) {
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < count; ++i) {
    if (i != without) out.push_back(static_cast<std::uint32_t>(i));
  }
  return out;
}

void expect_near(MatrixView found, MatrixView expected, float tolerance, const char* what) {
  ASSERT_EQ(found.rows, expected.rows);
  ASSERT_EQ(found.cols, expected.cols);
  for (std::size_t r = 0; r < found.rows; ++r) {
    for (std::size_t c = 0; c < found.cols; ++c) {
      ASSERT_NEAR(found(r, c), expected(r, c), tolerance) << what << ": " << TableSpace::names()[c] << " of row " << r;
    }
  }
}

// A family on a task of given columns, and on the same task without one row: what the row scores.
struct Refit {
  const table::FamilyEntry& entry;
  float normals, anomalies;  // tolerances, of scores of the order of 1
};

// Scores that stand for those of the experts that come first: any will do.
void give_scores(table::Task& task, const Matrix& normals, const Matrix& anomalies) {
  task.normals.scores = normals;
  task.anomalies.scores = anomalies;
  table::place_scores(task);
}

Matrix family_scores(const table::FamilyEntry& entry, const table::Task& task, const table::Block& block) {
  Matrix out(block.rows, entry.names.size());
  entry.fit(task)->score(block, out, 0);
  return out;
}

void expect_left_out(const Refit& refit, bool anomaly) {
  const LabelledSupport support = make_support(40, 5, 4);
  const Matrix normals = copied(support.normals());
  const Matrix anomalies = copied(support.anomalies());
  const Matrix normal_scores = random_rows(40, 3, 0, 8);
  const Matrix anomaly_scores = random_rows(5, 3, 1, 9);
  const auto all = table::describe(table::Columns(normals), normals, anomalies);
  give_scores(*all, normal_scores, anomaly_scores);
  const Matrix left_out = family_scores(refit.entry, *all, anomaly ? all->anomalies : all->normals);
  for (std::size_t i = 0; i < left_out.rows(); ++i) {
    const Matrix fewer_normals = anomaly ? normals : gathered(normals.view(), all_but(40, i));
    const Matrix fewer_anomalies = anomaly ? gathered(anomalies.view(), all_but(5, i)) : anomalies;
    const auto rest = table::describe(table::Columns(normals), fewer_normals, fewer_anomalies);
    give_scores(*rest, anomaly ? normal_scores : gathered(normal_scores.view(), all_but(40, i)),
                anomaly ? gathered(anomaly_scores.view(), all_but(5, i)) : anomaly_scores);
    table::Block block;
    table::fill_block(*rest, (anomaly ? anomalies : normals).view().slice(i, 1), block);
    block.scores = copied((anomaly ? anomaly_scores : normal_scores).view().slice(i, 1));
    table::fill_score_distances(*rest, block);
    const Matrix expected = family_scores(refit.entry, *rest, block);
    for (std::size_t c = 0; c < expected.cols(); ++c) {
      const float magnitude = 1 + std::fabs(expected(0, c));
      EXPECT_NEAR(left_out(i, c), expected(0, c), (anomaly ? refit.anomalies : refit.normals) * magnitude)
          << refit.entry.names[c] << " of row " << i;
    }
  }
}

class LeftOut : public testing::TestWithParam<Refit> {};

// What is said to stay as it was with the row there is off by about the share that one row of 40 normals, of 5 anomalies has in it.
INSTANTIATE_TEST_SUITE_P(TableFamilies, LeftOut,
                         testing::Values(Refit{table::kNearest, 1e-4F, 1e-4F}, Refit{table::kDensity, 0.01F, 1e-4F},
                                         Refit{table::kConditional, 1e-4F, 1e-4F}, Refit{table::kSubspaceNear, 0.06F, 1e-4F},
                                         Refit{table::kScoreNear, 1e-4F, 1e-4F}, Refit{table::kContrast, 1e-4F, 1e-4F},
                                         Refit{table::kSubspaceContrast, 0.15F, 0.2F}, Refit{table::kWeighted, 0.06F, 1e-4F},
                                         Refit{table::kRidge, 0.06F, 0.25F}, Refit{table::kLikelihood, 1e-4F, 1e-4F}),
                         [](const auto& one) {
                           std::string name(one.param.entry.names.front());
                           std::erase_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
                           return name;
                         });

TEST_P(LeftOut, ANormalScoresAsIfTheSupportWereWithoutIt) { expect_left_out(GetParam(), false); }
TEST_P(LeftOut, AnAnomalyScoresAsIfTheSupportWereWithoutIt) { expect_left_out(GetParam(), true); }

// These count among the normals that the columns were fitted on, so those are fitted without the row.
TEST(TableSpace, CountsOfANormalAreThoseAmongTheOthers) {
  const Matrix normals = random_rows(30, 6, 0, 2);
  const auto all = table::describe(table::Columns(normals), normals, {});
  for (const table::FamilyEntry* entry : {&table::kTails, &table::kRarity}) {
    const Matrix left_out = family_scores(*entry, *all, all->normals);
    for (std::size_t i = 0; i < normals.rows(); ++i) {
      const Matrix others = gathered(normals.view(), all_but(30, i));
      const auto rest = table::describe(table::Columns(others), others, {});
      table::Block block;
      table::fill_block(*rest, normals.view().slice(i, 1), block);
      const Matrix expected = family_scores(*entry, *rest, block);
      for (std::size_t c = 0; c < expected.cols(); ++c) {
        if (entry->names[c] == "largest-z" || entry->names[c] == "mean-a") continue;  // of the columns alone
        // Rarity is that among one normal fewer than there are, whoever the row is.
        const float tolerance = entry == &table::kRarity ? 2.0F / 30 : 1e-5F;
        EXPECT_NEAR(left_out(i, c), expected(0, c), tolerance) << entry->names[c] << " of row " << i;
      }
    }
  }
}

// What the trees that did not draw a row say of it cannot depend on what they would have seen there.
TEST(TableSpace, TreesThatScoreASupportRowHaveNotSeenIt) {
  const LabelledSupport support = make_support(30, 6, 4);
  const Matrix normals = copied(support.normals());
  const Matrix anomalies = copied(support.anomalies());
  const table::Columns columns(normals);
  const auto task = table::describe(columns, normals, anomalies);
  give_scores(*task, random_rows(30, 3, 0, 8), random_rows(6, 3, 1, 9));
  const Matrix scores = family_scores(table::kTrees, *task, task->anomalies);
  for (std::uint32_t i = 0; i < 6; ++i) {
    Matrix changed = anomalies;
    std::ranges::fill(changed.row(i), -5.0F);
    const auto other = table::describe(columns, normals, changed);
    give_scores(*other, random_rows(30, 3, 0, 8), random_rows(6, 3, 1, 9));
    table::Block block;
    block.own_anomaly = std::span(&i, 1);
    table::fill_block(*other, anomalies.view().slice(i, 1), block);
    block.scores = copied(task->anomalies.scores.view().slice(i, 1));
    EXPECT_EQ(family_scores(table::kTrees, *other, block)(0, 0), scores(i, 0)) << "anomaly " << i;
    // A row of the query is scored by all trees, and those that drew the changed row differ.
    block.own_anomaly = {};
    EXPECT_NE(family_scores(table::kTrees, *other, block)(0, 0), family_scores(table::kTrees, *task, block)(0, 0)) << "anomaly " << i;
  }
}

// Anomalies that are rows like any other must score like the support's normals: else a support row's scores tell its label, and what learns
// from the support's scores learns that instead. Columns of measured numbers, and some of few values.
TEST(TableSpace, SupportRowsThatAreAlikeScoreAlike) {
  constexpr std::size_t kNormals = 120;
  constexpr std::size_t kAnomalies = 15;
  constexpr std::uint64_t kDraws = 60;
  std::vector<double> ranks(TableSpace::experts());  // mean share of the normals below an anomaly, half of those equal to it
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    Matrix rows = random_rows(kNormals + kAnomalies, 6, 0, 1000 + draw);
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      rows(r, 1) = std::round(2 * rows(r, 1));
      rows(r, 2) = rows(r, 2) > 1.5F ? 1 : 0;
    }
    std::vector<std::uint8_t> labels(kNormals, 0);
    labels.resize(rows.rows(), 1);
    const TableScores scores = TableSpace::fit(rows, labels);
    for (std::size_t e = 0; e < ranks.size(); ++e) {
      for (std::size_t a = kNormals; a < rows.rows(); ++a) {
        for (std::size_t i = 0; i < kNormals; ++i) {
          const float difference = scores.support()(a, e) - scores.support()(i, e);
          ranks[e] += difference > 0 ? 1 : difference == 0 ? 0.5 : 0;
        }
      }
    }
  }
  for (std::size_t e = 0; e < ranks.size(); ++e) {
    const double mean = ranks[e] / static_cast<double>(kDraws * kAnomalies * kNormals);
    EXPECT_LE(mean, 0.55) << TableSpace::names()[e];  // 0.5 within 0.01, at random
    // An expert that needs anomalies has one fewer for an anomaly, which makes it look the more normal.
    if (e < TableSpace::unlabelled()) {
      EXPECT_GE(mean, 0.45) << TableSpace::names()[e];
    }
  }
}

// A model that learned on the rarity of an earlier list keeps to it: a new row then is the rarer for being none of the support's n normals,
// a new value being log(n + 1) and not log(n).
TEST(TableSpace, OfAnEarlierListIsAsItWas) {
  const LabelledSupport support = make_support(40, 0, 4);
  const Matrix row = random_rows(1, 4, 0, 77);
  const auto names = TableSpace::names();
  const auto rarity = static_cast<std::size_t>(std::ranges::find(names, "rarity/mean") - names.begin());
  const auto level = [&](ScoreList list) { return TableSpace::fit(support.rows, support.labels, list).score(row)(0, rarity); };
  EXPECT_GT(level(ScoreList::kTrees), level(ScoreList::kAlike));
}

TEST(TableSpace, IsAsWideForEveryTable) {
  EXPECT_EQ(TableSpace::names().size(), TableSpace::width());
  EXPECT_EQ(std::set<std::string>(TableSpace::names().begin(), TableSpace::names().end()).size(), TableSpace::width());
  for (const std::size_t columns : {1U, 2U, 7U, 300U}) {
    const TableScores scores = fit(make_support(20, 3, columns));
    EXPECT_EQ(scores.support().cols(), TableSpace::width());
    EXPECT_EQ(scores.score(random_rows(5, columns, 0, 4)).cols(), TableSpace::width());
  }
}

TEST(TableSpace, OrderOfTheSupportDoesNotMatter) {
  const LabelledSupport support = make_support(30, 4, 5);
  std::vector<std::uint32_t> order(34);
  std::iota(order.begin(), order.end(), 0U);
  Stream(7, Purpose::kTest, 0).shuffle(std::span(order));
  LabelledSupport mixed{gathered(support.rows.view(), order), {}};
  for (const std::uint32_t i : order) mixed.labels.push_back(support.labels[i]);
  const TableScores one = fit(support);
  const TableScores two = fit(mixed);
  expect_near(two.support(), gathered(one.support().view(), order), 2e-3F, "support");
  const Matrix query = random_rows(20, 5, 1, 4);
  expect_near(two.score(query), one.score(query), 2e-3F, "query");
}

TEST(TableSpace, ARowDoesNotDependOnThoseBesideIt) {
  const TableScores scores = fit(make_support(30, 3, 5));
  const Matrix query = random_rows(150, 5, 1, 4);
  const Matrix all = scores.score(query);
  for (std::size_t r = 0; r < query.rows(); r += 7) {
    const Matrix alone = scores.score(query.view().slice(r, 1));
    EXPECT_TRUE(std::ranges::equal(alone.row(0), all.row(r))) << "row " << r;
  }
}

TEST(TableSpace, OriginAndUnitOfAColumnDoNotMatter) {
  LabelledSupport support = make_support(30, 3, 5);
  Matrix query = random_rows(20, 5, 1, 4);
  const Matrix before = fit(support).score(query);
  for (Matrix* rows : {&support.rows, &query}) {
    for (std::size_t r = 0; r < rows->rows(); ++r) {
      (*rows)(r, 0) = 8 * (*rows)(r, 0) + 3;
      (*rows)(r, 2) = 0.25F * (*rows)(r, 2) - 1;
    }
  }
  expect_near(fit(support).score(query), before, 2e-3F, "query");
}

TEST(TableSpace, NormalsLieAroundZeroAndAnomaliesLikeTheKnownOnesAbove) {
  const LabelledSupport support = make_support(200, 10, 8);
  const TableScores scores = fit(support);
  const Matrix anomalies = scores.score(random_rows(200, 8, 3, 5));
  for (std::size_t e = 0; e < TableSpace::experts(); ++e) {
    std::vector<float> levels;
    for (std::size_t i = 0; i < 200; ++i) levels.push_back(scores.support()(i, e));
    std::ranges::nth_element(levels, levels.begin() + 100);
    EXPECT_NEAR(levels[100], 0, 0.02) << TableSpace::names()[e];
  }
  float mean = 0;
  for (std::size_t r = 0; r < 200; ++r) {
    for (std::size_t e = 0; e < TableSpace::experts(); ++e) mean += anomalies(r, e) / static_cast<float>(200 * TableSpace::experts());
  }
  EXPECT_GT(mean, 0.5F);
}

TEST(TableSpace, WhatNeedsAnAnomalyIsZeroWithoutOne) {
  const std::size_t experts = TableSpace::experts();
  const Matrix none = fit(make_support(20, 0, 4)).score(random_rows(10, 4, 1, 4));
  const Matrix one = fit(make_support(20, 1, 4)).score(random_rows(10, 4, 1, 4));
  const TableScores only = fit(make_support(20, 1, 4));
  for (std::size_t e = TableSpace::unlabelled(); e < experts; ++e) {
    for (std::size_t r = 0; r < 10; ++r) {
      EXPECT_EQ(none(r, e), 0) << TableSpace::names()[e];
      EXPECT_EQ(none(r, experts + e), 0) << TableSpace::names()[e];
    }
    EXPECT_EQ(only.support()(20, e), 0) << TableSpace::names()[e] << " of the only anomaly about itself";
    EXPECT_NE(one(0, e), 0) << TableSpace::names()[e];
  }
  // And the others are as they were.
  for (std::size_t e = 0; e < TableSpace::unlabelled(); ++e) EXPECT_EQ(none(3, e), one(3, e)) << TableSpace::names()[e];
}

TEST(TableSpace, IsFiniteForAnyTable) {
  constexpr float kHuge = std::numeric_limits<float>::max();
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  std::vector<std::pair<const char*, LabelledSupport>> tables;
  tables.emplace_back("two normals", make_support(2, 0, 3));
  tables.emplace_back("two normals and an anomaly", make_support(2, 1, 3));
  tables.emplace_back("more anomalies than normals", make_support(3, 40, 3));
  tables.emplace_back("one column", make_support(20, 2, 1));
  tables.emplace_back("more columns than rows", make_support(10, 2, 60));
  tables.emplace_back("more columns than are looked at", make_support(10, 2, 400));
  const auto altered = [&](const char* name, auto value) {
    LabelledSupport& support = tables.emplace_back(name, make_support(20, 3, 4)).second;
    for (std::size_t r = 0; r < support.rows.rows(); ++r) {
      for (std::size_t c = 0; c < support.rows.cols(); ++c) support.rows(r, c) = value(r, c, support.rows(r, c));
    }
  };
  altered("nothing but zeros", [](auto, auto, float) { return 0.0F; });
  altered("two constant columns", [](auto, std::size_t c, float x) { return c < 2 ? 7.0F : x; });
  altered("constant normals", [](std::size_t r, auto, float x) { return r < 20 ? 1.0F : x; });
  altered("duplicates", [](std::size_t r, auto, float) { return r % 2 == 0 ? 1.0F : 2.0F; });
  altered("the largest numbers", [](std::size_t r, auto, float) { return r % 2 == 0 ? kHuge : -kHuge; });
  altered("the smallest numbers", [](std::size_t r, auto, float) { return static_cast<float>(r) * kTiny; });
  altered("both", [](std::size_t r, auto, float) { return r == 5 ? kHuge : static_cast<float>(r) * kTiny; });
  for (const auto& [name, support] : tables) {
    const TableScores scores = fit(support);
    Matrix query = random_rows(9, support.rows.cols(), 0, 4);
    std::ranges::fill(query.row(1), kHuge);
    std::ranges::fill(query.row(2), -kHuge);
    std::ranges::fill(query.row(3), kTiny);
    std::ranges::fill(query.row(4), 0.0F);
    for (const Matrix& rows : {copied(scores.support().view()), scores.score(query)}) {
      for (std::size_t r = 0; r < rows.rows(); ++r) {
        for (std::size_t c = 0; c < rows.cols(); ++c) {
          ASSERT_TRUE(std::isfinite(rows(r, c))) << name << ": " << TableSpace::names()[c] << " of row " << r;
          ASSERT_LT(std::fabs(rows(r, c)), 20) << name << ": " << TableSpace::names()[c] << " of row " << r;
        }
      }
    }
  }
}

TEST(TableSpace, OfManyNormalsTheSameServeInAnyOrder) {
  const LabelledSupport support = make_support(700, 2, 3);
  LabelledSupport turned = support;
  for (std::size_t i = 0; i < 700; ++i) std::ranges::copy(support.rows.row(699 - i), turned.rows.row(i).begin());
  const Matrix query = random_rows(20, 3, 1, 4);
  const TableScores one = fit(support);
  const TableScores two = fit(turned);
  expect_near(two.score(query), one.score(query), 2e-3F, "query");
  for (std::size_t i = 0; i < 700; i += 50) {
    expect_near(two.support().view().slice(699 - i, 1), one.support().view().slice(i, 1), 2e-3F, "support");
  }
}

TEST(TableSpace, RefusesWhatItCannotFit) {
  LabelledSupport support = make_support(5, 2, 3);
  EXPECT_THROW(TableSpace::fit(support.rows, std::span(support.labels).first(6)), ShapeError);
  EXPECT_THROW(TableSpace::fit(Matrix(7, 0), support.labels), ShapeError);
  EXPECT_THROW(fit(make_support(1, 2, 3)), ArgumentError);
  const TableScores scores = fit(support);
  EXPECT_THROW(scores.score(Matrix(2, 4)), ShapeError);
  Matrix query(2, 3);
  query(1, 2) = std::numeric_limits<float>::infinity();
  EXPECT_THROW(scores.score(query), ArgumentError);
  support.rows(3, 1) = std::numeric_limits<float>::quiet_NaN();
  try {
    fit(support);
    FAIL() << "a NaN passed";
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("row 3, column 1"), std::string::npos) << error.what();
  }
}

TEST(InputSpace, TableNeedsNeitherViewsNorReferenceAndTakesTasksOfAnyWidth) {
  const InputSpace space(Space::kTable, {}, {});
  EXPECT_EQ(space.width(), TableSpace::width());
  for (const std::size_t columns : {3U, 8U}) {
    const LabelledSupport support = make_support(12, 2, columns);
    const Matrix query = random_rows(6, columns, 1, 4);
    const Episode seen = space.map({"a", support.rows, support.labels, query, std::vector<std::uint8_t>(6, 1)});
    const TableScores scores = fit(support);
    expect_near(seen.support_rows, scores.support(), 0, "support");
    expect_near(seen.query_rows, scores.score(query), 0, "query");
  }
}

TEST(InputSpace, TableTakesThePlainViewOfJoinedRows) {
  const std::vector<ViewSpan> views = {{"plain", 0, 4}, {"whitened", 4, 3}};
  const InputSpace space(Space::kTable, views, {});
  const LabelledSupport support = make_support(12, 2, 7);
  const Matrix query = random_rows(6, 7, 1, 4);
  const TaskInput task = space.fit({support.rows, support.labels});
  const TableScores scores = TableSpace::fit(support.rows.view().columns(0, 4), support.labels);
  expect_near(task.support(), scores.support(), 0, "support");
  expect_near(task.rows(query), scores.score(query.view().columns(0, 4)), 0, "query");
}

}  // namespace
}  // namespace oddshot
