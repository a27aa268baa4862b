// A Gaussian kernel density of some values on an even grid, so that reading it at a point costs two steps however many values there are.
// Values share their weight between the two grid points beside them; leaving one out is exact for the density as the grid has it.
// Source: Wand, Jones 1995, "Kernel smoothing", appendix D (binned estimators).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace oddshot::table {

class GridDensity {
 public:
  // values beyond +-reach count as at its ends; bandwidth > 0.   O(values + grid * bandwidth / step).
  GridDensity(std::span<const float> values, float reach, float bandwidth);

  // The density at x, of the values but for one equal to x if `without_own`; 0 of none.
  float at(float x, bool without_own) const;
  std::size_t count() const { return count_; }

 private:
  static constexpr std::size_t kGrid = 256;
  struct Place {
    std::size_t low = 0;
    float share = 0;  // of the upper grid point
  };
  Place place(float x) const;

  std::size_t count_ = 0;
  float reach_ = 0, per_step_ = 0;
  std::vector<float> kernel_;  // at 0, 1, .. steps
  std::vector<float> sums_;    // [kGrid]
};

}  // namespace oddshot::table
