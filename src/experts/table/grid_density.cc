#include "experts/table/grid_density.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace oddshot::table {

GridDensity::GridDensity(std::span<const float> values, float reach, float bandwidth)
    : count_(values.size()), reach_(reach), per_step_(static_cast<float>(kGrid - 1) / (2 * reach)), sums_(kGrid) {
  const float steps = bandwidth * per_step_;  // a bandwidth in steps
  const float peak = 1 / (bandwidth * std::sqrt(2 * std::numbers::pi_v<float>));
  const auto width = std::clamp<std::size_t>(static_cast<std::size_t>(4 * steps), 1, kGrid - 1);
  for (std::size_t i = 0; i <= width; ++i) {
    const float t = static_cast<float>(i) / steps;
    kernel_.push_back(peak * std::exp(-0.5F * t * t));
  }
  std::vector<float> weight(kGrid);
  for (const float value : values) {
    const Place at = place(value);
    weight[at.low] += 1 - at.share;
    weight[at.low + 1] += at.share;
  }
  for (std::size_t g = 0; g < kGrid; ++g) {
    if (weight[g] == 0) continue;
    const std::size_t last = std::min(kGrid - 1, g + width);
    for (std::size_t to = g > width ? g - width : 0; to <= last; ++to) sums_[to] += weight[g] * kernel_[to > g ? to - g : g - to];
  }
}

GridDensity::Place GridDensity::place(float x) const {
  const float at = (std::clamp(x, -reach_, reach_) + reach_) * per_step_;
  const std::size_t low = std::min(static_cast<std::size_t>(at), kGrid - 2);
  return {low, at - static_cast<float>(low)};
}

float GridDensity::at(float x, bool without_own) const {
  const std::size_t others = count_ - (without_own ? 1 : 0);
  if (others == 0) return 0;
  const auto [low, share] = place(x);
  float sum = (1 - share) * sums_[low] + share * sums_[low + 1];
  if (without_own) sum -= ((1 - share) * (1 - share) + share * share) * kernel_[0] + 2 * share * (1 - share) * kernel_[1];
  return std::max(sum, 0.0F) / static_cast<float>(others);
}

}  // namespace oddshot::table
