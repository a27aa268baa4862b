// How far the most extreme columns of a row lie from the middle of the training normals, which is 0 in every view.
//   largest        log of the largest |column|
//   largest-5      log of the mean of the five largest
#include <algorithm>
#include <array>
#include <cmath>

#include "experts/scores/view_task.h"

namespace oddshot::scores {
namespace {

constexpr std::array<std::string_view, 2> kNames = {"largest", "largest-5"};
constexpr std::size_t kFew = 5;
constexpr float kFloor = 0.05F;  // of a deviation: smaller extremes are all the same

void score_extremes(const ViewTask& task, const ViewRow& row, float* out) {
  std::array<float, kFew> largest{};  // falling
  const std::size_t few = std::min(kFew, task.columns);
  for (const float x : row.x) {
    float value = std::fabs(x);
    if (!(value > largest[few - 1])) continue;
    for (std::size_t i = 0; i < few; ++i) {
      if (value > largest[i]) std::swap(value, largest[i]);
    }
  }
  float sum = 0;
  for (std::size_t i = 0; i < few; ++i) sum += largest[i];
  out[0] = std::log(largest[0] + kFloor);
  out[1] = std::log(sum / static_cast<float>(few) + kFloor);
}

}  // namespace

const ScoreFamily kExtremes{kNames, score_extremes};

}  // namespace oddshot::scores
