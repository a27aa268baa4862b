#include "oddshot/base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "oddshot/base/error.h"

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace oddshot {

namespace {

constexpr unsigned kMaxThreads = 1024;

// How long a thread looks before it sleeps: 512 pauses are some 25 microseconds, about what waking a sleeper costs. Longer would win
// nothing, and would starve the thread that is waited for where cores are shared.
constexpr int kSpins = 512;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

unsigned allowed_cores() {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) return static_cast<unsigned>(CPU_COUNT(&allowed));
#endif
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

// Invariants. `unclaimed` pieces of the present job are still to be taken, in order of index; whoever lowers it owns a piece, and
// the job (count, work) stands still until `unfinished` is 0. A thread that wakes late or never thus holds up nobody.
struct ThreadPool::Shared {
  std::atomic<std::size_t> unclaimed{0};
  std::atomic<std::size_t> unfinished{0};
  std::size_t count = 0;
  const std::function<void(std::size_t, unsigned)>* work = nullptr;

  std::mutex mutex;
  std::condition_variable work_or_stop;  // unclaimed > 0, or stop
  std::condition_variable finished;      // unfinished == 0
  std::atomic<bool> stop{false};
  std::size_t error_index = 0;
  std::exception_ptr error;  // of the lowest index so far
  std::vector<std::thread> threads;

  ~Shared() {
    {
      const std::lock_guard lock(mutex);
      stop = true;
    }
    work_or_stop.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  // Takes pieces until none is left.
  void take_pieces(unsigned worker) {
    std::size_t left = unclaimed.load(std::memory_order_acquire);
    while (left > 0) {
      if (!unclaimed.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      run_piece(count - left, worker);
      left = unclaimed.load(std::memory_order_acquire);
    }
  }

  void run_piece(std::size_t index, unsigned worker) {
    std::size_t ended = 1;
    try {
      (*work)(index, worker);
    } catch (...) {
      // Pieces are claimed in order, so all below this one have been; dropping the rest cannot hide a lower exception.
      ended += unclaimed.exchange(0, std::memory_order_acq_rel);
      const std::lock_guard lock(mutex);
      if (!error || index < error_index) {
        error = std::current_exception();
        error_index = index;
      }
    }
    if (unfinished.fetch_sub(ended, std::memory_order_acq_rel) != ended) return;
    const std::lock_guard lock(mutex);
    finished.notify_one();
  }

  void serve(unsigned worker) {
    while (true) {
      for (int i = 0; i < kSpins && unclaimed.load(std::memory_order_relaxed) == 0; ++i) pause();
      if (unclaimed.load(std::memory_order_relaxed) == 0) {
        std::unique_lock lock(mutex);
        work_or_stop.wait(lock, [&] { return unclaimed.load() > 0 || stop; });
      }
      if (stop) return;
      take_pieces(worker);
    }
  }

  void wait_until_finished() {
    for (int i = 0; i < kSpins && unfinished.load(std::memory_order_acquire) > 0; ++i) pause();
    if (unfinished.load(std::memory_order_acquire) == 0) return;
    std::unique_lock lock(mutex);
    finished.wait(lock, [&] { return unfinished.load() == 0; });
  }
};

ThreadPool::ThreadPool(unsigned threads) : shared_(std::make_unique<Shared>()) {
  if (threads > kMaxThreads) {
    throw ArgumentError("threads must be 0 (one per core) to " + std::to_string(kMaxThreads) + ", not " + std::to_string(threads));
  }
  if (threads == 0) threads = std::min(allowed_cores(), kMaxThreads);
  shared_->threads.reserve(threads - 1);
  for (unsigned worker = 1; worker < threads; ++worker) {
    try {
      shared_->threads.emplace_back([shared = shared_.get(), worker] { shared->serve(worker); });
    } catch (const std::system_error& error) {
      throw ArgumentError("the system refused thread " + std::to_string(worker + 1) + " of " + std::to_string(threads) + ": " +
                          error.what() + "; ask for fewer threads");
    }
  }
}

ThreadPool::~ThreadPool() = default;

unsigned ThreadPool::size() const { return static_cast<unsigned>(shared_->threads.size()) + 1; }

void ThreadPool::parallel_for(std::size_t count, const std::function<void(std::size_t, unsigned)>& work) {
  if (count == 0) return;
  Shared& shared = *shared_;
  shared.count = count;
  shared.work = &work;
  shared.unfinished.store(count, std::memory_order_relaxed);
  {
    // Under the lock, so that a worker about to sleep cannot miss it.
    const std::lock_guard lock(shared.mutex);
    shared.unclaimed.store(count, std::memory_order_release);
  }
  if (count > 1) shared.work_or_stop.notify_all();
  shared.take_pieces(0);
  shared.wait_until_finished();
  if (shared.error) std::rethrow_exception(std::exchange(shared.error, nullptr));
}

}  // namespace oddshot
