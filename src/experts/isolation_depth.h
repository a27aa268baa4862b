// How deep rows lie in trees that isolate them, as a score: what isolation-forest and extended-isolation-forest share.
//   score(x) = 2^(-mean over trees of h(x) / c(B))        h: depth of x's leaf, plus c(n) for the n > 1 rows left in it; trees on B rows
//   c(n) = 2 H(n - 1) - 2 (n - 1) / n                     the mean depth of an unsuccessful search; H: harmonic number
// Source: Liu, Ting, Zhou 2008, "Isolation forest".
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace oddshot {

class IsolationDepth {
 public:
  explicit IsolationDepth(std::size_t bag) : mean_depth_(bag + 1), limit_(static_cast<std::uint32_t>(std::bit_width(bag - 1))) {
    double harmonic = 0;
    for (std::size_t i = 2; i <= bag; ++i) {
      harmonic += 1 / static_cast<double>(i - 1);
      mean_depth_[i] = static_cast<float>(2 * harmonic - 2 * static_cast<double>(i - 1) / static_cast<double>(i));
    }
    per_depth_ = 1 / static_cast<double>(mean_depth_[bag]);
  }

  // At which trees end: ceil(log2 B).
  std::uint32_t limit() const { return limit_; }
  // h in a leaf of so many rows.
  float length(std::uint32_t depth, std::size_t rows) const { return static_cast<float>(depth) + mean_depth_[rows]; }
  float score(double mean_length) const { return static_cast<float>(std::exp2(-mean_length * per_depth_)); }

 private:
  std::vector<float> mean_depth_;  // c(n), n up to B
  std::uint32_t limit_;
  double per_depth_ = 1;  // at a mean length of c(B) the score is one half
};

}  // namespace oddshot
