// Score space: leave-one-out as if the row had never been there, standardised by the support's normals, neutral where nothing is known.
#include "oddshot/experts/score_space.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/base/random.h"
#include "oddshot/experts/input_space.h"

namespace oddshot {
namespace {

const std::vector<ViewSpan> kViews = {{"plain", 0, 4}, {"whitened", 4, 3}};
constexpr std::size_t kColumns = 7;

Matrix random_rows(std::size_t rows, float shift, std::uint64_t index) {
  Matrix m(rows, kColumns);
  Stream stream(5, Purpose::kTest, index);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < kColumns; ++c) m(r, c) = stream.normal() + (c % 2 == 0 ? shift : 0.0F);
  }
  return m;
}

ScoreSpace make_space() { return {kViews, random_rows(40, 0, 1)}; }

struct LabelledSupport {
  Matrix rows;
  std::vector<std::uint8_t> labels;
};

// Normals first, then anomalies.
LabelledSupport make_support(std::size_t normals, std::size_t anomalies) {
  LabelledSupport support{Matrix(normals + anomalies, kColumns), std::vector<std::uint8_t>(normals + anomalies, 0)};
  const Matrix n = random_rows(normals, 0, 2);
  const Matrix a = random_rows(anomalies, 2, 3);
  for (std::size_t r = 0; r < normals; ++r) std::ranges::copy(n.row(r), support.rows.row(r).begin());
  for (std::size_t r = 0; r < anomalies; ++r) {
    std::ranges::copy(a.row(r), support.rows.row(normals + r).begin());
    support.labels[normals + r] = 1;
  }
  return support;
}

LabelledSupport reordered(const LabelledSupport& support, const std::vector<std::size_t>& order) {
  LabelledSupport out{Matrix(order.size(), kColumns), std::vector<std::uint8_t>(order.size())};
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::ranges::copy(support.rows.row(order[i]), out.rows.row(i).begin());
    out.labels[i] = support.labels[order[i]];
  }
  return out;
}

// The score before it was standardised and squashed.
double raw(const TaskScores& scores, float value, std::size_t column) {
  return std::copysign(std::expm1(std::fabs(value)), value) / scores.scale()[column] + scores.middle()[column];
}

bool is_family(const std::string& name, std::string_view family) { return name.substr(name.find('/') + 1) == family; }

TEST(ScoreSpace, LeaveOneOutIsTheScoreOfTheSupportWithoutTheRow) {
  const ScoreSpace space = make_space();
  const LabelledSupport support = make_support(12, 4);
  const TaskScores all = space.fit(support.rows, support.labels);
  for (std::size_t i = 0; i < support.labels.size(); ++i) {
    std::vector<std::size_t> others(support.labels.size());
    std::iota(others.begin(), others.end(), std::size_t{0});
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    const LabelledSupport rest = reordered(support, others);
    const TaskScores without = space.fit(rest.rows, rest.labels);
    const Matrix score = without.score(support.rows.view().slice(i, 1));
    for (std::size_t c = 0; c < space.width(); ++c) {
      const std::string& name = space.names()[c];
      // These two keep what was found with the row there: the spread of other normals, the classes' weights.
      double tolerance = is_family(name, "local-ratio") || is_family(name, "ridge") ? 0.12 : 2e-3;
      // A fiftieth of a share, of other trees: those that did not draw the row, where all are grown without it.
      if (is_family(name, "trees")) tolerance = 0.35 * 0.02;
      const double expected = raw(without, score(0, c), c);
      EXPECT_NEAR(raw(all, all.support()(i, c), c), expected, tolerance * (1 + std::fabs(expected))) << name << " of row " << i;
    }
  }
}

TEST(ScoreSpace, NormalsHaveMeanZeroAndDeviationOneBeforeSquashing) {
  const ScoreSpace space = make_space();
  const LabelledSupport support = make_support(30, 5);
  const TaskScores scores = space.fit(support.rows, support.labels);
  for (std::size_t c = 0; c < space.width(); ++c) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < 30; ++i) {
      const float u = scores.support()(i, c);
      const double t = std::copysign(std::expm1(std::fabs(u)), u);
      sum += t;
      squares += t * t;
    }
    EXPECT_NEAR(sum / 30, 0, 1e-4) << space.names()[c];
    EXPECT_NEAR(squares / 30, 1, 1e-3) << space.names()[c];
  }
}

