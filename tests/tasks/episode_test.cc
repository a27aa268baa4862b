#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/tasks/task.h"
#include "temporary_folder.h"

namespace oddshot {
namespace {

// Row r holds {r, identity}: a drawn row tells where it is from. Every `repeat` normals in a row are duplicates of one, likewise anomalies.
Task make_task(std::size_t normals, std::size_t anomalies, std::size_t repeat = 1) {
  const auto pool = std::make_shared<RowPool>();
  pool->rows = Matrix(normals + anomalies, 2);
  std::vector<std::uint32_t> of_class[2];
  for (std::uint32_t r = 0; r < normals + anomalies; ++r) {
    const bool anomaly = r >= normals;
    const std::size_t start = anomaly ? normals : 0;
    pool->identity.push_back(static_cast<std::uint32_t>(start + (r - start) / repeat * repeat));
    pool->rows(r, 0) = static_cast<float>(r);
    pool->rows(r, 1) = static_cast<float>(pool->identity.back());
    of_class[anomaly ? 1 : 0].push_back(r);
  }
  return {"example", pool, of_class[0], of_class[1]};
}

Stream stream(std::uint64_t index, std::uint64_t seed = 7) { return {seed, Purpose::kTest, index}; }

std::vector<float> column(const Matrix& rows, std::size_t c) {
  std::vector<float> values;
  for (std::size_t r = 0; r < rows.rows(); ++r) values.push_back(rows(r, c));
  return values;
}

TEST(Episode, HasTheCountsAskedForNormalsFirst) {
  const Task task = make_task(500, 100);
  const Episode episode = sample_episode(task, {.shots = 5, .normals = 50, .query_normals = 64, .query_anomalies = 32}, stream(0));
  EXPECT_EQ(episode.task, "example");
  std::vector<std::uint8_t> support(50, 0), query(64, 0);
  support.resize(55, 1);
  query.resize(96, 1);
  EXPECT_EQ(episode.support_labels, support);
  EXPECT_EQ(episode.query_labels, query);
  ASSERT_EQ(episode.support_rows.rows(), 55U);
  ASSERT_EQ(episode.query_rows.rows(), 96U);
  for (std::size_t r = 0; r < 55; ++r) EXPECT_EQ(episode.support_rows(r, 0) >= 500, support[r] == 1);
  for (std::size_t r = 0; r < 96; ++r) EXPECT_EQ(episode.query_rows(r, 0) >= 500, query[r] == 1);
}

TEST(Episode, NoRowAndNoDuplicateIsOnBothSidesOrTwiceOnOne) {
  for (const std::size_t repeat : {1U, 2U, 7U}) {
    const Task task = make_task(300, 200, repeat);
    for (std::uint64_t i = 0; i < 200; ++i) {
      const Episode episode = sample_episode(task, {.shots = 10, .normals = 20, .query_normals = 64, .query_anomalies = 20}, stream(i));
      const auto support = column(episode.support_rows, 0);
      const auto query = column(episode.query_rows, 0);
      EXPECT_EQ(std::set<float>(support.begin(), support.end()).size(), support.size());
      EXPECT_EQ(std::set<float>(query.begin(), query.end()).size(), query.size());
      const auto support_identity = column(episode.support_rows, 1);
      const std::set<float> taken(support_identity.begin(), support_identity.end());
      for (const float identity : column(episode.query_rows, 1)) EXPECT_FALSE(taken.contains(identity)) << "episode " << i;
    }
  }
}

TEST(Episode, DependsOnSeedAndIndexAlone) {
  const Task task = make_task(400, 80);
  const EpisodeSpec spec;
  std::vector<Episode> forwards, backwards;
  for (std::uint64_t i = 0; i < 8; ++i) forwards.push_back(sample_episode(task, spec, stream(i)));
  for (std::uint64_t i = 8; i > 0; --i) backwards.insert(backwards.begin(), sample_episode(task, spec, stream(i - 1)));
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(column(forwards[i].support_rows, 0), column(backwards[i].support_rows, 0));
    EXPECT_EQ(column(forwards[i].query_rows, 0), column(backwards[i].query_rows, 0));
  }
  EXPECT_NE(column(forwards[0].support_rows, 0), column(forwards[1].support_rows, 0));
  EXPECT_NE(column(forwards[0].support_rows, 0), column(sample_episode(task, spec, stream(0, 8)).support_rows, 0));
}

TEST(Episode, EveryRowIsDrawnEquallyOften) {
  const Task task = make_task(40, 20);
  std::map<float, int> drawn;
  const int episodes = 20000;
  for (int i = 0; i < episodes; ++i) {
    const Episode episode =
        sample_episode(task, {.shots = 2, .normals = 5, .query_normals = 5, .query_anomalies = 2}, stream(static_cast<std::uint64_t>(i)));
    for (const float row : column(episode.support_rows, 0)) ++drawn[row];
    for (const float row : column(episode.query_rows, 0)) ++drawn[row];
  }
  // Binomial: p = 10/40 for normals and 4/20 for anomalies; five standard deviations.
  for (const auto& [row, count] : drawn) {
    const double p = row < 40 ? 0.25 : 0.2;
    EXPECT_NEAR(count, episodes * p, 5 * std::sqrt(episodes * p * (1 - p))) << "row " << row;
  }
}

TEST(Episode, QueryTakesWhatIsLeftWhereTheTaskHasNoMore) {
  const Task task = make_task(30, 9);
  const Episode episode = sample_episode(task, {.shots = 5, .normals = 10, .query_normals = 64, .query_anomalies = 64}, stream(1));
  EXPECT_EQ(std::count(episode.query_labels.begin(), episode.query_labels.end(), 0), 20);
  EXPECT_EQ(std::count(episode.query_labels.begin(), episode.query_labels.end(), 1), 4);
  std::vector<float> all = column(episode.support_rows, 0);
  const auto query = column(episode.query_rows, 0);
  all.insert(all.end(), query.begin(), query.end());
  EXPECT_EQ(std::set<float>(all.begin(), all.end()).size(), 39U);
}

TEST(Episode, ZeroShotsMakeASupportOfNormals) {
  const Episode episode =
      sample_episode(make_task(100, 20), {.shots = 0, .normals = 10, .query_normals = 5, .query_anomalies = 5}, stream(1));
  EXPECT_EQ(episode.support_labels, std::vector<std::uint8_t>(10, 0));
  EXPECT_EQ(std::count(episode.query_labels.begin(), episode.query_labels.end(), 1), 5);
}

TEST(Episode, TooFewRowsAreAnErrorThatNamesTaskAndCounts) {
  const auto error = [](const Task& task, const EpisodeSpec& spec) {
    return message_of<ArgumentError>([&] { sample_episode(task, spec, stream(1)); });
  };
  EXPECT_EQ(error(make_task(100, 4), {.shots = 5, .normals = 50}), "task \"example\" has 4 anomalies, too few for a support of 5");
  EXPECT_EQ(error(make_task(49, 40), {.shots = 5, .normals = 50}), "task \"example\" has 49 normals, too few for a support of 50");
  EXPECT_EQ(error(make_task(100, 5), {.shots = 5, .normals = 50}),
            "task \"example\": of its 5 anomalies none is left for the query once 5 (and their duplicates) are in the support");
  EXPECT_NE(error(make_task(100, 40, 100), {.shots = 5, .normals = 50}), "");  // all normals are duplicates of one
  EXPECT_NE(error(make_task(100, 40), {.shots = 5, .normals = 0}), "");
}

TEST(Episode, CostsTheSameFromALargeTask) {
  const Task small = make_task(2000, 300), large = make_task(400000, 60000);
  const auto best_of = [](const Task& task) {
    auto best = std::chrono::nanoseconds::max();
    for (std::uint64_t i = 0; i < 200; ++i) {
      const auto start = std::chrono::steady_clock::now();
      sample_episode(task, {}, stream(i));
      best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - start);
    }
    return static_cast<double>(best.count());
  };
  // The rows are 200 times as many; cache misses may cost some, a pass over all rows would cost some 50 times as much.
  EXPECT_LT(best_of(large), 10 * best_of(small));
}

}  // namespace
}  // namespace oddshot
