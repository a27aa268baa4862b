#include "tasks/kmeans.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

Matrix blobs(std::size_t each, const std::vector<std::array<float, 2>>& centres) {
  Stream stream(3, Purpose::kTest, 0);
  Matrix rows(each * centres.size(), 2);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t d = 0; d < 2; ++d) rows(r, d) = centres[r % centres.size()][d] + 0.5F * stream.normal();
  }
  return rows;
}

TEST(KMeans, FindsBlobsThatAreFarApart) {
  const Matrix rows = blobs(40, {{0, 0}, {20, 0}, {0, 20}, {20, 20}});
  const Clusters clusters = kmeans(rows, 4, Stream(1, Purpose::kCluster, 0));
  std::set<std::uint32_t> names;
  for (std::uint32_t r = 0; r < rows.rows(); ++r) {
    EXPECT_EQ(clusters.assignment[r], clusters.assignment[r % 4]);
    names.insert(clusters.assignment[r]);
  }
  EXPECT_EQ(names.size(), 4U);
}

TEST(KMeans, EveryRowIsWithItsNearestCentreAndEveryCentreIsTheMeanOfItsRows) {
  const Matrix rows = blobs(60, {{0, 0}, {2, 1}, {1, 3}});
  const Clusters clusters = kmeans(rows, 5, Stream(1, Purpose::kCluster, 0));
  EXPECT_EQ(clusters.assignment, nearest_centres(rows, clusters.centres));
  for (std::size_t c = 0; c < 5; ++c) {
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      if (clusters.assignment[r] != c) continue;
      sum += rows(r, 0);
      ++count;
    }
    ASSERT_GT(count, 0U);
    EXPECT_NEAR(clusters.centres(c, 0), sum / static_cast<double>(count), 1e-5);
  }
}

TEST(KMeans, DependsOnTheStreamAlone) {
  const Matrix rows = blobs(50, {{0, 0}, {1, 1}});
  const auto a = kmeans(rows, 6, Stream(1, Purpose::kCluster, 0));
  const auto b = kmeans(rows, 6, Stream(1, Purpose::kCluster, 0));
  EXPECT_EQ(a.assignment, b.assignment);
  EXPECT_EQ(a.inertia, b.inertia);
}

TEST(KMeans, GivesNoMoreClustersThanDistinctRows) {
  Matrix rows(10, 1);
  for (std::size_t r = 0; r < 10; ++r) rows(r, 0) = r < 5 ? 1.0F : 2.0F;
  const auto clusters = kmeans(rows, 4, Stream(1, Purpose::kCluster, 0));
  EXPECT_EQ(clusters.centres.rows(), 2U);
  EXPECT_EQ(clusters.inertia, 0);
}

TEST(RoughKMeans, FindsBlobsThatAreFarApartAmongManyRows) {
  const Matrix rows = blobs(2500, {{0, 0}, {20, 0}, {0, 20}, {20, 20}});  // more than the centres are found on
  const Clusters clusters = rough_kmeans(rows, 4, Stream(1, Purpose::kCluster, 0));
  ASSERT_EQ(clusters.assignment.size(), 10'000U);
  std::set<std::uint32_t> names;
  for (std::uint32_t r = 0; r < rows.rows(); ++r) {
    ASSERT_EQ(clusters.assignment[r], clusters.assignment[r % 4]);
    names.insert(clusters.assignment[r]);
  }
  EXPECT_EQ(names.size(), 4U);
}

TEST(RoughKMeans, EveryRowIsWithItsNearestCentreAndTheInertiaIsNearThatOfTheFullRun) {
  const Matrix rows = blobs(300, {{0, 0}, {2, 1}, {1, 3}});
  const Clusters rough = rough_kmeans(rows, 9, Stream(1, Purpose::kCluster, 0));
  EXPECT_EQ(rough.assignment, nearest_centres(rows, rough.centres));
  const Clusters full = kmeans(rows, 9, Stream(1, Purpose::kCluster, 0));
  EXPECT_LT(rough.inertia, 1.2 * full.inertia);
}

TEST(RoughKMeans, GivesNoMoreClustersThanDistinctRows) {
  Matrix rows(10, 1);
  for (std::size_t r = 0; r < 10; ++r) rows(r, 0) = r < 5 ? 1.0F : 2.0F;
  const auto clusters = rough_kmeans(rows, 4, Stream(1, Purpose::kCluster, 0));
  EXPECT_EQ(clusters.centres.rows(), 2U);
  EXPECT_EQ(clusters.inertia, 0);
}

TEST(KMeans, RefusesNoRowsAndNoClusters) {
  EXPECT_THROW(kmeans(Matrix(0, 2), 3, Stream(1, Purpose::kCluster, 0)), ArgumentError);
  EXPECT_THROW(kmeans(Matrix(3, 2), 0, Stream(1, Purpose::kCluster, 0)), ArgumentError);
  EXPECT_THROW(rough_kmeans(Matrix(0, 2), 3, Stream(1, Purpose::kCluster, 0)), ArgumentError);
  EXPECT_THROW(rough_kmeans(Matrix(3, 2), 0, Stream(1, Purpose::kCluster, 0)), ArgumentError);
}

}  // namespace
}  // namespace oddshot
