// The share of the work that is done, told from any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>

namespace oddshot {

class Progress {
 public:
  // `report` may be empty; it must outlive this.
  Progress(const std::function<void(double)>& report, std::size_t pieces) : report_(report), pieces_(pieces) {}

  // One more piece is done. Safe for concurrent use; reports are one at a time and rise.
  void done_one() {
    const std::lock_guard lock(mutex_);
    ++done_;
    tell();
  }
  // All is done, also where pieces fell away on the way.
  void finish() {
    const std::lock_guard lock(mutex_);
    if (done_ == pieces_) return;
    done_ = pieces_;
    tell();
  }

 private:
  void tell() const {
    if (report_) report_(static_cast<double>(done_) / static_cast<double>(pieces_));
  }

  const std::function<void(double)>& report_;
  std::size_t pieces_;
  std::size_t done_ = 0;
  std::mutex mutex_;
};

}  // namespace oddshot
