// Where training episodes come from: made once or at every step, on any number of threads, with columns dropped.
#include "oddshot/training/episodes.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"
#include "oddshot/training/trainer.h"

namespace oddshot {
namespace {

constexpr std::size_t kColumns = 40;

Task make_task(std::size_t normals, std::size_t anomalies, std::uint64_t index) {
  auto pool = std::make_shared<RowPool>();
  pool->rows.resize(normals + anomalies, kColumns);
  pool->views = {{"plain", 0, kColumns}};
  pool->identity.resize(normals + anomalies);
  std::iota(pool->identity.begin(), pool->identity.end(), 0U);
  Stream stream(4, Purpose::kTest, index);
  for (std::size_t i = 0; i < (normals + anomalies) * kColumns; ++i) pool->rows.data()[i] = stream.normal() + 3;
  std::vector<std::uint32_t> rows(normals + anomalies);
  std::iota(rows.begin(), rows.end(), 0U);
  const auto first_anomaly = rows.begin() + static_cast<std::ptrdiff_t>(normals);
  return {"task " + std::to_string(index), pool, std::vector(rows.begin(), first_anomaly), std::vector(first_anomaly, rows.end())};
}

struct Source {
  std::vector<TaskSource> sources = {{"real", 1, {make_task(100, 30, 1), make_task(100, 6, 2)}}};
  Matrix reference{8, kColumns};
  std::vector<ViewSpan> views = {{"plain", 0, kColumns}};

