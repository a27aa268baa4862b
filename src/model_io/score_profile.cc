#include "oddshot/model_io/score_profile.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "oddshot/base/error.h"

namespace oddshot {
namespace {

constexpr double kMostTail = 2;
constexpr double kLeastSpread = 1e-6;  // of the middle's size: below it scores are one value

double quantile(const std::vector<float>& rising, double share) {
  const double at = share * static_cast<double>(rising.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, rising.size() - 1);
  const double part = at - static_cast<double>(below);
  return (1 - part) * double{rising[below]} + part * double{rising[above]};
}

}  // namespace

ScoreScale::ScoreScale(std::span<const float> scores) : rising_(scores.begin(), scores.end()) {
  if (rising_.empty()) throw ArgumentError("no score of a normal row to measure others by");
  for (const float score : rising_) {
    if (!std::isfinite(score)) throw ArgumentError("a score of a normal row is not finite");
  }
  std::ranges::sort(rising_);
  middle_ = quantile(rising_, 0.5);
  spread_ = std::max((quantile(rising_, 0.84) - quantile(rising_, 0.16)) / 2, kLeastSpread * std::max(1.0, std::fabs(middle_)));
}

double ScoreScale::standardised(double score) const {
  const double t = (score - middle_) / spread_;
  return std::copysign(std::log1p(std::fabs(t)), t);
}

double ScoreScale::tail(double score) const {
  const auto above = std::distance(std::lower_bound(rising_.begin(), rising_.end(), score), rising_.end());
  const double p = (1 + static_cast<double>(above)) / (1 + static_cast<double>(rising_.size()));
  return std::min(kMostTail, -std::log10(p));
}

double ScoreProfile::AtShots::probability(const ScoreScale& scale, double score, double share) const {
  const double balanced = intercept + of_score * scale.standardised(score) + of_tail * scale.tail(score);
  return 1 / (1 + std::exp(-(balanced + std::log(share / (1 - share)))));
}

const ScoreProfile::AtShots& ScoreProfile::at(std::size_t anomalies) const {
  const auto after = std::ranges::upper_bound(shots, anomalies, {}, &AtShots::shots);
  return after == shots.begin() ? shots.front() : *std::prev(after);
}

}  // namespace oddshot
