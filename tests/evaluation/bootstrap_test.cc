#include "evaluation/bootstrap.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/random.h"

namespace oddshot {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::optional<Interval> one(const Series& series, std::size_t repeats, std::uint64_t seed = 1) {
  ThreadPool pool(2);
  return bootstrap(std::span(&series, 1), series.size() / repeats, repeats, seed, pool).front();
}

// Task effect of deviation `between`, repeats around it of deviation `within`; the true mean is 0.
Series simulate(std::size_t tasks, std::size_t repeats, double between, double within, std::uint64_t index) {
  Stream stream(3, Purpose::kTest, index);
  Series series;
  for (std::size_t t = 0; t < tasks; ++t) {
    const double effect = between * stream.normal();
    for (std::size_t r = 0; r < repeats; ++r) series.push_back(effect + within * stream.normal());
  }
  return series;
}

TEST(MeanOverTasks, WeighsTasksAlikeWhateverIsUndefined) {
  EXPECT_EQ(mean_over_tasks({1, 3, 10, kNan}, 2), 6.0);
  EXPECT_EQ(mean_over_tasks({1, 3, kNan, kNan}, 2), 2.0);
  EXPECT_EQ(mean_over_tasks({kNan, kNan}, 1), std::nullopt);
}

TEST(Bootstrap, DegenerateSeriesGiveWhatTheyHold) {
  const auto single = one({0.7}, 1);
  ASSERT_TRUE(single);
  EXPECT_EQ(single->low, 0.7);
  EXPECT_EQ(single->high, 0.7);
  EXPECT_EQ(one({kNan, kNan, kNan, kNan}, 2), std::nullopt);
  const auto partly = one({0.5, kNan, kNan, kNan}, 2);
  ASSERT_TRUE(partly);
  EXPECT_EQ(partly->mean, 0.5);
  EXPECT_EQ(partly->low, 0.5);
}

TEST(Bootstrap, IntervalHasTheWidthTheoryGives) {
  // One repeat: the deviation of the mean of T values is their deviation / sqrt(T).
  const Series series = simulate(400, 1, 1.0, 0.0, 1);
  double square = 0;
  const double mean = mean_over_tasks(series, 1).value();
  for (const double value : series) square += (value - mean) * (value - mean);
  const double expected = 2 * 1.96 * std::sqrt(square / 400 / 400);
  const auto interval = one(series, 1);
  EXPECT_NEAR(interval->high - interval->low, expected, 0.08 * expected);
}

TEST(Bootstrap, BothTasksAndRepeatsCount) {
  const auto width = [](const Series& series, std::size_t repeats) {
    const auto interval = one(series, repeats);
    return interval->high - interval->low;
  };
  EXPECT_GT(width({1, 2, 3, 4, 5, 6}, 6), 0.5) << "one task of several repeats";
  EXPECT_GT(width({1, 1, 5, 5, 9, 9}, 2), 2) << "tasks that differ, repeats that do not";
}

TEST(Bootstrap, CoversTheTruthAboutAsOftenAsItSays) {
  int covered = 0;
  constexpr int kRounds = 200;
  ThreadPool pool(2);
  std::vector<Series> series;
  for (int i = 0; i < kRounds; ++i) series.push_back(simulate(20, 4, 1.0, 1.0, 100 + static_cast<std::uint64_t>(i)));
  for (const auto& interval : bootstrap(series, 20, 4, 1, pool)) covered += interval->low <= 0 && 0 <= interval->high ? 1 : 0;
  // 95% of 200 is 190, four deviations of that count are 12; percentiles with 20 tasks are known to cover a little less.
  EXPECT_GE(covered, 176);
  EXPECT_LE(covered, 199);
}

TEST(Bootstrap, ADifferenceIsJudgedPairByPair) {
  // The second method is 0.1 better on every draw, while draws differ by far more.
  const Series first = simulate(10, 5, 1.0, 0.5, 7);
  Series second = first;
  Series gain(first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    second[i] += 0.1;
    gain[i] = second[i] - first[i];
  }
  const auto apart = one(second, 5);
  const auto paired = one(gain, 5);
  EXPECT_GT(apart->high - apart->low, 0.4);
  EXPECT_NEAR(paired->low, 0.1, 1e-12);
  EXPECT_NEAR(paired->high, 0.1, 1e-12);
}

TEST(Bootstrap, DependsOnTheSeedButNotOnThreads) {
  const Series series = simulate(6, 3, 1.0, 1.0, 9);
  const auto with = [&](unsigned threads, std::uint64_t seed) {
    ThreadPool pool(threads);
    const auto interval = bootstrap(std::span(&series, 1), 6, 3, seed, pool).front();
    return std::pair(interval->low, interval->high);
  };
  EXPECT_EQ(with(1, 5), with(4, 5));
  EXPECT_NE(with(1, 5), with(1, 6));
}

}  // namespace
}  // namespace oddshot
