// How much nearer a row is to the known anomalies than to the normals: logarithms l(t) = log(t / sqrt d + 0.02).
//   contrast-K/M           l(mean distance to the nearest 5 normals) - l(mean distance to the nearest K anomalies) in metric M
//   contrast/subspaces     the mean of contrast-1 over the random subspaces, each weighing as much as it sets the known anomalies apart:
//                          max(0, their mean contrast less the normals') / the normals' deviation. Of one anomaly: alike.
// A known anomaly is left out of the weights too, but not of the other anomalies' contrasts.
// Source: nearest-neighbour classification by the ratio of distances, Cover, Hart 1967, "Nearest neighbor pattern classification".
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "experts/table/task.h"

namespace oddshot::table {
namespace {

constexpr std::array<Metric, 5> kIn = {kBlend, kStandard, kWhite, kRanked, kScores};
constexpr std::array<std::string_view, 2 * kIn.size()> kNames = {"contrast-1/g",      "contrast-3/g",     "contrast-1/z", "contrast-3/z",
                                                                 "contrast-1/w",      "contrast-3/w",     "contrast-1/r", "contrast-3/r",
                                                                 "contrast-1/scores", "contrast-3/scores"};
constexpr std::array<std::string_view, 1> kSubspaceNames = {"contrast/subspaces"};
constexpr std::size_t kNormals = 5;
using Weights = std::array<float, kSubspaces>;

float contrast(const Task& task, const Block& block, std::size_t metric, std::size_t b, std::size_t anomalies) {
  const std::size_t columns = columns_of(task, metric);
  return log_distance(mean_distance(task, block, metric, b, kNormals), columns) -
         log_distance(anomaly_distance(block, metric, b, anomalies), columns);
}

Weights contrasts(const Task& task, const Block& block, std::size_t b) {
  Weights out{};
  for (std::size_t s = 0; s < kSubspaces; ++s) out[s] = contrast(task, block, kFirstSubspace + s, b, 1);
  return out;
}

class Contrast final : public Family {
 public:
  explicit Contrast(const Task& task) : task_(task) {}
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    for (std::size_t b = 0; b < block.rows; ++b) {
      float* to = out.row(b).data() + first;
      for (const Metric metric : kIn) {
        *to++ = contrast(task_, block, metric, b, 1);
        *to++ = contrast(task_, block, metric, b, 3);
      }
    }
  }

 private:
  const Task& task_;
};

class SubspaceContrast final : public Family {
 public:
  explicit SubspaceContrast(const Task& task) : task_(task) {
    if (task.k < 2) return;
    for (std::size_t i = 0; i < task.n; ++i) {
      const Weights one = contrasts(task, task.normals, i);
      for (std::size_t s = 0; s < kSubspaces; ++s) normal_mean_[s] += one[s] / static_cast<float>(task.n);
    }
    for (std::size_t i = 0; i < task.n; ++i) {
      const Weights one = contrasts(task, task.normals, i);
      for (std::size_t s = 0; s < kSubspaces; ++s) {
        normal_variance_[s] += (one[s] - normal_mean_[s]) * (one[s] - normal_mean_[s]) / static_cast<float>(task.n);
      }
    }
    for (std::size_t a = 0; a < task.k; ++a) {
      const Weights& one = of_anomalies_.emplace_back(contrasts(task, task.anomalies, a));
      for (std::size_t s = 0; s < kSubspaces; ++s) anomaly_sum_[s] += one[s];
    }
    weights_ = weigh(kNobody);
  }
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    for (std::size_t b = 0; b < block.rows; ++b) out(b, first) = weighted(block, b);
  }

 private:
  // Weights of the subspaces by all anomalies but one.
  Weights weigh(std::uint32_t without) const {
    Weights out;
    out.fill(1);
    const std::size_t known = task_.k - (without != kNobody ? 1 : 0);
    if (known < 2) return out;
    for (std::size_t s = 0; s < kSubspaces; ++s) {
      const float sum = anomaly_sum_[s] - (without != kNobody ? of_anomalies_[without][s] : 0.0F);
      out[s] = 1e-3F + std::max(0.0F, sum / static_cast<float>(known) - normal_mean_[s]) / (std::sqrt(normal_variance_[s]) + 0.05F);
    }
    return out;
  }
  float weighted(const Block& block, std::size_t b) const {
    if (task_.anomalies_for(block, b) == 0) return std::numeric_limits<float>::quiet_NaN();
    const Weights weights = block.anomaly_of(b) != kNobody ? weigh(block.anomaly_of(b)) : weights_;
    const Weights one = contrasts(task_, block, b);
    float sum = 0;
    float all = 0;
    for (std::size_t s = 0; s < kSubspaces; ++s) {
      sum += weights[s] * one[s];
      all += weights[s];
    }
    return sum / all;
  }

  const Task& task_;
  Weights normal_mean_{}, normal_variance_{}, anomaly_sum_{};
  std::vector<Weights> of_anomalies_;  // [k]
  Weights weights_{1, 1, 1, 1, 1, 1, 1, 1};
};

}  // namespace

const FamilyEntry kContrast{kNames, [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<Contrast>(task); }};
const FamilyEntry kSubspaceContrast{kSubspaceNames,
                                    [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<SubspaceContrast>(task); }};

}  // namespace oddshot::table
