// Memory for Arrow's readers: what exceeds the machine is refused, and threads may let go of what is unused at the same time.
#include "data/bounded_pool.h"

#include <atomic>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

#include <arrow/memory_pool.h>
#include <arrow/status.h>
#include <gtest/gtest.h>

namespace oddshot {
namespace {

TEST(BoundedPool, RefusesMoreThanTheMachineHas) {
  std::uint8_t* bytes = nullptr;
  EXPECT_TRUE(data::bounded_pool()->Allocate(std::numeric_limits<std::int64_t>::max() / 2, 64, &bytes).IsOutOfMemory());
  ASSERT_TRUE(data::bounded_pool()->Allocate(1024, 64, &bytes).ok());
  EXPECT_TRUE(data::bounded_pool()->Reallocate(1024, std::numeric_limits<std::int64_t>::max() / 2, 64, &bytes).IsOutOfMemory());
  data::bounded_pool()->Free(bytes, 1024, 64);
}

// Under ASan, whose malloc leaves glibc's heap untouched, two threads in malloc_trim at once crash in most runs.
TEST(BoundedPool, IsReleasedByManyThreadsAtOnce) {
  constexpr int kThreads = 8;
  std::atomic<int> ready = 0;
  std::atomic<int> done = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (++ready; ready < kThreads;) std::this_thread::yield();
        data::bounded_pool()->ReleaseUnused();
        ++done;
      });
    }
  }
  EXPECT_EQ(done, kThreads);
}

}  // namespace
}  // namespace oddshot