TEST(ScoreSpace, AnomaliesLikeTheKnownOnesScoreAboveNormals) {
  const ScoreSpace space = make_space();
  const LabelledSupport support = make_support(40, 5);
  const TaskScores scores = space.fit(support.rows, support.labels);
  const Matrix normals = scores.score(random_rows(200, 0, 11));
  const Matrix anomalies = scores.score(random_rows(200, 2, 12));
  for (std::size_t c = 0; c < space.width(); ++c) {
    double gap = 0;
    for (std::size_t r = 0; r < 200; ++r) gap += static_cast<double>(anomalies(r, c) - normals(r, c)) / 200;
    EXPECT_GT(gap, 0.05) << space.names()[c];
  }
}

TEST(ScoreSpace, WithoutAnomaliesTheirScoresAreZeroAndTheOthersAreAsBefore) {
  const ScoreSpace space = make_space();
  const LabelledSupport five = make_support(20, 5);
  const LabelledSupport none = make_support(20, 0);
  const Matrix rows = random_rows(9, 1, 4);
  const Matrix with = space.fit(five.rows, five.labels).score(rows);
  const Matrix without = space.fit(none.rows, none.labels).score(rows);
  std::set<std::string> silent;
  for (std::size_t c = 0; c < space.width(); ++c) {
    if (without(0, c) == 0) {
      silent.insert(space.names()[c].substr(space.names()[c].find('/') + 1));
      for (std::size_t r = 0; r < 9; ++r) EXPECT_EQ(without(r, c), 0);
    } else {
      for (std::size_t r = 0; r < 9; ++r) EXPECT_EQ(with(r, c), without(r, c)) << space.names()[c];
    }
  }
  EXPECT_EQ(silent, (std::set<std::string>{"anomaly-1", "anomaly-3", "difference", "log-ratio", "reference-ratio", "projection", "cosine",
                                           "to-anomalies", "ridge", "discriminant", "likelihood-ratio", "trees"}));
}

// A model of the first format goes on seeing what it was trained on.
TEST(ScoreSpace, TheFirstListOfScoresIsTheSecondWithoutTrees) {
  const Matrix reference = random_rows(40, 0, 1);
  const ScoreSpace first(kViews, reference, ScoreList::kDistances);
  const ScoreSpace second(kViews, reference, ScoreList::kTrees);
  ASSERT_EQ(first.width(), 19 * kViews.size());
  ASSERT_EQ(second.width(), 20 * kViews.size());
  EXPECT_EQ(ScoreSpace::width_of(kViews.size(), ScoreList::kDistances), first.width());
  const LabelledSupport support = make_support(15, 3);
  const Matrix rows = random_rows(6, 1, 4);
  const Matrix a = first.fit(support.rows, support.labels).score(rows);
  const Matrix b = second.fit(support.rows, support.labels).score(rows);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t c = 0; c < first.width(); ++c) {
      const std::size_t same = c + c / 19;
      ASSERT_EQ(first.names()[c], second.names()[same]);
      EXPECT_EQ(a(r, c), b(r, same)) << first.names()[c];
    }
  }
}

