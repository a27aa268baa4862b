// Distances to the nearest normals.
//   nearest-K/M   log(mean distance to the nearest K / sqrt d + 0.02) in metric M (of sums of |difference|: log(mean / 2d + 0.02))
//   local/M       nearest-5/M less that of these five normals themselves, as the local outlier factor compares densities
// Source: Angiulli, Pizzuti 2002, "Fast outlier detection in high dimensional spaces"; Breunig, Kriegel, Ng, Sander 2000, "LOF:
// identifying density-based local outliers" (local leaves out its reachability).
#include <array>

#include "experts/table/task.h"

namespace oddshot::table {
namespace {

constexpr std::size_t kLocal = 5;

struct Asked {
  Metric metric;
  std::size_t count;
};

constexpr std::array<Asked, 11> kAsked = {Asked{kBlend, 1}, {kBlend, 5},  {kBlend, 20},    {kStandard, 1}, {kStandard, 5},  {kSoft, 5},
                                          {kWhite, 5},      {kRanked, 5}, {kManhattan, 5}, {kLargest, 5},  {kSaturating, 5}};
constexpr std::array<Metric, 3> kLocals = {kBlend, kStandard, kWhite};
constexpr std::array<std::string_view, kAsked.size() + kLocals.size()> kNames = {
    "nearest-1/g", "nearest-5/g",         "nearest-20/g",      "nearest-1/z",          "nearest-5/z", "nearest-5/a", "nearest-5/w",
    "nearest-5/r", "nearest-5/manhattan", "nearest-5/largest", "nearest-5/saturating", "local/g",     "local/z",     "local/w"};
constexpr std::array<std::string_view, 1> kScoreNames = {"nearest-5/scores"};

// Sums over columns grow with their number, a largest difference does not grow.
std::size_t squared_scale(const Task& task, Metric metric) {
  if (metric == kManhattan || metric == kSaturating) return 4 * task.d * task.d;
  return metric == kLargest ? 1 : columns_of(task, metric);
}

float log_near(const Task& task, const Block& block, Metric metric, std::size_t b, std::size_t count) {
  return log_distance(mean_distance(task, block, metric, b, count), squared_scale(task, metric));
}

class Nearest final : public Family {
 public:
  explicit Nearest(const Task& task) : task_(task) {}
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    for (std::size_t b = 0; b < block.rows; ++b) {
      float* to = out.row(b).data() + first;
      for (const auto& [metric, count] : kAsked) *to++ = log_near(task_, block, metric, b, count);
      for (const Metric metric : kLocals) *to++ = log_near(task_, block, metric, b, kLocal) - around(block, metric, b);
    }
  }

 private:
  // log_near of the row's neighbours, among normals but the row itself.
  float around(const Block& block, Metric metric, std::size_t b) const {
    const std::size_t others = task_.normals_for(block, b);
    const auto index = block.near[metric].index.row(b).first(std::min(kLocal, others));
    float sum = 0;
    for (const std::uint32_t i : index) sum += spread(metric, i, block.normal_of(b));
    return log_distance(sum / static_cast<float>(index.size()), squared_scale(task_, metric));
  }
  // Mean distance of a normal to its nearest 5 others but `without`; 0 if there is no other.
  float spread(Metric metric, std::uint32_t normal, std::uint32_t without) const {
    const NearLists& near = task_.normals.near[metric];
    const std::size_t others = std::min<std::size_t>(task_.n - 1, kLocal + 1);
    float sum = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < others && count < kLocal; ++i) {
      if (near.index(normal, i) == without) continue;
      sum += near.distance(normal, i);
      ++count;
    }
    return count > 0 ? sum / static_cast<float>(count) : 0.0F;
  }

  const Task& task_;
};

class ScoreNear final : public Family {
 public:
  explicit ScoreNear(const Task& task) : task_(task) {}
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    for (std::size_t b = 0; b < block.rows; ++b) out(b, first) = log_near(task_, block, kScores, b, kLocal);
  }

 private:
  const Task& task_;
};

}  // namespace

const FamilyEntry kNearest{kNames, [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<Nearest>(task); }};
const FamilyEntry kScoreNear{kScoreNames, [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<ScoreNear>(task); }};

}  // namespace oddshot::table