  TrainingOptions options(std::size_t episodes) const {
    TrainingOptions o;
    o.episodes = episodes;
    o.dropout = 0;
    o.episode.normals = 20;
    o.episode.query_normals = 10;
    o.episode.query_anomalies = 5;
    return o;
  }
  InputSpace space(Space kind) {
    Stream stream(4, Purpose::kTest, 9);
    for (std::size_t i = 0; i < 8 * kColumns; ++i) reference.data()[i] = stream.normal();
    return {kind, views, reference};
  }
};

void expect_equal(const Episode& a, const Episode& b) {
  EXPECT_EQ(a.task, b.task);
  EXPECT_EQ(a.support_labels, b.support_labels);
  EXPECT_EQ(a.query_labels, b.query_labels);
  ASSERT_EQ(a.query_rows.rows(), b.query_rows.rows());
  for (std::size_t r = 0; r < a.query_rows.rows(); ++r) EXPECT_TRUE(std::ranges::equal(a.query_rows.row(r), b.query_rows.row(r)));
  for (std::size_t r = 0; r < a.support_rows.rows(); ++r) EXPECT_TRUE(std::ranges::equal(a.support_rows.row(r), b.support_rows.row(r)));
}

TEST(Episodes, AreTheSameForAnyNumberOfThreads) {
  Source source;
  const InputSpace space = source.space(Space::kScores);
  ThreadPool one(1);
  ThreadPool three(3);
  const Episodes a(source.sources, source.options(12), space, one);
  const Episodes b(source.sources, source.options(12), space, three);
  Episode room_a;
  Episode room_b;
  for (std::size_t position = 0; position < 8; ++position) expect_equal(a.at(3, position, room_a), b.at(3, position, room_b));
}

TEST(Episodes, WithoutColumnsAreTheSameButForZerosThere) {
  Source source;
  const InputSpace space = source.space(Space::kRaw);
  ThreadPool pool(1);
  const std::vector<std::uint32_t> gone = {0, 7};
  for (const std::size_t made : {0U, 6U}) {
    const Episodes whole(source.sources, source.options(made), space, pool);
    const Episodes part = whole.without(gone);
    Episode room;
    Episode part_room;
    for (std::size_t position = 0; position < 4; ++position) {
      Episode expected = whole.at(2, position, room);
      for (Matrix* rows : {&expected.support_rows, &expected.query_rows}) {
        for (std::size_t r = 0; r < rows->rows(); ++r) {
          ASSERT_NE((*rows)(r, 7), 0);
          for (const std::uint32_t column : gone) (*rows)(r, column) = 0;
        }
      }
      expect_equal(part.at(2, position, part_room), expected);
    }
  }
}

TEST(Episodes, MadeOnceAreFewAndDrawnAnewAreMany) {
  Source source;
  const InputSpace space = source.space(Space::kRaw);
  ThreadPool pool(2);
  Episode room;
  for (const std::size_t made : {5U, 0U}) {
    const Episodes episodes(source.sources, source.options(made), space, pool);
    std::set<float> different;
    for (std::uint64_t step = 0; step < 10; ++step) {
      for (std::size_t position = 0; position < 4; ++position) different.insert(episodes.at(step, position, room).query_rows(0, 0));
    }
    if (made > 0) {
      EXPECT_EQ(different.size(), made);
    } else {
      EXPECT_GT(different.size(), 20U);
    }
  }
}

TEST(Episodes, AskATaskForNoMoreShotsThanItHas) {
  Source source;
  const InputSpace space = source.space(Space::kRaw);
  ThreadPool pool(1);
  const Episodes episodes(source.sources, source.options(0), space, pool);
  std::set<std::size_t> of_first;
  std::set<std::size_t> of_second;
  Episode room;
  for (std::uint64_t step = 0; step < 60; ++step) {
    const Episode& episode = episodes.at(step, 0, room);
    const auto shots = static_cast<std::size_t>(std::count(episode.support_labels.begin(), episode.support_labels.end(), 1));
    (episode.task == "task 1" ? of_first : of_second).insert(shots);
    EXPECT_GT(std::count(episode.query_labels.begin(), episode.query_labels.end(), 1), 0);
  }
  EXPECT_EQ(of_first, (std::set<std::size_t>{0, 1, 5, 10, 20}));
  EXPECT_EQ(of_second, (std::set<std::size_t>{0, 1, 5}));
}

TEST(Episodes, DropoutTakesTheSameColumnsOfSupportAndQueryAndOthersEachTime) {
  Source source;
  TrainingOptions options = source.options(1);
  options.dropout = 0.25F;
  const InputSpace space = source.space(Space::kRaw);
  ThreadPool pool(1);
  const Episodes episodes(source.sources, options, space, pool);
  std::set<std::vector<bool>> patterns;
  std::size_t dropped = 0;
  Episode room;
  for (std::uint64_t step = 0; step < 50; ++step) {
    const Episode& episode = episodes.at(step, 0, room);
    std::vector<bool> gone(kColumns);
    for (std::size_t c = 0; c < kColumns; ++c) {
      gone[c] = episode.query_rows(0, c) == 0;
      for (std::size_t r = 0; r < episode.query_rows.rows(); ++r) EXPECT_EQ(episode.query_rows(r, c) == 0, gone[c]);
      for (std::size_t r = 0; r < episode.support_rows.rows(); ++r) EXPECT_EQ(episode.support_rows(r, c) == 0, gone[c]);
    }
    dropped += static_cast<std::size_t>(std::count(gone.begin(), gone.end(), true));
    patterns.insert(gone);
  }
  EXPECT_GT(patterns.size(), 45U);
  EXPECT_NEAR(static_cast<double>(dropped) / (50 * kColumns), 0.25, 0.04);  // 4 standard deviations of 2000 draws
}

TEST(Episodes, DropoutInTableSpaceTakesBothNumbersOfADetectorAndNoneOfTheTables) {
  Source source;
  TrainingOptions options = source.options(1);
  options.space = Space::kTable;
  options.shots = {5};
  const InputSpace space = source.space(Space::kTable);
  ThreadPool pool(1);
  Episode room;
  const Episode whole = Episodes(source.sources, options, space, pool).at(0, 0, room);
  options.dropout = 0.25F;
  const Episodes episodes(source.sources, options, space, pool);
  const std::size_t experts = TableSpace::experts();
  std::size_t dropped = 0;
  for (std::uint64_t step = 0; step < 20; ++step) {
    const Episode& episode = episodes.at(step, 0, room);
    for (std::size_t c = 0; c < TableSpace::width(); ++c) {
      const auto differs = [&](std::size_t column) {
        for (std::size_t r = 0; r < episode.query_rows.rows(); ++r) {
          if (episode.query_rows(r, column) != whole.query_rows(r, column)) return true;
        }
        return false;
      };
      if (c >= 2 * experts) {
        EXPECT_FALSE(differs(c)) << c;
      } else if (differs(c)) {
        ++dropped;
        const std::size_t level = c % experts;
        for (std::size_t r = 0; r < episode.query_rows.rows(); ++r) {
          EXPECT_EQ(episode.query_rows(r, level), 0);
          EXPECT_EQ(episode.query_rows(r, experts + level), 0);
        }
      }
    }
  }
  EXPECT_GT(dropped, 20 * experts / 4);
  EXPECT_LT(dropped, 20 * experts * 3 / 4);
}

TEST(Episodes, InTableSpaceEveryOtherSupportMakesDoWithFewerNormals) {
  Source source;
  TrainingOptions options = source.options(60);
  options.space = Space::kTable;
  options.shots = {0};
  options.episode.normals = 64;
  options.tasks_per_step = 60;
  const InputSpace space = source.space(Space::kTable);
  ThreadPool pool(1);
  const Episodes episodes(source.sources, options, space, pool);
  Episode room;
  std::map<std::size_t, std::size_t> seen;
  for (std::size_t i = 0; i < 200; ++i) ++seen[episodes.at(i, 0, room).support_rows.rows()];
  ASSERT_EQ(seen.size(), 2U);  // of 64 asked: all, or the 32 that are the fewest
  EXPECT_NEAR(static_cast<double>(seen[64]) / 200, 0.5, 0.25);
  EXPECT_GT(seen[32], 0U);
}

TEST(Episodes, RefuseATaskTooSmallForTheFewestShots) {
  Source source;
  TrainingOptions options = source.options(3);
  options.shots = {50};
  const InputSpace space = source.space(Space::kRaw);
  ThreadPool pool(2);
  EXPECT_THROW(Episodes(source.sources, options, space, pool), ArgumentError);
}

}  // namespace
}  // namespace oddshot
