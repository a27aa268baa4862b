// Each column given the others, by kernel regression on the row's nearest 32 normals in g:
//   w_i = exp(-(D_i^2 - (q_j - q_ij)^2 / 2 - (z_j - z_ij)^2 / 2) / 2 s^2)     D_i the distance in g, s^2 a quarter of the mean D_i^2:
//         near normals in all columns but j
//   conditional   -log p(q_j | others), p = sum w_i phi_h(q_j - q_ij) / sum w_i, h = 1/2, never below 1/50: mean over the columns, largest
//   residual      |q_j - sum w_i q_ij / sum w_i|: mean over the columns, largest
// Source: Nadaraya 1964, "On estimating regression"; Noto, Brodley, Slonim 2012, "FRaC: a feature-modeling approach for semi-supervised
// and unsupervised anomaly detection" (a row's surprise as that of each column given the others).
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "experts/table/summary.h"
#include "experts/table/task.h"
#include "kernels/kernels.h"
#include "oddshot/base/aligned.h"

namespace oddshot::table {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"conditional/mean", "conditional/largest", "residual/mean", "residual/largest"};
constexpr float kBandwidth = 0.5F;
constexpr float kLeast = 0.02F;
constexpr std::size_t kNeighbours = near_of(kBlend);

class Conditional final : public Family {
 public:
  explicit Conditional(const Task& task) : task_(task) {}
  void score(const Block& block, Matrix& out, std::size_t first) const override {
    Room room(task_.d);
    for (std::size_t b = 0; b < block.rows; ++b) score_row(block, b, room, out.row(b).data() + first);
  }

 private:
  // Of one row: the neighbours down, the columns across, so that all columns are worked on at once.
  struct Room {
    explicit Room(std::size_t columns)
        : weight(kNeighbours * columns), density(kNeighbours * columns), log_weight(columns), log_density(columns), expected(columns) {}
    AlignedVector<float> weight;                   // [kNeighbours x d] log w_i, then w_i over their sum
    AlignedVector<float> density;                  // [kNeighbours x d] log (w_i phi_h) but for phi_h's constant
    AlignedVector<float> log_weight, log_density;  // [d] of the means over the neighbours
    AlignedVector<float> expected;                 // [d] sum w_i q_ij / sum w_i
  };

  void score_row(const Block& block, std::size_t b, Room& room, float* to) const {
    const std::size_t d = task_.d;
    const std::size_t found = std::min(kNeighbours, task_.normals_for(block, b));
    const auto distance = block.near[kBlend].distance.row(b).first(found);
    const auto index = block.near[kBlend].index.row(b).first(found);
    if (found == 0) {
      std::fill_n(to, kNames.size(), std::numeric_limits<float>::quiet_NaN());
      return;
    }
    float squares = 0;
    for (const float one : distance) squares += one * one / static_cast<float>(found);
    const float per_two_s = 2 / std::max(squares, 1e-6F);
    const float* q = block.planes.q.row(b).data();
    const float* z = block.planes.z.row(b).data();
    for (std::size_t i = 0; i < found; ++i) {
      const float* near_q = task_.normal_rows[kGaussian].row(index[i]).data();
      const float* near_z = task_.normal_rows[kStandard].row(index[i]).data();
      const float squared = distance[i] * distance[i];
      // Planes of their own each, which the compiler cannot know: said here, it makes vectors of the loop.
      float* __restrict weight = room.weight.data() + i * d;
      float* __restrict density = room.density.data() + i * d;
      for (std::size_t j = 0; j < d; ++j) {
        const float gap_q = (q[j] - near_q[j]) * (q[j] - near_q[j]);
        const float gap_z = (z[j] - near_z[j]) * (z[j] - near_z[j]);
        weight[j] = (0.5F * (gap_q + gap_z) - squared) * per_two_s;
        density[j] = weight[j] - gap_q * (0.5F / (kBandwidth * kBandwidth));
      }
    }
    const auto& kernels = kernels::table<float>();
    kernels.softmax(found, d, d, room.weight.data(), room.log_weight.data());
    kernels.softmax(found, d, d, room.density.data(), room.log_density.data());
    std::ranges::fill(room.expected, 0.0F);
    for (std::size_t i = 0; i < found; ++i) {
      const float* near_q = task_.normal_rows[kGaussian].row(index[i]).data();
      const float* weight = room.weight.data() + i * d;
      float* __restrict expected = room.expected.data();
      for (std::size_t j = 0; j < d; ++j) expected[j] += weight[j] * near_q[j];
    }
    Largest3 surprise;
    Largest3 residual;
    for (std::size_t j = 0; j < d; ++j) {
      constexpr float kPeak = std::numbers::inv_sqrtpi_v<float> / (std::numbers::sqrt2_v<float> * kBandwidth);
      surprise.add(-std::log(kPeak * std::exp(room.log_density[j] - room.log_weight[j]) + kLeast));
      residual.add(std::fabs(q[j] - room.expected[j]));
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
