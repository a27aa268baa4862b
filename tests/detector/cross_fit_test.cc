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

TEST(LeftOutFolds, ScoreEveryRowOnce) {
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

}  // namespace
}  // namespace oddshot