// Two classes that differ in one of many columns: trees find it, where a distance over all columns hardly sees it.
TEST(ScoreSpace, TreesFindTheColumnThatTellsTheClassesApart) {
  constexpr std::size_t kWide = 60;
  const std::vector<ViewSpan> views = {{"plain", 0, kWide}};
  Stream stream(5, Purpose::kTest, 40);
  const auto rows_of = [&](std::size_t count, float shift) {
    Matrix rows(count, kWide);
    for (std::size_t r = 0; r < count; ++r) {
      for (float& value : rows.row(r)) value = stream.normal();
      rows(r, 17) += shift;
    }
    return rows;
  };
  const ScoreSpace space(views, rows_of(80, 0));
  Matrix support(60, kWide);
  const Matrix normals = rows_of(50, 0);
  const Matrix anomalies = rows_of(10, 5);
  std::copy_n(normals.data(), 50 * kWide, support.data());
  std::copy_n(anomalies.data(), 10 * kWide, support.row(50).data());
  std::vector<std::uint8_t> labels(60, 0);
  std::fill(labels.begin() + 50, labels.end(), std::uint8_t{1});
  const TaskScores scores = space.fit(support, labels);
  const auto found = static_cast<std::size_t>(std::ranges::find(space.names(), "plain/trees") - space.names().begin());
  ASSERT_LT(found, space.width());
  const Matrix low = scores.score(rows_of(200, 0));
  const Matrix high = scores.score(rows_of(200, 5));
  const auto median = [&](const Matrix& of, std::size_t c) {
    std::vector<float> values(of.rows());
    for (std::size_t r = 0; r < of.rows(); ++r) values[r] = of(r, c);
    std::ranges::nth_element(values, values.begin() + 100);
    return values[100];
  };
  // The share of normals that score above the median anomaly.
  const auto above = [&](std::size_t c) {
    const float middle = median(high, c);
    std::size_t count = 0;
    for (std::size_t r = 0; r < low.rows(); ++r) count += low(r, c) >= middle ? 1U : 0U;
    return static_cast<double>(count) / 200;
  };
  const auto distance = static_cast<std::size_t>(std::ranges::find(space.names(), "plain/nearest-5") - space.names().begin());
  EXPECT_LT(above(found), 0.02);
  EXPECT_GT(above(distance), 0.02);
}

TEST(ScoreSpace, ASingleAnomalySaysNothingOfItself) {
  const ScoreSpace space = make_space();
  const LabelledSupport support = make_support(20, 1);
  const TaskScores scores = space.fit(support.rows, support.labels);
  const std::size_t anomaly_1 = 3;
  ASSERT_EQ(space.names()[anomaly_1], "plain/anomaly-1");
  EXPECT_EQ(scores.support()(20, anomaly_1), 0);
  EXPECT_NE(scores.support()(0, anomaly_1), 0);
}

TEST(ScoreSpace, OrderOfTheSupportDoesNotMatter) {
  const ScoreSpace space = make_space();
  const LabelledSupport support = make_support(15, 3);
  std::vector<std::size_t> order(18);
  for (std::size_t i = 0; i < 18; ++i) order[i] = (i * 5 + 7) % 18;
  const LabelledSupport mixed = reordered(support, order);
  const Matrix rows = random_rows(6, 1, 4);
  const TaskScores a = space.fit(support.rows, support.labels);
  const TaskScores b = space.fit(mixed.rows, mixed.labels);
  const Matrix x = a.score(rows);
  const Matrix y = b.score(rows);
  for (std::size_t c = 0; c < space.width(); ++c) {
    for (std::size_t r = 0; r < 6; ++r) EXPECT_NEAR(x(r, c), y(r, c), 1e-3) << space.names()[c];
    for (std::size_t i = 0; i < 18; ++i) EXPECT_NEAR(a.support()(order[i], c), b.support()(i, c), 1e-3) << space.names()[c];
  }
}

TEST(ScoreSpace, ARowsScoresDoNotDependOnTheRowsBesideIt) {
  const ScoreSpace space = make_space();
  const LabelledSupport support = make_support(15, 3);
  const TaskScores scores = space.fit(support.rows, support.labels);
  const Matrix rows = random_rows(150, 1, 4);
  const Matrix together = scores.score(rows);
  const Matrix alone = scores.score(rows.view().slice(149, 1));
  for (std::size_t c = 0; c < space.width(); ++c) EXPECT_EQ(together(149, c), alone(0, c)) << space.names()[c];
}

TEST(ScoreSpace, ReferenceRowsEqualToTheRowDoNotCount) {
  const Matrix reference = random_rows(40, 0, 1);
  const ScoreSpace space = make_space();
  const LabelledSupport support = make_support(15, 3);
  const TaskScores scores = space.fit(support.rows, support.labels);
  Matrix moved = random_rows(1, 0, 1);
  moved(0, 0) += 1e-4F;
  const Matrix own = scores.score(reference.view().slice(0, 1));
  const Matrix near = scores.score(moved);
  const std::size_t reference_5 = 7;
  ASSERT_EQ(space.names()[reference_5], "plain/reference-5");
  EXPECT_GT(own(0, reference_5), near(0, reference_5));
}

