#include "experts/table/context.h"

#include <algorithm>
#include <cmath>

namespace oddshot::table {
namespace {

constexpr std::size_t kNeighbours = 10;
constexpr std::size_t kFew = 10;
constexpr std::size_t kCorrelated = 64;
constexpr float kFar = 4;

float dimension_of(const Task& task) {
  double sum = 0;
  double count = 0;
  const std::size_t nearest = std::min(kNeighbours, task.n - 1);
  for (std::size_t i = 0; i < task.n; ++i) {
    const auto near = task.normals.near[kBlend].distance.row(i).first(nearest);
    for (std::size_t k = 0; k + 1 < nearest; ++k) {
      if (!(near[k] > 0)) continue;
      sum += std::log(static_cast<double>(near.back()) / static_cast<double>(near[k]));
      ++count;
    }
  }
  return sum > 0 ? static_cast<float>(std::min(count / sum, 1e3)) : 0.0F;
}

// Different values of a column among the normals.
std::size_t values_of(const Task& task, std::size_t column) {
  std::vector<std::uint32_t> below(task.n);
  for (std::size_t i = 0; i < task.n; ++i) below[i] = task.normals.planes.below(i, column);
  std::ranges::sort(below);
  return static_cast<std::size_t>(std::unique(below.begin(), below.end()) - below.begin());
}

float correlation_of(const Task& task) {
  const std::size_t d = std::min(task.d, kCorrelated);
  Matrix columns(d, task.n);  // of length 1, or 0 where all are equal
  for (std::size_t j = 0; j < d; ++j) {
    const auto column = columns.row(j);
    float mean = 0;
    for (std::size_t i = 0; i < task.n; ++i) mean += task.by_column(j, i) / static_cast<float>(task.n);
    float squares = 0;
    for (std::size_t i = 0; i < task.n; ++i) {
      column[i] = task.by_column(j, i) - mean;
      squares += column[i] * column[i];
    }
    const float length = std::sqrt(squares);
    for (float& value : column) value = length > 0 ? value / length : 0.0F;
  }
  float sum = 0;
  for (std::size_t j = 0; j < d; ++j) {
    for (std::size_t l = 0; l < j; ++l) {
      float dot = 0;
      for (std::size_t i = 0; i < task.n; ++i) dot += columns(j, i) * columns(l, i);
      sum += std::fabs(dot);
    }
  }
  return d > 1 ? sum / (0.5F * static_cast<float>(d * (d - 1))) : 0.0F;
}

}  // namespace

std::array<float, kContextNames.size()> context_of(const Task& task) {
  const auto n = static_cast<float>(task.n);
  const auto d = static_cast<float>(task.d);
  const auto k = static_cast<float>(task.k);
  float few = 0;
  float discrete = 0;
  for (std::size_t j = 0; j < task.d; ++j) {
    const std::size_t values = values_of(task, j);
    few += values <= kFew ? 1 / d : 0.0F;
    discrete += values <= std::max<std::size_t>(2, task.n / 4) ? 1 / d : 0.0F;
  }
  float heavy = 0;
  for (std::size_t i = 0; i < task.n; ++i) {
    for (const float z : task.normals.planes.z.row(i)) heavy += std::fabs(z) > kFar ? 1 / (n * d) : 0.0F;
  }
  return {std::log1p(d) / 5,
          std::log(n) / 6,
          std::log1p(dimension_of(task)) / 4,
          few,
          discrete,
          correlation_of(task),
          std::min(heavy * 10, 1.0F),
          k > 0 ? 1.0F : 0.0F,
          k >= 5 ? 1.0F : 0.0F,
          std::log1p(k) / 3};
}

}  // namespace oddshot::table
