// How far the most extreme columns of a row lie from the middle of the training normals, which is 0 in every view.
//   largest        log of the largest |column|
//   largest-5      log of the mean of the five largest
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "experts/scores/view_task.h"
#include "experts/smallest.h"

namespace oddshot::scores {
namespace {

constexpr std::array<std::string_view, 2> kNames = {"largest", "largest-5"};
constexpr std::size_t kFew = 5;
constexpr float kFloor = 0.05F;  // of a deviation: smaller extremes are all the same

void score_extremes(const ViewTask& task, const ViewRow& row, float* out) {
  std::vector<float> sizes(task.columns);  // signs turned: the smallest are asked for
  std::ranges::transform(row.x, sizes.begin(), [](float x) { return -std::fabs(x); });
  std::array<float, kFew> least{};
  std::array<std::uint32_t, kFew> columns;
  const std::size_t few = smallest(std::span<const float>(sizes), std::span(least).first(std::min(kFew, task.columns)), columns.data(),
                                   [](std::size_t) { return false; });
  float sum = 0;
  for (std::size_t i = 0; i < few; ++i) sum -= least[i];
  out[0] = std::log(kFloor - least[0]);
  out[1] = std::log(sum / static_cast<float>(few) + kFloor);
}

}  // namespace

const ScoreFamily kExtremes{kNames, score_extremes};

}  // namespace oddshot::scores
