// Networks trained on one support alone: devnet and deep-sad.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../experts/edge_cases.h"
#include "oddshot/base/error.h"
#include "oddshot/learners/deep_sad.h"
#include "oddshot/learners/devnet.h"

namespace oddshot {
namespace {

struct Network {
  const char* name;
  std::unique_ptr<Scorer> (*train)(const Support&, Stream);
};
void PrintTo(const Network& network, std::ostream* out) { *out << network.name; }

constexpr Network kDevNet = {"devnet", [](const Support& support, Stream stream) { return train_devnet(support, {}, stream); }};
constexpr Network kDeepSad = {"deep_sad", [](const Support& support, Stream stream) { return train_deep_sad(support, {}, stream); }};

struct Rows {
  Matrix rows;
  std::vector<std::uint8_t> labels;
  Support support() const { return {rows, labels}; }
};

Rows joined(const Matrix& normals, const Matrix& anomalies) {
  Rows all{Matrix(normals.rows() + anomalies.rows(), normals.cols()), std::vector<std::uint8_t>(normals.rows(), 0)};
  all.labels.resize(all.rows.rows(), 1);
  std::copy_n(normals.data(), normals.rows() * normals.cols(), all.rows.data());
  if (!anomalies.empty()) std::copy_n(anomalies.data(), anomalies.rows() * anomalies.cols(), all.rows.row(normals.rows()).data());
  return all;
}

class ScratchNetworks : public testing::TestWithParam<Network> {
 protected:
  static std::unique_ptr<Scorer> train(const Rows& rows, std::uint64_t stream = 1) {
    return GetParam().train(rows.support(), test_stream(stream));
  }
};

TEST_P(ScratchNetworks, ScoreRowsLikeTheKnownAnomaliesAboveNormals) {
  const auto scorer = train(joined(random_rows(50, 6, 1), random_rows(5, 6, 2, 2.5F)));
  const std::vector<float> usual = scores(*scorer, random_rows(100, 6, 3));
  const std::vector<float> odd = scores(*scorer, random_rows(100, 6, 4, 2.5F));
  int right = 0;
  for (std::size_t i = 0; i < 100; ++i) right += odd[i] > usual[i] ? 1 : 0;
  EXPECT_GT(right, 95);
}

// What unlabelled distance cannot do: the anomalies lie among the normals in all columns but one.
TEST_P(ScratchNetworks, LearnFromAnomaliesWhichColumnMatters) {
  Matrix anomalies = random_rows(10, 8, 2);
  Matrix odd = random_rows(200, 8, 4);
  for (std::size_t r = 0; r < 10; ++r) anomalies(r, 3) += 4;
  for (std::size_t r = 0; r < 200; ++r) odd(r, 3) += 4;
  const auto scorer = train(joined(random_rows(50, 8, 1), anomalies));
  const std::vector<float> usual = scores(*scorer, random_rows(200, 8, 3));
  const std::vector<float> found = scores(*scorer, odd);
  int right = 0;
  for (std::size_t i = 0; i < 200; ++i) right += found[i] > usual[i] ? 1 : 0;
  EXPECT_GT(right, 170);
}

TEST_P(ScratchNetworks, CareNeitherForTheOriginNorForTheUnit) {
  const Matrix normals = random_rows(30, 4, 1);
  const Matrix anomalies = random_rows(3, 4, 2, 3);
  const Matrix query = random_rows(20, 4, 3, 1);
  const auto moved = [](Matrix rows) {
    for (std::size_t i = 0; i < rows.rows() * rows.cols(); ++i) rows.data()[i] = rows.data()[i] * 1024 + 2048;
    return rows;
  };
  const std::vector<float> here = scores(*train(joined(normals, anomalies)), query);
  const std::vector<float> there = scores(*train(joined(moved(normals), moved(anomalies))), moved(query));
  for (std::size_t i = 0; i < here.size(); ++i) EXPECT_NEAR(here[i], there[i], 1e-2 * (1 + std::abs(here[i]))) << i;
}

TEST_P(ScratchNetworks, TheSameStreamGivesTheSameScoresAndAnotherOthers) {
  const Rows rows = joined(random_rows(20, 4, 1), random_rows(3, 4, 2, 3));
  const Matrix query = random_rows(300, 4, 3, 1);
  EXPECT_EQ(scores(*train(rows, 1), query), scores(*train(rows, 1), query));
  EXPECT_NE(scores(*train(rows, 1), query), scores(*train(rows, 2), query));
}

TEST_P(ScratchNetworks, ScoreARowTheSameInAnyCompany) {
  const auto scorer = train(joined(random_rows(20, 4, 1), random_rows(3, 4, 2, 3)));
  const Matrix query = random_rows(600, 4, 3, 1);
  const std::vector<float> together = scores(*scorer, query);
  for (const std::size_t r : {0U, 255U, 256U, 599U}) EXPECT_EQ(scores(*scorer, query.view().slice(r, 1))[0], together[r]) << r;
}

TEST_P(ScratchNetworks, RefuseOtherColumnsAndASupportOfAnomaliesAlone) {
  const auto scorer = train(joined(random_rows(20, 4, 1), random_rows(3, 4, 2, 3)));
  EXPECT_THROW(scores(*scorer, random_rows(5, 3, 1)), ShapeError);
  EXPECT_THROW(train(joined(Matrix(0, 4), random_rows(3, 4, 2))), ArgumentError);
}

TEST_P(ScratchNetworks, GiveFiniteScoresInTheRightOrderAtTheEdge) {
  for (const edge::Case& at : edge::cases()) {
    const auto scorer = train(joined(at.normals, at.anomalies));
    const float usual = scores(*scorer, at.usual)[0];
    const float odd = scores(*scorer, at.odd)[0];
    EXPECT_TRUE(std::isfinite(usual)) << at.name;
    EXPECT_TRUE(std::isfinite(odd)) << at.name;
    EXPECT_GT(odd, usual) << at.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, ScratchNetworks, testing::Values(kDevNet, kDeepSad), [](const auto& at) { return at.param.name; });

TEST(DeepSad, WithoutAnomaliesScoresWhatIsFarAboveNormals) {
  const auto scorer = train_deep_sad(joined(random_rows(50, 6, 1), {}).support(), {}, test_stream(1));
  const std::vector<float> usual = scores(*scorer, random_rows(100, 6, 3));
  const std::vector<float> odd = scores(*scorer, random_rows(100, 6, 4, 5));
  int right = 0;
  for (std::size_t i = 0; i < 100; ++i) right += odd[i] > usual[i] ? 1 : 0;
  EXPECT_GT(right, 95);
}

TEST(DevNet, RefusesASupportWithoutAnomalies) {
  EXPECT_THROW(train_devnet(joined(random_rows(20, 4, 1), {}).support(), {}, test_stream(1)), ArgumentError);
}

}  // namespace
}  // namespace oddshot
