// Where a row lies along the way from the mean normal m to the mean known anomaly a, and how far from either.
//   projection     (x - m) . (a - m) / |a - m|
//   cosine         of the angle between x - m and a - m
//   from-normals   log distance to m
//   to-anomalies   log distance to a, sign turned
#include <array>
#include <cmath>
#include <limits>

#include "experts/scores/view_task.h"

namespace oddshot::scores {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"projection", "cosine", "from-normals", "to-anomalies"};
constexpr float kSmallest = 1e-6F;  // a length below this has no direction

void score_direction(const ViewTask& task, const ViewRow& row, float* out) {
  constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();
  const std::size_t d = task.columns;
  if (row.anomaly_count == 0) {
    float square = 0;
    for (std::size_t j = 0; j < d; ++j) {
      const float from = row.x[j] - row.mean_normals[j];
      square += from * from;
    }
    out[0] = out[1] = out[3] = kNothing;
    out[2] = log_distance(std::sqrt(square), d);
    return;
  }
  float product = 0;
  float from_square = 0;
  float way_square = 0;
  float to_square = 0;
  for (std::size_t j = 0; j < d; ++j) {
    const float from = row.x[j] - row.mean_normals[j];
    const float to = row.x[j] - row.mean_anomalies[j];
    const float way = from - to;
    product += from * way;
    from_square += from * from;
    way_square += way * way;
    to_square += to * to;
  }
  const float from = std::sqrt(from_square);
  const float way = std::sqrt(way_square);
  out[0] = way > kSmallest ? product / way : 0.0F;
  out[1] = way > kSmallest && from > kSmallest ? product / (way * from) : 0.0F;
  out[2] = log_distance(from, d);
  out[3] = -log_distance(std::sqrt(to_square), d);
}

}  // namespace

const ScoreFamily kDirection{kNames, score_direction};

}  // namespace oddshot::scores
