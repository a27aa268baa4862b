// Kernel density of each column by itself: mean over the columns, largest, mean of the three largest of
//   -log((m f(x) + c) / (m + 1))     f the density of the m other normals in a, c = 1/20 that of one more spread over the whole range
// with bandwidth 0.9 n^(-1/5) robust deviations.
// Source: Silverman 1986, "Density estimation for statistics and data analysis", section 3.4 (the bandwidth).
#include <array>
#include <cmath>

#include "experts/table/grid_density.h"
#include "experts/table/summary.h"
#include "experts/table/task.h"

namespace oddshot::table {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"density/mean", "density/largest", "density/three"};
constexpr float kReach = 10;
constexpr float kSpread = 0.5F / kReach;

class Density final : public Family {
 public:
  explicit Density(const Task& task) : task_(task) {
    const float bandwidth = 0.9F * std::pow(static_cast<float>(task.n), -0.2F);
    std::vector<float> values(task.n);
    for (std::size_t j = 0; j < task.d; ++j) {
      for (std::size_t i = 0; i < task.n; ++i) values[i] = task.normal_rows[kSoft](i, j);
      columns_.emplace_back(values, kReach, bandwidth);
    }
  }
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    for (std::size_t b = 0; b < block.rows; ++b) {
      const bool own = block.normal_of(b) != kNobody;
      const auto m = static_cast<float>(task_.n - (own ? 1 : 0));
      Largest3 surprise;
      for (std::size_t j = 0; j < task_.d; ++j) {
        surprise.add(-std::log((m * columns_[j].at(block.planes.a(b, j), own) + kSpread) / (m + 1)));
      }
      float* to = out.row(b).data() + first;
      to[0] = surprise.mean();
      to[1] = surprise.largest();
      to[2] = surprise.mean_of_three();
    }
  }

 private:
  const Task& task_;
  std::vector<GridDensity> columns_;  // [d]
};

}  // namespace

const FamilyEntry kDensity{kNames, [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<Density>(task); }};

}  // namespace oddshot::table
