#include "evaluation/reliability.h"

#include <algorithm>
#include <cmath>

#include "evaluation/fit_profile.h"

namespace oddshot {

void ReliabilityCounts::add(double probability, bool anomaly) {
  const auto tenth = std::min<std::size_t>(tenths_.size() - 1, static_cast<std::size_t>(probability * static_cast<double>(tenths_.size())));
  ++tenths_[tenth].rows;
  tenths_[tenth].anomalies += anomaly ? 1 : 0;
  tenths_[tenth].probability += probability;
}

void ReliabilityCounts::add(const ReliabilityCounts& others) {
  for (std::size_t i = 0; i < tenths_.size(); ++i) {
    tenths_[i].rows += others.tenths_[i].rows;
    tenths_[i].anomalies += others.tenths_[i].anomalies;
    tenths_[i].probability += others.tenths_[i].probability;
  }
}

std::optional<Reliability> ReliabilityCounts::result() const {
  Reliability out;
  std::size_t rows = 0, anomalies = 0;
  double off = 0;
  for (const Tenth& tenth : tenths_) {
    Reliability::Bin& bin = out.bins.emplace_back();
    bin.rows = tenth.rows;
    rows += tenth.rows;
    anomalies += tenth.anomalies;
    if (tenth.rows == 0) continue;
    const auto n = static_cast<double>(tenth.rows);
    bin.probability = tenth.probability / n;
    bin.share = static_cast<double>(tenth.anomalies) / n;
    off += n * std::fabs(bin.probability - bin.share);
  }
  if (rows == 0) return std::nullopt;
  out.error = off / static_cast<double>(rows);
  out.share = static_cast<double>(anomalies) / static_cast<double>(rows);
  return out;
}

ReliabilityCounts reliability_of(const ScoreProfile& profile, std::size_t shots, std::span<const float> scores,
                                 std::span<const std::uint8_t> labels) {
  ReliabilityCounts counts;
  const auto draw = judged(scores, labels);
  if (!draw || draw->scores.empty()) return counts;
  const auto anomalies = static_cast<double>(std::ranges::count(draw->labels, std::uint8_t{1}));
  const double share = anomalies / static_cast<double>(draw->labels.size());
  const ScoreProfile::AtShots& at = profile.at(shots);
  for (std::size_t i = 0; i < draw->scores.size(); ++i) {
    counts.add(at.probability(draw->scale, draw->scores[i], share), draw->labels[i] == 1);
  }
  return counts;
}

}  // namespace oddshot
