#include "detector/cross_fit.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/model_io/shipped_models.h"

namespace oddshot {
namespace {

// 120 normals and `anomalies` that are off by one deviation in each of 6 columns.
struct Rows {
  Matrix rows;
  std::vector<std::uint8_t> labels;
  Support support() const { return {rows, labels}; }
};
Rows drawn(std::size_t anomalies, std::uint64_t index) {
  constexpr std::size_t kNormals = 120;
  constexpr std::size_t kColumns = 6;
  Stream stream(5, Purpose::kTest, index);
  Rows out{Matrix(kNormals + anomalies, kColumns), {}};
  for (std::size_t r = 0; r < out.rows.rows(); ++r) {
    out.labels.push_back(r < kNormals ? 0 : 1);
    for (float& value : out.rows.row(r)) value = stream.normal() + static_cast<float>(out.labels.back());
  }
  return out;
}

std::unique_ptr<Method> universal() { return learner_method(load_model(find_model("universal"))); }

std::vector<LeftOut> folds_of(const Method& method, const Rows& rows) {
  ThreadPool pool(2);
  return left_out_folds(method, rows.support(), Stream(1, Purpose::kTest, 0), pool);
}

TEST(LeftOutFolds, AreAsManyAsAnomaliesAndHoldEveryRow) {
  for (const auto& [anomalies, folds] : {std::pair<std::size_t, std::size_t>{1, 2}, {3, 3}, {12, 5}}) {
    const auto found = folds_of(*universal(), drawn(anomalies, 0));
    ASSERT_EQ(found.size(), folds);
    std::size_t normals = 0;
    for (const LeftOut& fold : found) {
      ASSERT_TRUE(fold.scores);
      EXPECT_EQ(fold.scores->size(), fold.labels.size());
      normals += static_cast<std::size_t>(std::ranges::count(fold.labels, std::uint8_t{0}));
    }
    EXPECT_EQ(normals, 120U);
    EXPECT_EQ(anomaly_scores_of(found).size(), anomalies);
  }
  EXPECT_TRUE(folds_of(*universal(), drawn(0, 0)).empty());
}

// A row's score is that of a detector which was adapted to the other folds alone.
TEST(LeftOutFolds, AreScoredByAnAdaptingToTheOthers) {
  const Rows rows = drawn(3, 1);
  const auto method = universal();
  const auto found = folds_of(*method, rows);
  std::vector<std::uint32_t> kept, first;  // the first fold has every third row of either class
  for (std::uint32_t r = 0; r < rows.labels.size(); ++r) (r % 3 == 0 ? first : kept).push_back(r);
  std::vector<std::uint8_t> labels;
  for (const auto r : kept) labels.push_back(rows.labels[r]);
  const Matrix others = gathered<float>(rows.rows, kept);
  const Matrix query = gathered<float>(rows.rows, first);
  std::vector<float> scores(first.size());
  method->adapt({others, labels}, Stream(1, Purpose::kTest, 0))->score(query, scores);
  EXPECT_EQ(found[0].scores, scores);
}

TEST(AdaptWithFolds, IsBothAtAnyNumberOfThreads) {
  const Rows rows = drawn(5, 2);
  const auto method = universal();
  const auto folds = folds_of(*method, rows);
  std::vector<float> expected(rows.labels.size());
  method->adapt(rows.support(), Stream(1, Purpose::kTest, 0))->score(rows.rows, expected);
  for (const unsigned threads : {1U, 4U}) {
    ThreadPool pool(threads);
    const Folded both = adapt_with_folds(*method, rows.support(), Stream(1, Purpose::kTest, 0), pool);
    ASSERT_EQ(both.folds.size(), folds.size());
    for (std::size_t f = 0; f < folds.size(); ++f) EXPECT_EQ(both.folds[f].scores, folds[f].scores);
    std::vector<float> scores(expected.size());
    both.whole->score(rows.rows, scores);
    EXPECT_EQ(scores, expected);
  }
}

}  // namespace
}  // namespace oddshot
