// Likelihood ratio of anomalies to normals, each column for itself: mean over the columns, largest of
//   log((m f(x) + 2 g(x)) / ((m + 2) g(x)))     f the density of the m other anomalies in q, g that of the other normals
// so that two pseudo-anomalies spread as the normals are keep it from below, and a known anomaly raises it near itself alone.
#include <array>
#include <cmath>
#include <limits>

#include "experts/table/grid_density.h"
#include "experts/table/summary.h"
#include "experts/table/task.h"

namespace oddshot::table {
namespace {

constexpr std::array<std::string_view, 2> kNames = {"likelihood/mean", "likelihood/largest"};
constexpr float kReach = 4;
constexpr float kBandwidth = 0.35F;
constexpr float kPrior = 2;
constexpr float kLeast = 1e-3F;

class Likelihood final : public Family {
 public:
  explicit Likelihood(const Task& task) : task_(task) {
    if (task.k == 0) return;
    std::vector<float> values;
    for (std::size_t j = 0; j < task.d; ++j) {
      values.clear();
      for (std::size_t i = 0; i < task.n; ++i) values.push_back(task.normal_rows[kGaussian](i, j));
      normals_.emplace_back(values, kReach, kBandwidth);
      values.clear();
      for (std::size_t i = 0; i < task.k; ++i) values.push_back(task.anomaly_rows[kGaussian](i, j));
      anomalies_.emplace_back(values, kReach, kBandwidth);
    }
  }
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    for (std::size_t b = 0; b < block.rows; ++b) {
      const auto known = static_cast<float>(task_.anomalies_for(block, b));
      if (known == 0) {
        out(b, first) = out(b, first + 1) = std::numeric_limits<float>::quiet_NaN();
        continue;
      }
      Largest3 ratio;
      for (std::size_t j = 0; j < task_.d; ++j) {
        const float q = block.planes.q(b, j);
        const float normal = normals_[j].at(q, block.normal_of(b) != kNobody) + kLeast;
        const float anomaly = anomalies_[j].at(q, block.anomaly_of(b) != kNobody);
        ratio.add(std::log((known * anomaly + kPrior * normal) / ((known + kPrior) * normal)));
      }
      out(b, first) = ratio.mean();
      out(b, first + 1) = ratio.largest();
    }
  }

 private:
  const Task& task_;
  std::vector<GridDensity> normals_, anomalies_;  // [d]
};

}  // namespace

const FamilyEntry kLikelihood{kNames, [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<Likelihood>(task); }};

}  // namespace oddshot::table
