#include "oddshot/base/thread_pool.h"

#include <atomic>
#include <chrono>
#include <ctime>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

class ThreadPools : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Of, ThreadPools, testing::Values(1U, 2U, 5U));

TEST_P(ThreadPools, RunEveryIndexOnce) {
  ThreadPool pool(GetParam());
  for (const std::size_t count : {0, 1, 2, 7, 1000}) {
    std::vector<std::atomic<int>> runs(count);
    pool.parallel_for(count, [&](std::size_t index, unsigned /*worker*/) { ++runs[index]; });
    for (const std::atomic<int>& run : runs) EXPECT_EQ(run, 1);
  }
}

TEST_P(ThreadPools, NeverRunTwoPiecesWithOneWorkerNumber) {
  ThreadPool pool(GetParam());
  std::vector<std::atomic<int>> busy(pool.size());
  std::atomic<bool> overlap{false};
  pool.parallel_for(2000, [&](std::size_t /*index*/, unsigned worker) {
    if (busy.at(worker)++ != 0) overlap = true;
    std::this_thread::yield();
    --busy[worker];
  });
  EXPECT_FALSE(overlap);
}

TEST_P(ThreadPools, RethrowTheExceptionOfTheLowestIndexAndStayUsable) {
  ThreadPool pool(GetParam());
  for (int round = 0; round < 50; ++round) {
    std::string message;
    try {
      pool.parallel_for(64, [](std::size_t index, unsigned /*worker*/) {
        if (index >= 9 && index % 2 == 1) throw std::runtime_error(std::to_string(index));
      });
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    ASSERT_EQ(message, "9");
    std::atomic<int> runs{0};
    pool.parallel_for(10, [&](std::size_t /*index*/, unsigned /*worker*/) { ++runs; });
    ASSERT_EQ(runs, 10);
  }
}

TEST_P(ThreadPools, MakeResultsVisibleToTheCaller) {
  ThreadPool pool(GetParam());
  std::vector<std::size_t> squares(100);
  for (std::size_t round = 0; round < 2000; ++round) {
    pool.parallel_for(squares.size(), [&](std::size_t index, unsigned /*worker*/) { squares[index] = index * index + round; });
    ASSERT_EQ(std::accumulate(squares.begin(), squares.end(), std::size_t{0}), 328350 + 100 * round);
  }
}

TEST(ThreadPool, SharesWorkAmongItsThreads) {
  ThreadPool pool(2);
  std::vector<std::atomic<int>> runs(2);
  pool.parallel_for(20, [&](std::size_t /*index*/, unsigned worker) {
    ++runs[worker];
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  EXPECT_GT(runs[0], 0);
  EXPECT_GT(runs[1], 0);
}

TEST(ThreadPool, SleepsWhileItWaits) {
  ThreadPool pool(4);
  pool.parallel_for(8, [](std::size_t /*index*/, unsigned /*worker*/) {});
  const std::clock_t before = std::clock();  // time of all threads of this process
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC, 0.05);
}

TEST(ThreadPool, HasOneThreadPerCoreUnlessTold) {
  EXPECT_GE(ThreadPool().size(), 1U);
  EXPECT_EQ(ThreadPool(3).size(), 3U);
}

TEST(ThreadPool, RefusesAnAbsurdNumberOfThreads) { EXPECT_THROW(ThreadPool(1025), ArgumentError); }

}  // namespace
}  // namespace oddshot
