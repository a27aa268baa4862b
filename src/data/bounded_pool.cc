#include "data/bounded_pool.h"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <string>

#include <arrow/memory_pool.h>
#include <arrow/status.h>
#include <unistd.h>

namespace oddshot::data {
namespace {

std::int64_t machine_bytes() {
  const std::int64_t pages = sysconf(_SC_PHYS_PAGES);
  const std::int64_t page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? pages * page : std::numeric_limits<std::int64_t>::max();
}

// mimalloc, which Arrow takes by default, keeps most of what one thread asks for and another lets go, as here: half a gigabyte after a CSV
// file of one. The system's own gives it back. Whoever names an allocator to Arrow gets that one.
arrow::MemoryPool* thrifty_pool() {
  const char* named = std::getenv("ARROW_DEFAULT_MEMORY_POOL");
  return named != nullptr && *named != '\0' ? arrow::default_memory_pool() : arrow::system_memory_pool();
}

class BoundedPool : public arrow::MemoryPool {
 public:
  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;

  arrow::Status Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) override {
    ARROW_RETURN_NOT_OK(check(size));
    return pool_->Allocate(size, alignment, out);
  }
  arrow::Status Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment, std::uint8_t** inout) override {
    ARROW_RETURN_NOT_OK(check(new_size));
    return pool_->Reallocate(old_size, new_size, alignment, inout);
  }
  void Free(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) override { pool_->Free(buffer, size, alignment); }
  // One thread at a time: where glibc's heap serves no allocation yet (another allocator took malloc's place), the malloc_trim beneath sets
  // that heap up without a lock, and a second thread in it walks what is half made.
  void ReleaseUnused() override {
    const std::lock_guard lock(release_);
    pool_->ReleaseUnused();
  }
  std::int64_t bytes_allocated() const override { return pool_->bytes_allocated(); }
  std::int64_t max_memory() const override { return pool_->max_memory(); }
  std::int64_t total_bytes_allocated() const override { return pool_->total_bytes_allocated(); }
  std::int64_t num_allocations() const override { return pool_->num_allocations(); }
  std::string backend_name() const override { return pool_->backend_name(); }

 private:
  arrow::Status check(std::int64_t size) const {
    if (size <= limit_ - pool_->bytes_allocated()) return arrow::Status::OK();
    return arrow::Status::OutOfMemory("it claims a piece of ", size, " bytes, more than this machine has");
  }

  arrow::MemoryPool* pool_ = thrifty_pool();
  std::int64_t limit_ = machine_bytes();
  std::mutex release_;
};

}  // namespace

arrow::MemoryPool* bounded_pool() {
  static auto* const pool = new BoundedPool;  // never destroyed: threads of Arrow may let go of memory while the program ends
  return pool;
}

}  // namespace oddshot::data
