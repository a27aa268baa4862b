#include <limits>

#include "experts/scores/view_task.h"

namespace oddshot::scores {

float LinearFit::predict(std::span<const float> x) const {
  // In double: of a known anomaly far off bias and sum are large, and a normal row's score is their small difference.
  double sum = bias;
  for (std::size_t j = 0; j < x.size(); ++j) sum += static_cast<double>(weights[j]) * static_cast<double>(x[j]);
  return static_cast<float>(sum);
}

float linear_score(const LinearFit& fit, const ViewRow& row) {
  if (row.anomaly_count == 0) return std::numeric_limits<float>::quiet_NaN();
  if (row.own_normal != kNobody) return fit.normals_left_out[row.own_normal];
  if (row.own_anomaly != kNobody) return fit.anomalies_left_out[row.own_anomaly];
  return fit.predict(row.x);
}

}  // namespace oddshot::scores