TEST(ScoreSpace, StaysFiniteOnDegenerateRows) {
  for (const std::size_t normals : {2U, 3U, 300U}) {
    for (const std::size_t anomalies : {0U, 1U, 2U}) {
      for (const float value : {0.0F, 8.0F, 1e4F}) {
        Matrix rows(normals + anomalies, kColumns);
        std::fill_n(rows.data(), rows.rows() * kColumns, value);
        std::vector<std::uint8_t> labels(normals + anomalies, 0);
        std::fill(labels.begin() + static_cast<std::ptrdiff_t>(normals), labels.end(), std::uint8_t{1});
        Matrix reference(3, kColumns);
        std::fill_n(reference.data(), 3 * kColumns, value);
        const ScoreSpace space(kViews, reference);
        const TaskScores scores = space.fit(rows, labels);
        const Matrix out = scores.score(random_rows(3, value, 9));
        for (std::size_t i = 0; i < out.rows(); ++i) {
          for (const float x : out.row(i)) EXPECT_TRUE(std::isfinite(x)) << normals << " + " << anomalies << " of " << value;
        }
        for (std::size_t i = 0; i < rows.rows(); ++i) {
          for (const float x : scores.support().row(i)) EXPECT_TRUE(std::isfinite(x));
        }
      }
    }
  }
}

TEST(ScoreSpace, RefusesWhatItCannotUse) {
  const ScoreSpace space = make_space();
  EXPECT_THROW(ScoreSpace({}, random_rows(5, 0, 1)), ArgumentError);
  EXPECT_THROW(ScoreSpace(kViews, random_rows(1, 0, 1)), ArgumentError);
  const std::vector<ViewSpan> beyond = {{"plain", 5, 3}};
  EXPECT_THROW(ScoreSpace(beyond, random_rows(5, 0, 1)), ShapeError);
  const LabelledSupport one = make_support(1, 3);
  EXPECT_THROW(space.fit(one.rows, one.labels), ArgumentError);
  const LabelledSupport two = make_support(2, 0);
  EXPECT_THROW(space.fit(two.rows, one.labels), ShapeError);
  EXPECT_THROW(space.fit(two.rows, two.labels).score(Matrix(1, 3)), ShapeError);
}

TEST(InputSpace, BothIsThePlainViewAndTheScoresSideBySide) {
  const Matrix reference = random_rows(40, 0, 1);
  const LabelledSupport support = make_support(15, 3);
  const Matrix query = random_rows(6, 1, 4);
  const Episode joined{"task", support.rows, support.labels, query, {0, 0, 0, 1, 1, 1}};
  const InputSpace raw_space(Space::kRaw, kViews, reference);
  const InputSpace score_space(Space::kScores, kViews, reference);
  const InputSpace both_space(Space::kBoth, kViews, reference);
  const Episode raw_episode = raw_space.map(joined);
  const Episode score_episode = score_space.map(joined);
  const Episode both = both_space.map(joined);
  ASSERT_EQ(raw_space.width(), 4U);
  ASSERT_EQ(both_space.width(), 4 + score_space.width());
  ASSERT_EQ(both.query_rows.cols(), both_space.width());
  for (std::size_t r = 0; r < 6; ++r) {
    for (std::size_t c = 0; c < 4; ++c) {
      EXPECT_EQ(raw_episode.query_rows(r, c), query(r, c));
      EXPECT_EQ(both.query_rows(r, c), query(r, c));
    }
    for (std::size_t c = 0; c < score_space.width(); ++c) EXPECT_EQ(both.query_rows(r, 4 + c), score_episode.query_rows(r, c));
  }
  EXPECT_EQ(both.support_rows(2, 1), support.rows(2, 1));
  EXPECT_EQ(both.support_labels, support.labels);
}

}  // namespace
}  // namespace oddshot
