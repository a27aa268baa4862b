// Each column given the others, by kernel regression on the row's nearest 32 normals in g:
//   w_i = exp(-(D_i^2 - (q_j - q_ij)^2 / 2 - (z_j - z_ij)^2 / 2) / 2 s^2)     D_i the distance in g, s^2 a quarter of the mean D_i^2:
//         near normals in all columns but j
//   conditional   -log p(q_j | others), p = sum w_i phi_h(q_j - q_ij) / sum w_i, h = 1/2, never below 1/50: mean over the columns, largest
//   residual      |q_j - sum w_i q_ij / sum w_i|: mean over the columns, largest
// Source: Nadaraya 1964, "On estimating regression"; Noto, Brodley, Slonim 2012, "FRaC: a feature-modeling approach for semi-supervised
// and unsupervised anomaly detection" (a row's surprise as that of each column given the others).
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "experts/table/summary.h"
#include "experts/table/task.h"

namespace oddshot::table {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"conditional/mean", "conditional/largest", "residual/mean", "residual/largest"};
constexpr float kBandwidth = 0.5F;
constexpr float kLeast = 0.02F;
constexpr std::size_t kNeighbours = near_of(kBlend);
using Near = Eigen::Array<float, kNeighbours, 1>;  // a value for each neighbour; where there are fewer, the last say nothing

class Conditional final : public Family {
 public:
  explicit Conditional(const Task& task) : task_(task) {}
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    for (std::size_t b = 0; b < block.rows; ++b) score_row(block, b, out.row(b).data() + first);
  }

 private:
  void score_row(const Block& block, std::size_t b, float* to) const {
    const std::size_t found = std::min(kNeighbours, task_.normals_for(block, b));
    const auto distance = block.near[kBlend].distance.row(b).first(found);
    const auto index = block.near[kBlend].index.row(b).first(found);
    float squares = 0;
    for (const float one : distance) squares += one * one / static_cast<float>(found);
    const float per_two_s = 2 / std::max(squares, 1e-6F);
    const Near squared = Eigen::Map<const Near>(distance.data(), kNeighbours).square();
    Largest3 surprise;
    Largest3 residual;
    Near near_q = Near::Zero();
    Near near_z = Near::Zero();
    for (std::size_t j = 0; j < task_.d; ++j) {
      for (std::size_t i = 0; i < found; ++i) {
        near_q[static_cast<Eigen::Index>(i)] = task_.normal_rows[kGaussian](index[i], j);
        near_z[static_cast<Eigen::Index>(i)] = task_.normal_rows[kStandard](index[i], j);
      }
      const float q = block.planes.q(b, j);
      const auto n = static_cast<Eigen::Index>(found);
      const Near gap_q = q - near_q;
      const Near gap_z = block.planes.z(b, j) - near_z;
      const Near left = squared - 0.5F * (gap_q.square() + gap_z.square());
      const Near weight = ((left.head(n).minCoeff() - left) * per_two_s).exp();
      const Near density = weight * (gap_q.square() * (-0.5F / (kBandwidth * kBandwidth))).exp();
      const float weights = weight.head(n).sum();
      constexpr float kPeak = std::numbers::inv_sqrtpi_v<float> / (std::numbers::sqrt2_v<float> * kBandwidth);
      surprise.add(-std::log(kPeak * density.head(n).sum() / weights + kLeast));
      residual.add(std::fabs(q - (weight * near_q).head(n).sum() / weights));
    }
    to[0] = surprise.mean();
    to[1] = surprise.largest();
    to[2] = residual.mean();
    to[3] = residual.largest();
  }

  const Task& task_;
};

}  // namespace

const FamilyEntry kConditional{kNames, [](const Task& task) -> std::unique_ptr<Family> { return std::make_unique<Conditional>(task); }};

}  // namespace oddshot::table
