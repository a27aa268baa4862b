#include "experts/table/standard.h"

#include <algorithm>
#include <cmath>

#include "experts/table/sorted.h"

namespace oddshot::table {
namespace {

constexpr float kLowest = -6;
constexpr float kHighest = 24;
constexpr float kKnee = 6;    // from here a level grows with the logarithm,
constexpr float kSlower = 3;  // as log(1 + (t - 6) / 3): what is far away still has an order, and outweighs nothing
constexpr float kUnit = 3;
// Scores that hardly differ among the normals are not blown up by rounding: logarithms of distances are of the order of 1.
constexpr float kLeastSpread = 1e-3F;
constexpr float kOfDeviation = 0.1F;

float quantile_of(std::span<const float> sorted, float p) {
  const float place = p * static_cast<float>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(place);
  const float share = place - static_cast<float>(low);
  return (1 - share) * sorted[low] + share * sorted[std::min(low + 1, sorted.size() - 1)];
}

double deviation_of(std::span<const float> values) {
  double mean = 0;
  for (const float value : values) mean += static_cast<double>(value) / static_cast<double>(values.size());
  double squares = 0;
  for (const float value : values) squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

}  // namespace

Standard::Standard(std::span<const float> scores) {
  std::ranges::copy_if(scores, std::back_inserter(sorted_), [](float score) { return std::isfinite(score); });
  if (sorted_.empty()) return;
  std::ranges::sort(sorted_);
  middle_ = quantile_of(sorted_, 0.5F);
  const float half = 0.5F * (quantile_of(sorted_, 0.84F) - quantile_of(sorted_, 0.16F));
  per_spread_ = 1 / std::max({half, kOfDeviation * static_cast<float>(deviation_of(sorted_)), kLeastSpread * (1 + std::fabs(middle_))});
  // A few normals cannot tell that a row is many spreads away.
  const float most = 2 * std::sqrt(static_cast<float>(sorted_.size() + 1));
  lowest_ = std::max(kLowest, -most);
  highest_ = std::min(kHighest, most);
}

float Standard::level(float score) const {
  if (!std::isfinite(score)) return 0;
  const float spreads = (score - middle_) * per_spread_;
  const float grown = spreads > kKnee ? kKnee + kSlower * std::log1p((spreads - kKnee) / kSlower) : spreads;
  return std::clamp(grown, lowest_, highest_) / kUnit;
}

float Standard::tail(float score, bool own) const {
  if (!std::isfinite(score) || sorted_.empty()) return 0;
  const auto [first, last] = equal_places(sorted_, score);
  const auto itself = static_cast<float>(own ? 1 : 0);
  const float below = static_cast<float>(first) + 0.5F * (static_cast<float>(last - first) - itself);
  const float n = static_cast<float>(sorted_.size()) - itself;
  return -std::log10(1 - below / (n + 1));
}

}  // namespace oddshot::table
