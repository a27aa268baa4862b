// A fixed set of worker threads that run numbered pieces of work.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace oddshot {

// Work is handed out by index, so a result stored by index does not depend on which thread made it. Waiting threads sleep.
class ThreadPool {
 public:
  // threads: 1 to 1024, the caller's own included; 0 means one per core of this machine (as the scheduler allows it).
  explicit ThreadPool(unsigned threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  unsigned size() const;

  // Calls work(index, worker) for every index in [0, count), each once, in any order; worker is in [0, size()) and no two
  // calls with the same worker overlap, so per-worker scratch needs no lock. Returns when all are done. The first exception (by
  // index) is rethrown here after all running pieces have ended. Not to be called from inside a piece of work, nor concurrently.
  void parallel_for(std::size_t count, const std::function<void(std::size_t index, unsigned worker)>& work);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace oddshot
