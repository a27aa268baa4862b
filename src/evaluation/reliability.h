// Whether rows that are called anomalies with a probability of p are anomalies in a share p of the cases.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "oddshot/evaluation/evaluate.h"
#include "oddshot/model_io/score_profile.h"

namespace oddshot {

// Rows counted by tenths of their probability.
class ReliabilityCounts {
 public:
  void add(double probability, bool anomaly);
  void add(const ReliabilityCounts& others);
  // Nothing before the first row.
  std::optional<Reliability> result() const;

 private:
  struct Tenth {
    std::size_t rows = 0;
    std::size_t anomalies = 0;
    double probability = 0;  // sum
  };
  std::array<Tenth, 10> tenths_{};
};

// Of one draw's query, [Q] scores and labels: half of the normals (at most 200) calibrate, the rest is judged, at its own share of
// anomalies. Empty if it has too few rows.
ReliabilityCounts reliability_of(const ScoreProfile& profile, std::size_t shots, std::span<const float> scores,
                                 std::span<const std::uint8_t> labels);

}  // namespace oddshot
