// Distances to the nearest rows of each kind, in logarithms so that a table's scale does not matter.
//   nearest-1, -5, -20      to the support's normals: their mean distance
//   anomaly-1, -3           to the known anomalies (rising with abnormality means: small is suspicious, so the sign is turned)
//   difference, log-ratio   of nearest-5 to the normals less anomaly-1, plain (in units of sqrt d) and in logarithms
//   reference-5             to the reference rows
//   reference-ratio         its logarithm less that of anomaly-1
//   local-ratio             nearest-5 against that of those five normals themselves, as the local outlier factor compares densities
// Source: Angiulli, Pizzuti 2002, "Fast outlier detection in high dimensional spaces"; Breunig, Kriegel, Ng, Sander 2000, "LOF:
// identifying density-based local outliers" (local-ratio leaves out its reachability).
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "experts/scores/view_task.h"

namespace oddshot::scores {
namespace {

constexpr std::array<std::string_view, 10> kNames = {"nearest-1",  "nearest-5", "nearest-20",  "anomaly-1",       "anomaly-3",
                                                     "difference", "log-ratio", "reference-5", "reference-ratio", "local-ratio"};
constexpr std::size_t kLocal = 5;

void score_nearest(const ViewTask& task, const ViewRow& row, float* out) {
  constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();
  const std::size_t d = task.columns;
  const float five = mean_distance(row.normals, kLocal);
  const float log_five = log_distance(five, d);
  const float log_reference = log_distance(mean_distance(row.reference, kNearReference), d);
  out[0] = log_distance(mean_distance(row.normals, 1), d);
  out[1] = log_five;
  out[2] = log_distance(mean_distance(row.normals, kNearNormals), d);
  if (row.anomaly_count > 0) {
    const float one = mean_distance(row.anomalies, 1);
    const float log_one = log_distance(one, d);
    out[3] = -log_one;
    out[4] = -log_distance(mean_distance(row.anomalies, kNearAnomalies), d);
    out[5] = (five - one) / std::sqrt(static_cast<float>(d));
    out[6] = log_five - log_one;
    out[8] = log_reference - log_one;
  } else {
    out[3] = out[4] = out[5] = out[6] = out[8] = kNothing;
  }
  out[7] = log_reference;
  const auto local = row.normals.first(std::min(kLocal, row.normals.size()));
  float spread = 0;
  for (const Near& near : local) spread += task.normal_spread[near.index];
  out[9] = log_five - log_distance(spread / static_cast<float>(local.size()), d);
}

}  // namespace

const ScoreFamily kNearest{kNames, score_nearest};

float mean_distance(std::span<const Near> near, std::size_t count) {
  const auto part = near.first(std::min(count, near.size()));
  float sum = 0;
  for (const Near& one : part) sum += one.distance;
  return sum / static_cast<float>(part.size());
}

float log_distance(float t, std::size_t columns) { return std::log(t / std::sqrt(static_cast<float>(columns)) + 0.02F); }

}  // namespace oddshot::scores
